from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from retrowalk.cli.traces import read_address
from retrowalk.marker import MARKER_NAME, SessionMarker


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _text(content: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(content)

    return write


STRANGE: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a folder": lambda path: path.mkdir(),
    "a huge file": _text(" " * 100_000),
    "no JSON": _text("{"),
    "deep JSON": _text("[" * 4000),
    "other JSON": _text("[]"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_marker_that_cannot_be_read_is_a_session_left_open(tmp_path: Path, what: str) -> None:
    """The daemon comes up latched, and the failsafe looks for any treadmill; neither waits for anything."""
    path = tmp_path / MARKER_NAME
    STRANGE[what](path)
    assert SessionMarker(tmp_path, lambda _: None).cause() == "unreadable_marker"
    assert read_address(path) is None


def test_no_marker_is_no_session() -> None:
    """A folder that is not there has none."""
    nowhere = SessionMarker(Path("/nowhere"), lambda _: None)
    assert (nowhere.cause(), nowhere.left_treadmill()) == (None, None)


async def test_a_daemon_that_comes_up_latched_keeps_the_address(tmp_path: Path) -> None:
    """It writes the marker anew before it has a link; should it die again, the failsafe still knows where to go."""
    first = SessionMarker(tmp_path, lambda _: None)
    first.store("AA:BB:CC:DD:EE:FF", None)
    first.close()
    second = SessionMarker(tmp_path, lambda _: None)
    second.store("", second.cause())
    second.close()
    assert second.cause() == "restart_in_session"
    assert read_address(second.path) == "AA:BB:CC:DD:EE:FF"


@pytest.mark.parametrize(
    ("content", "address"),
    [
        ('{"address": "aa:bb:cc:dd:ee:ff", "latch": null}', "AA:BB:CC:DD:EE:FF"),
        ('{"address": "", "latch": null}', None),
        ('{"address": "the treadmill", "latch": null}', None),
        ('{"address": 7, "latch": null}', None),
        ("{", None),
    ],
)
def test_who_was_left_running_is_an_address_or_nobody(tmp_path: Path, content: str, address: str | None) -> None:
    """A daemon that looked for what cannot be would stop no belt at all."""
    (tmp_path / MARKER_NAME).write_text(content)
    assert SessionMarker(tmp_path, lambda _: None).left_treadmill() == address


async def test_a_marker_tells_the_address_and_the_latch(tmp_path: Path) -> None:
    """What the daemon wrote, the next daemon and the failsafe read."""
    marker = SessionMarker(tmp_path, lambda _: None)
    marker.store("AA:BB:CC:DD:EE:FF", None)
    marker.close()
    assert marker.cause() == "restart_in_session"
    assert read_address(marker.path) == "AA:BB:CC:DD:EE:FF"

"""`retrowalk stop`: which treadmills it means, and that nothing that it cannot read keeps it from stopping."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from retrowalk.cli import stop
from retrowalk.marker import MARKER_NAME
from retrowalk.treadmill.failsafe import Verdict
from support.imports import imported
from treadmill.left_belt import forgotten_belt, running_belt

NOBODY = 65534
FULL = Path("/dev/full")


async def command(*arguments: str | Path, said_to: IO[str] | int = asyncio.subprocess.STDOUT) -> tuple[int, str]:
    """Run `retrowalk stop` as a process of its own; return its exit status and words."""
    code = "from retrowalk.cli import main; raise SystemExit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "stop", *arguments, stdout=asyncio.subprocess.PIPE, stderr=said_to
    )
    words, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, words.decode()


async def test_without_a_marker_the_configured_machine_is_looked_for(tmp_path: Path) -> None:
    """The configuration tells which one."""
    config, nowhere = tmp_path / "hall.toml", tmp_path / "nowhere"
    async with forgotten_belt() as (treadmill, _):
        config.write_text(f'[treadmill]\naddress = "{treadmill.advertisement.address}"\n')
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("RETROWALK_CONFIG", str(config))
            status, words = await command("--marker", nowhere)
        assert (status, words.splitlines()[-1]) == (0, "the belt stands, verified")
        assert treadmill.speed_kmh == 0


async def test_the_failsafe_acts_only_while_a_session_is_open(tmp_path: Path) -> None:
    """Without a marker nothing is touched; with one, its treadmill is stopped."""
    marker = tmp_path / MARKER_NAME
    async with running_belt() as (treadmill, _):
        assert await command("--failsafe", "--marker", marker) == (0, "no session was left open: nothing to stop\n")
        assert not treadmill.witness.of("written")
        marker.write_text(json.dumps({"address": treadmill.advertisement.address, "latch": None}))
        assert await command("--failsafe", "--marker", marker) == (0, "the belt stands, verified\n")
        assert treadmill.speed_kmh == 0
        assert marker.exists()


async def test_a_session_that_was_left_open_elsewhere_is_found(tmp_path: Path) -> None:
    """The configuration has a place of its own for the state; systemd tells another."""
    config, elsewhere = tmp_path / "hall.toml", tmp_path / "elsewhere"
    elsewhere.mkdir()
    config.write_text('[daemon]\nstate_dir = "elsewhere"\n')
    async with running_belt() as (treadmill, _):
        (elsewhere / MARKER_NAME).write_text(json.dumps({"address": treadmill.advertisement.address, "latch": None}))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("RETROWALK_CONFIG", str(config))
            environment.setenv("STATE_DIRECTORY", str(tmp_path))
            assert (await command("--failsafe"))[0] == 0
        assert treadmill.speed_kmh == 0


@pytest.mark.parametrize("content", ["[treadmill]", "treadmill = 1", "[treadmill]\naddress = 7", "no TOML", None])
def test_a_configuration_that_cannot_be_read_is_no_reason_not_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: list[Stopped], content: str | None
) -> None:
    """Nor one that tells no address."""
    config = tmp_path / "hall.toml"
    if content is not None:
        config.write_text(content)
    monkeypatch.setenv("RETROWALK_CONFIG", str(config))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert stop.main([]) == Verdict.VERIFIED
    assert stopped == [((), True)]


type Stopped = tuple[tuple[str, ...], bool]
"""Which addresses were to be stopped, and whether all that is connected, too."""


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[Stopped]:
    """What the command would have stopped."""
    asked: list[Stopped] = []

    def stopping(addresses: set[str], connected: bool, _: object) -> int:
        asked.append((tuple(sorted(addresses)), connected))
        return Verdict.VERIFIED

    monkeypatch.setattr(stop, "_stop", stopping)
    return asked


ONE, OTHER, CONFIGURED = "00:00:00:00:00:01", "00:00:00:00:00:02", "00:00:00:00:00:03"


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        ([ONE], ((ONE,), False)),
        ([ONE, OTHER], ((ONE, OTHER), False)),
        ([ONE, None], ((ONE, CONFIGURED), True)),
        ([None], ((CONFIGURED,), True)),
        ([], ((CONFIGURED,), True)),
    ],
    ids=["one", "two", "one damaged", "damaged", "none"],
)
def test_every_treadmill_that_may_have_been_left_is_stopped(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped: list[Stopped],
    markers: list[str | None],
    expected: Stopped,
) -> None:
    """Those of all markers; where one tells nothing, the configured one and whatever is connected."""
    config = tmp_path / "hall.toml"
    config.write_text(f'[treadmill]\naddress = "{CONFIGURED}"\n[daemon]\nstate_dir = "other"\n')
    monkeypatch.setenv("RETROWALK_CONFIG", str(config))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "usual"))
    for name, address in zip(("usual", "other"), markers, strict=False):
        folder = tmp_path / name
        folder.mkdir()
        (folder / MARKER_NAME).write_text(json.dumps({"address": address, "latch": None}))
    stop.main([])
    assert stopped == [expected]


def test_an_address_that_can_be_none_is_told_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], stopped: list[Stopped]
) -> None:
    """Nobody could find it in the air; the configured one and whatever is connected are stopped at once."""
    config = tmp_path / "hall.toml"
    config.write_text(f'[treadmill]\naddress = "{CONFIGURED}"\n')
    monkeypatch.setenv("RETROWALK_CONFIG", str(config))
    for address in (ONE, "AA-BB-CC-DD-EE-FF"):
        stop.main(["--address", address])
    assert stopped == [((ONE,), False), ((CONFIGURED,), True)]
    assert "'AA-BB-CC-DD-EE-FF' is no Bluetooth address" in capfd.readouterr().err


@pytest.mark.parametrize("wrong", [["now"], ["--adress", ONE], ["--address"], ["--name"]])
def test_who_mistypes_wants_the_belt_to_stop_all_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stopped: list[Stopped],
    wrong: list[str],
) -> None:
    """What is not understood is told and left out; only help is help. The failsafe stays one."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("RETROWALK_CONFIG", str(tmp_path / "absent"))
    assert stop.main(wrong) == Verdict.VERIFIED
    assert len(stopped) == 1
    assert "stopping all the same, without what is not understood" in capfd.readouterr().err
    assert stop.main(["--failsafe", *wrong]) == 0
    assert len(stopped) == 1


async def test_a_log_that_takes_no_more_ends_no_stop(tmp_path: Path) -> None:
    """Its disk is full: the belt is stopped without words."""
    async with running_belt() as (treadmill, _):
        with FULL.open("w") as full:  # noqa: ASYNC230 - a device
            assert (await command("--marker", tmp_path / "absent", said_to=full))[0] == 0
        assert treadmill.speed_kmh == 0


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user who may look into nothing that is not everybody's; whoever is not root is one already."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("only", [[], ["--failsafe"]], ids=["anytime", "failsafe"])
def test_who_may_not_look_for_the_marker_may_stop_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: list[Stopped], only: list[str]
) -> None:
    """The state folder is the daemon's own, 0750, and so may be the configuration: the Stop is tried without them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv("STATE_DIRECTORY", str(closed))
    monkeypatch.setenv("RETROWALK_CONFIG", str(closed / "hall.toml"))
    with somebody_else():
        assert stop.main(only) == Verdict.VERIFIED
    assert stopped == [((), True)]


async def test_with_nothing_to_stop_there_is_nothing_to_import() -> None:
    """Every end of a daemon waits for it."""
    assert not {"asyncio", "dbus_fast"} & await imported(stop.__name__)

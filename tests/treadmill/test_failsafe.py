"""The Stop of last resort, over a fake org.bluez: what a fresh process can do for a belt that runs on."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from retrowalk.bluetooth import Bluetooth
from retrowalk.cli import stop
from retrowalk.cli.stop import marker_paths, read_address
from retrowalk.marker import MARKER_NAME
from retrowalk.treadmill.failsafe import Verdict, stop_belts
from retrowalk_sim.bluez import Bluez
from retrowalk_sim.profiles import Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.bench import running, up


@asynccontextmanager
async def running_belt(profile: Profile | str = "citysports") -> AsyncIterator[tuple[Treadmill, Bluez]]:
    """A belt that runs at 2 km/h with somebody's link to it, whose owner does nothing any more."""
    treadmill = Treadmill(profile)
    async with air(treadmill) as bluez, running(treadmill, Bluetooth()) as owner:
        await up(owner)
        treadmill.move_by_hand(2.0)
        yield treadmill, bluez


async def test_a_running_belt_is_stopped_over_the_link_of_somebody_else() -> None:
    """Verified by two frames at zero, and the link is left alone."""
    said: list[str] = []
    async with running_belt() as (treadmill, bluez):
        assert await stop_belts(None, said.append) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert bluez.connected(treadmill.advertisement.address)
    assert said == ["the belt stands, verified"]


async def test_a_machine_that_enforces_everything_is_stopped() -> None:
    """Subscription first, then control, then Stop; a Stop that is refused meanwhile is written again."""
    strict = replace(profiles()["enforces-cccd"], run_down_kmh_per_s=3.0)
    async with running_belt(strict) as (treadmill, _):
        assert await stop_belts(None, lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_machine_that_is_only_known_is_connected_and_let_go_again() -> None:
    """When the link is down, it is made; what was made here is ended here, once the belt stands."""
    treadmill = Treadmill("citysports")
    async with air(treadmill) as bluez:
        async with running(treadmill, Bluetooth()) as owner:
            await up(owner)
        treadmill.move_by_hand(2.0)
        address = treadmill.advertisement.address
        assert not bluez.connected(address)
        assert await stop_belts(address.lower(), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert not bluez.connected(address)


async def test_a_stop_that_has_no_effect_is_told_loudly() -> None:
    """Exit status 5, and the one thing that a person can do."""
    said: list[str] = []
    async with running_belt("ignores-stop") as (treadmill, bluez):
        assert await stop_belts(None, said.append, patience_s=1.2) is Verdict.NOT_CONFIRMED
        assert [event.detail for event in treadmill.witness.of("written")].count("0801") >= 2
        assert bluez.connected(treadmill.advertisement.address)
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_a_stalled_link_is_not_confirmed() -> None:
    """Writes that never complete end the same way, after the patience."""
    async with running_belt() as (treadmill, bluez):
        bluez.hold_writes(treadmill.advertisement.address)
        assert await stop_belts(None, lambda _: None, patience_s=0.7) is Verdict.NOT_CONFIRMED


@pytest.mark.parametrize("address", [None, "00:00:00:00:00:01"])
async def test_no_machine_is_told(address: str | None) -> None:
    """Exit status 3 when nothing is connected or known."""
    said: list[str] = []
    async with air(Treadmill()):
        assert await stop_belts(address, said.append) is Verdict.NO_MACHINE
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_no_bluetooth_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a bus there is a sentence and exit status 3, not a traceback."""
    said: list[str] = []
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert await stop_belts(None, said.append) is Verdict.NO_MACHINE
    assert "Bluetooth cannot be reached" in said[-1]


async def command(*arguments: str | Path) -> tuple[int, str]:
    """Run `retrowalk stop` as a process of its own; return its exit status and words."""
    code = "from retrowalk.cli import main; raise SystemExit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "stop", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    words, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, words.decode()


async def test_the_failsafe_acts_only_while_a_session_is_open(tmp_path: Path) -> None:
    """Without a marker nothing is touched; with one, its treadmill is stopped."""
    marker = tmp_path / MARKER_NAME
    async with running_belt() as (treadmill, _):
        assert await command("--failsafe", "--marker", marker) == (0, "no session was left open: nothing to stop\n")
        assert treadmill.speed_kmh > 0
        marker.write_text(json.dumps({"address": treadmill.advertisement.address, "latch": None}))
        assert await command("--failsafe", "--marker", marker) == (0, "the belt stands, verified\n")
        assert treadmill.speed_kmh == 0
        assert marker.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"address": ""}', '{"address": 7}'])
def test_an_unreadable_marker_means_any_treadmill(tmp_path: Path, content: str) -> None:
    """A marker that cannot be read is still a marker."""
    (tmp_path / MARKER_NAME).write_text(content)
    assert read_address(tmp_path / MARKER_NAME) is None


@pytest.mark.parametrize(
    ("environ", "folders"),
    [
        ({}, ["/var/lib/retrowalk/hall", "/run/retrowalk/hall"]),
        ({"STATE_DIRECTORY": "/somewhere"}, ["/somewhere"]),
        ({"RETROWALK_RUNTIME_DIR": "/r", "STATE_DIRECTORY": "/s"}, ["/r", "/s"]),
    ],
)
def test_where_the_marker_is_looked_for(environ: dict[str, str], folders: list[str]) -> None:
    """Where systemd or a person says, else in the daemon's usual places."""
    assert marker_paths("hall", environ) == [Path(folder) / MARKER_NAME for folder in folders]


async def test_nothing_heavy_is_imported() -> None:
    """Each tenth of a second counts when nobody watches the belt."""
    code = f"import sys, {stop.__name__}; print(*sorted(m for m in sys.modules if '.' not in m))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    names, _ = await process.communicate()
    assert not {"bleak", "pydantic", "structlog", "pyftms", "aiomqtt", "typer"} & set(names.decode().split())

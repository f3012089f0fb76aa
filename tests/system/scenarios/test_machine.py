"""What the machine does, and who else drives it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from pathlib import Path

import pytest

from integration.home import home_at
from retrowalk_sim.gatt import AttError
from system.room import CONFIG, MARKER, PORT, START, UNIT, Room, assert_within, systemctl

STOPPED_S = {signal.SIGKILL: 3.0, signal.SIGSTOP: 5.0}  # the watchdog takes 2
HEART_S = 6.0  # three seconds over the limit, and a strap that reports once a second


async def test_key_pulled(room: Room) -> None:
    """The machine's safety key: it cuts its own power, the daemon latches and adds its Stop."""
    await room.run()
    since, since_s = len(room.home.events), room.now_s
    room.simulator.do("pull_key")
    await room.stopped(since_s)
    await room.home.event("trip", since)
    assert (await room.home.state(phase="tripped"))["latched"]


async def test_heart_rate(room: Room) -> None:
    """Over the hard limit for three seconds: Stop, latched."""
    await room.run()
    since, since_s = len(room.home.events), room.now_s
    room.simulator.do("heart_fault", name="artefact_bpm", value=90)
    stop_s, _ = await room.stopped(since_s)
    assert_within(stop_s, HEART_S, room.slow, stretched=False)
    assert (await room.home.event("trip", since))["cause"] == "heart_rate_hard"


async def test_second_central(room: Room) -> None:
    """Another app takes control and makes the belt faster: Stop, latched, and nothing else is written."""
    await room.run()
    since, since_s, written = len(room.home.events), room.now_s, len(room.writes)
    room.simulator.do("take_control", kmh=2.0)
    await room.stopped(since_s)
    await room.home.event("trip", since)
    assert set(room.writes[written:]) <= {"00", "0801"}


@pytest.mark.parametrize("number", STOPPED_S)
@pytest.mark.parametrize("room", ["enforces-cccd"], indirect=True)
async def test_dead_where_indications_are_demanded(room: Room, number: signal.Signals) -> None:
    """A machine that refuses a write without indications: the failsafe subscribes first, and is not refused for it."""
    await room.run()
    states = len(room.home.states)
    since_s = await room.kill(number)
    stop_s, _ = await room.stopped(since_s)
    refused = [event["detail"] for event in room.simulator.of("refused", after_s=since_s)]
    assert not [detail for detail in refused if detail.endswith(f"{AttError.CCCD_IMPROPERLY_CONFIGURED:02x}")]
    await room.stopped_by_another(states, since_s + stop_s)
    assert_within(stop_s, STOPPED_S[number], room.slow, stretched=False)


async def test_moving_at_boot(room: Room) -> None:
    """A marker, and the belt moves: it is stopped, never adopted."""
    states = len(room.home.states)
    await systemctl("stop", UNIT)
    _left_open(room.address)
    room.simulator.do("move_by_hand", kmh=2.0)
    await room.simulator.until("belt_started")
    since_s = room.now_s
    starting = asyncio.create_task(systemctl("start", UNIT))
    await room.stopped(since_s)
    await starting
    await room.latched_after_restart(states)
    assert START not in room.writes


async def test_two_daemons(room: Room) -> None:
    """A second daemon, of another name, is armed for the same treadmill: it gets no link, and the first goes on."""
    unit = _second()
    await systemctl("start", unit)
    try:
        async with home_at(PORT, "retrowalk/second") as other:
            await other.status("online")
            await room.run()
            since_s, written = room.now_s, len(room.writes)
            await other.taken("select_program", "demo")
            await other.press()
            arming = asyncio.create_task(other.command("arm"))  # it is answered once there is a link, or none in time
            refusal = await other.event("warning", what="link_down")
            arming.cancel()
            await asyncio.gather(arming, return_exceptions=True)
        assert "drives" in refusal["words"]
        assert not room.simulator.of("belt_standing", after_s=since_s)
        assert not room.simulator.of("link_down", after_s=since_s)
        assert START not in room.writes[written:]
        assert (await room.home.state(len(room.home.states)))["link_up"]
    finally:
        await systemctl("stop", unit)


def _left_open(address: str) -> None:
    MARKER.write_text(json.dumps({"address": address, "latch": None}))
    shutil.chown(MARKER, "retrowalk", "retrowalk")


def _second() -> str:
    text = CONFIG.read_text().replace('name = "treadmill"', 'name = "second"')
    Path("/etc/retrowalk/second.toml").write_text(text)
    return "retrowalk@second.service"

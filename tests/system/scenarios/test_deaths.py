"""The daemon dies, hangs or is told to end in mid-session: the belt is stopped, and a new daemon knows."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise

import pytest

from system.room import MARKER, START, UNIT, Room, systemctl, until_shown

REPEAT = int(os.environ.get("REPEAT", "1"))
AFTER_DEATH_S = 3.0
WATCHDOG_S = 2.0
again = pytest.mark.parametrize("time", range(REPEAT))


@again
async def test_killed(room: Room, time: int) -> None:
    """SIGKILL to the main process: ExecStopPost writes Stop over the link that is left; the next daemon is latched."""
    await room.run()
    states, written = len(room.home.states), len(room.writes)
    since_s = await room.kill(signal.SIGKILL)
    stop_s, _ = await room.stopped(since_s)
    assert stop_s < AFTER_DEATH_S * room.slow
    await room.latched_after_restart(states)
    assert START not in room.writes[written:]


@again
async def test_frozen(room: Room, time: int) -> None:
    """SIGSTOP: the watchdog kills within its 2 s, and then it is as above."""
    await room.run()
    states = len(room.home.states)
    since_s = await room.kill(signal.SIGSTOP)
    stop_s, _ = await room.stopped(since_s)
    assert stop_s < WATCHDOG_S + AFTER_DEATH_S * room.slow
    await room.latched_after_restart(states)


async def test_told_to_end(room: Room) -> None:
    """`systemctl stop`: Stop, standstill, and only then the link goes; no marker stays; the unit did not fail."""
    await room.run()
    since_s = room.now_s
    stopping = asyncio.create_task(systemctl("stop", UNIT))
    stop_s, stands_s = await room.stopped(since_s)
    down_s = float((await room.simulator.until("link_down", after_s=since_s))["at_s"]) - since_s
    await stopping
    assert all(earlier < later for earlier, later in pairwise((0, stop_s, stands_s, down_s)))
    await until_shown(UNIT, "Result", "success")
    assert not MARKER.exists()

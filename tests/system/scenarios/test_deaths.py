"""The daemon dies, hangs or is told to end in mid-session: the belt is stopped, and a new daemon knows."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from system.room import (
    MARKER,
    PATIENCE_S,
    STANDBY,
    START,
    UNIT,
    Room,
    assert_within,
    moment,
    note,
    run,
    shown,
    slowness,
    systemctl,
    told_by,
)

REPEAT = int(os.environ.get("REPEAT", "1"))
AFTER_DEATH_S = 3.0  # with a standby, whatever the host does
FAILSAFE_ALONE_S = 5.0
WATCHDOG_S = 2.0
LONGEST_S = 240


@pytest.mark.timeout(LONGEST_S * REPEAT)
async def test_killed(room: Room) -> None:
    """SIGKILL to the main process: Stop is written over the link that is left; the next daemon is latched."""
    await _ended_repeatedly(room, signal.SIGKILL)


@pytest.mark.timeout(LONGEST_S * REPEAT)
async def test_frozen(room: Room) -> None:
    """SIGSTOP: the watchdog kills within its 2 s, and then it is as above."""
    await _ended_repeatedly(room, signal.SIGSTOP, dies_s=WATCHDOG_S)


async def _ended_repeatedly(room: Room, number: signal.Signals, dies_s: float = 0.0) -> None:
    """Each time a Stop must come, and in time. All are made before they are judged: the table shows every one."""
    after_death_s = [await _ended_by(room, number) - dies_s for _ in range(REPEAT)]
    assert_within(max(after_death_s), AFTER_DEATH_S, room.slow, stretched=False)


async def _ended_by(room: Room, number: signal.Signals) -> float:
    """Run, end the daemon, see the standby stop the belt, and the next daemon latched; reset. Return when Stop came."""
    room.slow = max(room.slow, await slowness())
    await room.run()
    await room.measure_a_bare_write()
    standby = await room.daemon(STANDBY)
    states, written, told = len(room.home.states), len(room.writes), len(await told_by(standby))
    since_s = await room.kill(number)
    stop_s, _ = await room.stopped(since_s)
    await room.stopped_by_another(states, since_s + stop_s)
    _stopped_it((await told_by(standby))[told:])
    assert START not in room.writes[written:]
    await room.reset()
    return stop_s


def _stopped_it(told: list[str]) -> None:
    """See from what a standby told that it noticed, and stopped the belt."""
    assert {"the daemon is gone", "the belt stands, verified"} <= set(told), told
    assert not [line for line in told if "COULD NOT" in line], told


async def test_standby_killed_too(room: Room) -> None:
    """SIGKILL to both: ExecStopPost alone stops the belt; both come back, the standby first."""
    await room.run()
    states, standby, daemon = len(room.home.states), await room.daemon(STANDBY), await room.daemon()
    note(room.name, standby_mb=_resident_mb(standby))
    since_s = room.now_s
    for process in (standby, daemon):
        os.kill(process, signal.SIGKILL)
    stop_s, _ = await room.stopped(since_s)
    await room.stopped_by_another(states, since_s + stop_s)
    assert await room.daemon(STANDBY) not in (0, standby)
    assert await moment(STANDBY, "ActiveEnter") <= await moment(UNIT, "ExecMainStart")
    assert_within(stop_s, FAILSAFE_ALONE_S, room.slow)
    await room.reset()


def _resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def test_out_of_memory(room: Room) -> None:
    """The kernel's OOM killer takes the daemon, made its first choice for once."""
    await room.run()
    states = len(room.home.states)
    process, since_s = await room.daemon(), room.now_s
    _run_out_of_memory(process)
    stop_s, _ = await room.stopped(since_s)
    await room.stopped_by_another(states, since_s + stop_s)
    assert_within(stop_s, AFTER_DEATH_S, room.slow, stretched=False)


def _run_out_of_memory(process: int) -> None:
    Path(f"/proc/{process}/oom_score_adj").write_text("1000")
    Path("/proc/sysrq-trigger").write_text("f")


async def test_broker_killed(room: Room) -> None:
    """Nobody can say stop any more: an announced end, a verified standstill, nothing latched, hands off."""
    await room.run()
    since_s = room.now_s
    await systemctl("kill", "--signal=KILL", "mosquitto")
    await systemctl("stop", "mosquitto")  # else it is back in a moment
    await room.stopped(since_s)
    await room.simulator.until("link_down", after_s=since_s)
    async with asyncio.timeout(PATIENCE_S):
        while MARKER.exists():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)


async def test_told_to_end(room: Room) -> None:
    """`systemctl stop`: Stop, standstill, and only then the link goes; no marker stays; the unit did not fail.

    The standby ends after it, and did nothing.
    """
    await room.run()
    since_s, standby = room.now_s, await room.daemon(STANDBY)
    stopping = asyncio.create_task(systemctl("stop", UNIT))
    stop_s, stands_s = await room.stopped(since_s)
    down_s = float((await room.simulator.until("link_down", after_s=since_s))["at_s"]) - since_s
    await stopping
    assert all(earlier < later for earlier, later in pairwise((0, stop_s, stands_s, down_s)))
    assert [await shown(unit, "Result") for unit in (UNIT, STANDBY)] == ["success", "success"]
    assert await _last_ended() == [UNIT, STANDBY]
    assert (await told_by(standby))[-1] == "no session was left open: nothing to stop"
    assert not MARKER.exists()


async def _last_ended() -> list[str]:
    """Return the last two units that systemd said it has stopped: one that has ended tells nothing itself."""
    await run("journalctl", "--sync")
    told = (await run("journalctl", "--no-pager", "-o", "cat", "_PID=1")).splitlines()
    return [line.split()[1] for line in told if line.startswith("Stopped retrowalk")][-2:]

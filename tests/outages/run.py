"""One outage at one moment of a session, and what the machine's witness saw of it."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from outages.room import START, STOP, Room, StuckError, now_s

AFTER_DEATH_S: Final = 3.0
AFTER_RETURN_S: Final = 3.0
PHASES: Final[Mapping[str, tuple[int, float]]] = {  # how often in twelve, and how long after it begins at the latest
    "board": (1, 1.5),
    "starting": (2, 1.5),
    "step_on": (3, 3.0),
    "walk": (4, 6.0),
    "slowing": (1, 0.5),
    "paused": (1, 1.5),
}
LONGEST_DOWN_S: Final = 2.0
RUN_DOWN_S: Final = 12.0
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Cause:
    """What happens, and how long after it, by its own nature, nobody can write a Stop."""

    strike: Callable[[Room, random.Random], float]
    ends_daemon: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one outage. Seconds count from the cause; None = it did not happen.

    `moved`, `stopped`, `marked`: at the cause the belt moved, its Stop was written already, there was a marker.
    """

    cause: str
    phase: str
    moved: bool
    stopped: bool
    marked: bool
    allowed_s: float
    stop_s: float | None
    stands_s: float | None
    miss: str = ""


def _kill(room: Room, _: random.Random) -> float:
    room.service.daemon.kill()
    return AFTER_DEATH_S


def _freeze(room: Room, _: random.Random) -> float:
    room.service.daemon.send_signal(signal.SIGSTOP)
    return room.unit.watchdog_s + AFTER_DEATH_S


def _restart(what: str) -> Callable[[Room, random.Random], float]:
    def strike(room: Room, dice: random.Random) -> float:
        down_s = round(dice.uniform(0.1, LONGEST_DOWN_S), 2)
        room.simulator.do(what, down_s=down_s)
        return down_s + AFTER_RETURN_S

    return strike


CAUSES: Final[Mapping[str, Cause]] = {
    "killed": Cause(_kill, ends_daemon=True),
    "hung": Cause(_freeze, ends_daemon=True),
    "bluetoothd": Cause(_restart("restart_bluetoothd"), ends_daemon=False),
    "bus": Cause(_restart("restart_bus"), ends_daemon=False),
}


async def outage(room: Room, cause: str, dice: random.Random) -> Verdict:
    """Bring a session to a moment that is drawn, strike, wait for the end of it, and judge. Raises StuckError."""
    (phase,) = dice.choices([*PHASES], [often for often, _ in PHASES.values()])
    await room.come_to(phase)
    await asyncio.sleep(dice.uniform(0, PHASES[phase][1]))
    moved, stopped, marked, struck_s = room.stands_since_s is None, room.stopped, room.marked, now_s()
    allowed_s = CAUSES[cause].strike(room, dice)
    if CAUSES[cause].ends_daemon:
        status = await room.service.over()
    else:
        status = await _settled(room, struck_s, allowed_s)
    await _until(lambda: room.stands_since_s is not None, RUN_DOWN_S)
    return _judged(Verdict(cause, phase, moved, stopped, marked, allowed_s, None, None), room, struck_s, status)


async def _settled(room: Room, struck_s: float, allowed_s: float) -> int:
    """Wait until bluetoothd is back and, where the belt may move, a Stop was written; the daemon has lived on."""
    await _until(lambda: bool(room.simulator.of("bluetoothd_back", after_s=struck_s)), allowed_s)
    if room.stands_since_s is None and not room.stopped:
        await _until(lambda: any(frame == STOP for _, frame in room.writes(struck_s)), 2 * allowed_s)
    return 0 if room.service.alive else 1


async def _until(condition: Callable[[], bool], within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - there is more than one thing to wait for
                await asyncio.sleep(_LOOK_S)


def _judged(bare: Verdict, room: Room, struck_s: float, status: int) -> Verdict:
    written = [at_s - struck_s for at_s, frame in room.writes(struck_s) if frame == STOP]
    stop_s = written[0] if written else None
    since_s = room.stands_since_s
    stands_s = None if since_s is None else max(0.0, since_s - struck_s)
    needed = (bare.moved and not bare.stopped) or (bare.marked and CAUSES[bare.cause].ends_daemon)
    started = [at_s for at_s, frame in room.writes(struck_s + 0.1) if frame == START]
    misses = {
        "the belt moves": stands_s is None,
        "START was written": bool(started),
        f"what followed ended with {status}": status != 0,
        "no Stop was written": needed and stop_s is None,
        f"Stop came after more than {bare.allowed_s:g} s": needed and stop_s is not None and stop_s > bare.allowed_s,
    }
    miss = "; ".join(words for words, missed in misses.items() if missed)
    return replace(bare, stop_s=stop_s, stands_s=stands_s, miss=miss)


async def series(room: Room, cause: str, dice: random.Random, attempts: int = 3) -> Verdict:
    """One outage and the way back; a session that did not come to its moment is begun again, and no verdict."""
    for _ in range(attempts - 1):
        with suppress(StuckError):
            return await _and_back(room, cause, dice)
        await room.come_back()
    return await _and_back(room, cause, dice)


async def _and_back(room: Room, cause: str, dice: random.Random) -> Verdict:
    verdict = await outage(room, cause, dice)
    await room.come_back()
    return verdict

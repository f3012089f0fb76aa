"""What every story of a lying machine shares: its plan, its onlooker, and the ways in which it may end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from retrowalk.model.plan import Plan
from retrowalk.model.reports import (
    Ending,
    Phase,
    PhaseChanged,
    PromptClosed,
    Reply,
    StopStep,
    Tripped,
    WorkoutEnded,
)
from retrowalk.model.requests import Verb
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.witness import Witness
from support.house import House
from support.ideal_belt import backward, plan

TWO_BOUTS: Final = plan(backward((0.5, 20), (1.2, 60)), backward((0.5, 20)))
ONE_BOUT: Final = plan(backward((0.5, 20), (1.2, 60)))
_AFTERWARDS_S: Final = 30

type Play = Callable[[House], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Story:
    """One machine that shows one behaviour, what is done to it, and what the daemon makes of it.

    `daemon` and `usable` are words for docs/machines.md; `play` shows them to be true.
    """

    behaviour: int
    machine: str
    usable: str
    daemon: str
    play: Play
    knows: TreadmillSettings | None
    contact_bit: bool


STORIES: Final[list[Story]] = []


def story(
    behaviour: int,
    machine: str,
    *,
    usable: str,
    daemon: str,
    knows: TreadmillSettings | None = None,
    contact_bit: bool = True,
) -> Callable[[Play], Play]:
    """Add a story to `STORIES`. `knows`: what commissioning found out about the machine."""

    def add(play: Play) -> Play:
        STORIES.append(Story(behaviour, machine, usable, daemon, play, knows, contact_bit))
        return play

    return add


@dataclass
class Onlooker:
    """Sees every write as the treadmill gets it, and complains of what must not be, whatever the machine."""

    house: House
    plan: Plan = TWO_BOUTS
    complaints: list[str] = field(default_factory=list)
    starts: int = 0
    _stopped: bool = True

    def __post_init__(self) -> None:
        """Begin to look."""
        self.house.treadmill.witness.on_event = self._see

    def _see(self, event: Witness) -> None:
        if event.what != "written":
            return
        if self.house.disk.content is None and not self.house.daemon.state().latched:
            self.complaints.append(f"{event.detail} was written outside a session")
        judge = {"07": self._start, "08": self._stop, "02": self._speed, "03": self._moves, "00": self._asks}
        judge.get(event.detail[:2], self._stranger)(event.detail)

    def _start(self, _: str) -> None:
        self.starts += 1
        self._stopped = False
        if self.starts > len(confirmed(self.house)):
            self.complaints.append("a START without a confirmation of its own")

    def _stop(self, request: str) -> None:
        self._stopped = True
        if request != "0801":
            self.complaints.append(f"{request} is no Stop")

    def _speed(self, request: str) -> None:
        self._moves(request)
        speed_centi_kmh = int.from_bytes(bytes.fromhex(request)[1:], "little")
        allowed = max(self.plan.limits.backward.speed.centi_kmh, self._slowest)
        if speed_centi_kmh > allowed:
            self.complaints.append(f"a set-point of {speed_centi_kmh / 100} km/h; {allowed / 100} is allowed")

    @property
    def _slowest(self) -> int:
        return round(self.house.treadmill.profile.speed_kmh.lowest * 100)

    def _moves(self, request: str) -> None:
        if self._stopped:
            self.complaints.append(f"{request} was written after a Stop")

    def _asks(self, request: str) -> None:
        """Take a request for control, which moves nothing."""

    def _stranger(self, request: str) -> None:
        self.complaints.append(f"{request} is nothing that the daemon writes")

    async def judge(self) -> None:
        """Judge the end: the belt stands, and goes on standing."""
        await asyncio.sleep(_AFTERWARDS_S)
        assert self.house.treadmill.speed_kmh == 0
        assert self.complaints == []


def confirmed(house: House) -> list[PromptClosed]:
    """Return the boarding prompts that were answered with OK."""
    closed = house.said(PromptClosed)
    return [prompt for prompt in closed if prompt.answer == "ok" and prompt.prompt_id.startswith("board")]


def written(house: House) -> list[str]:
    """Return all that was written to the control point, in hex."""
    return [event.detail for event in house.treadmill.witness.of("written")]


def alarms(house: House) -> list[StopStep]:
    """Return every rung of a stop that alarmed."""
    return [step for step in house.said(StopStep) if step.alarm]


def armed(house: House, what: Plan = TWO_BOUTS) -> None:
    """Select, be present and arm."""
    house.arm(what)


async def walking(house: House, what: Plan = TWO_BOUTS, after_s: float = 50) -> None:
    """Arm, board, step on, and walk for so long: by then the second stage's speed is reached."""
    armed(house, what)
    await house.reach(Phase.WALK)
    await asyncio.sleep(after_s)


async def ends(house: House, ending: Ending = Ending.COMPLETED) -> None:
    """Wait for the end: as told, without any trip and any alarm, hands off."""
    ended = await house.hear(WorkoutEnded)
    assert ended.ending is ending, house.said(Tripped)
    assert house.said(Tripped) == []
    assert alarms(house) == []
    await asyncio.sleep(1)
    assert house.disk.content is None
    assert not house.treadmill.linked


async def clean(house: House, what: Plan = TWO_BOUTS) -> None:
    """Walk a whole session to its clean end, with one START a bout."""
    armed(house, what)
    await ends(house)
    assert written(house).count("07") == len(what.bouts)


async def pauses(house: House, within_s: float) -> None:
    """Wait for a pause: unlatched, in time, and followed by a clean end after a boarding of its own."""
    async with asyncio.timeout(within_s):
        await house.hear(PhaseChanged, lambda changed: changed.phase is Phase.PAUSED)
    assert house.treadmill.speed_kmh == 0
    await goes_on(house)


async def goes_on(house: House) -> None:
    """Come to a clean end after a pause, with a boarding of its own."""
    await ends(house)
    assert written(house).count("07") == len(confirmed(house)) == 1 + len(TWO_BOUTS.bouts)


async def trips(house: House, cause: str) -> None:
    """Wait for a trip: its cause, a belt that stands, and no way on but a reset."""
    tripped = await house.hear(Tripped)
    assert tripped.trip.cause == cause
    await house.reach(Phase.TRIPPED)
    assert house.treadmill.speed_kmh == 0
    assert house.disk.content == cause
    starts = written(house).count("07")
    house.ask(Verb.ARM)
    house.press()
    await asyncio.sleep(5)
    assert written(house).count("07") == starts


async def refused(house: House, because: str, what: Plan = TWO_BOUTS) -> None:
    """Wait for arming to be refused, with the reason; nothing was ever written."""
    armed(house, what)
    reply = await house.hear(Reply, lambda reply: reply.verb is Verb.ARM)
    assert not reply.ok
    assert because in reply.reason
    assert written(house) == []
    await asyncio.sleep(1)
    assert not house.treadmill.linked

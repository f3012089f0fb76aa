"""Commissioning, sans-I/O: `handle(event, now_ns) -> Outcome`.

It stands where a session stands: it proposes, the interlock permits, limits, judges and stops.

Order of one call, as in the engine: the interlock hears and judges, the script moves on, the interlock permits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from retrowalk.commissioning import belt_tests, hand_tests
from retrowalk.commissioning.desk import Abandoned, Desk, Halted, Refused, Script
from retrowalk.commissioning.dialogue import Kind, Leave, Line, Question, Said, Tone
from retrowalk.commissioning.findings import Findings, Verdict
from retrowalk.model import numbers as n
from retrowalk.model.commands import Command, Connect, Exit, LinkCommand, Stop
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import LinkUp, MachineStatus, Observation
from retrowalk.model.reports import MAY_MOVE, RUNNING, Motion, StopStep, Tripped, Warned
from retrowalk.model.units import Speed, seconds

_LEAVE_NS: Final = seconds(40)
_READY: Final = (
    "Nobody on the belt, nobody near it, no pets; the safety key in, its cord in your hand, and you beside the "
    "treadmill, not on it. Is all that so? (yes/no)"
)
_HAND_TESTS: Final[tuple[Callable[[Desk], Script[None]], ...]] = (
    hand_tests.console,
    hand_tests.safety_key,
    hand_tests.link_loss,
    hand_tests.power_loss,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input led to: commands and lines in order, the open question, the belt, and by when to call again."""

    commands: tuple[Command, ...]
    lines: tuple[Line, ...]
    question: Question | None
    speed: Speed | None  # as the machine says; None = there is no link
    deadline_ns: int


class Procedure:
    """One commissioning, from the first connection to the verdict. `findings` are whole once an Exit came out."""

    def __init__(self) -> None:
        self._desk = Desk()
        self._script: Script[None] | None = self._tests()
        self._verdict: Verdict | None = None
        self._leaving_ns: int | None = None
        self._deadline_ns: int | None = None
        self._gone = False

    @property
    def findings(self) -> Findings:
        """What was found out so far."""
        return self._desk.findings

    @property
    def verdict(self) -> Verdict | None:
        """How it ended; None = it has not."""
        return self._verdict

    def handle(self, event: Observation | Said | Leave, now_ns: int) -> Outcome:
        """Take one input, and decide everything that follows from it."""
        desk, interlock = self._desk, self._desk.interlock
        desk.now_ns = desk.meter.now_ns = now_ns
        interlock.readings.late(max(0, now_ns - (self._deadline_ns or now_ns)), now_ns)
        match event:
            case Said(question, text):
                desk.hear_answer(question, text)
            case Leave():
                self._end(Verdict.ABANDONED, "you left")
                if interlock.motion in MAY_MOVE:
                    interlock.stop(now_ns, cause="user_stop")
            case _:
                self._hear(event, now_ns)
        interlock.judge(now_ns)
        self._go_on()
        if self._verdict is None:
            interlock.permit(desk.proposal, now_ns)
        else:
            self._leave(now_ns)
        return self._settle(now_ns)

    def precomputed_stop(self) -> tuple[LinkCommand, ...]:
        """Return what the shell writes when `handle` itself fails: a Stop that needs no thought."""
        return (Stop(number=0),)

    # -- inside --------------------------------------------------------------------------------------------------

    def _hear(self, event: Observation, now_ns: int) -> None:
        desk = self._desk
        desk.meter.hear(event)
        desk.interlock.hear(event, now_ns)
        if isinstance(event, MachineStatus) and event.event.value not in desk.findings.statuses:
            desk.findings.statuses.append(event.event.value)
        if isinstance(event, LinkUp):
            desk.findings.machine = desk.findings.machine or event.machine
            desk.assume()

    def _go_on(self) -> None:
        if self._script is None:
            return
        try:
            next(self._script)
        except StopIteration:
            self._end(Verdict.PASSED)
        except Refused as refused:
            self._end(Verdict.REFUSED, str(refused))
        except Halted as halted:
            self._end(Verdict.REFUSED, f"the interlock stopped it: {halted}")
        except Abandoned as abandoned:
            known = self._desk.findings.machine is not None
            self._end(Verdict.ABANDONED if known else Verdict.NO_MACHINE, str(abandoned))

    def _end(self, verdict: Verdict, reason: str | None = None) -> None:
        """Fix the verdict, once; nothing is proposed any more."""
        script, self._script = self._script, None
        self._desk.proposal, self._desk.question = Proposal(), None
        if self._verdict is not None:
            return
        if script is not None and verdict is Verdict.ABANDONED:
            script.close()
        self._verdict = verdict
        if reason is not None:
            self._desk.findings.reasons.append(reason)
            self._desk.say(Tone.REFUSED, reason)

    def _tests(self) -> Script[None]:
        desk = self._desk
        desk.say(Tone.STEP, "Connecting")
        yield from desk.connect()
        machine = desk.machine
        desk.say(Tone.FOUND, f"{machine.name} {machine.address}, {machine.slowest.kmh:g}–{machine.fastest.kmh:g} km/h")
        if not (yield from desk.ask(Kind.YES_NO, _READY)):
            raise Abandoned("come back when it is")
        yield from belt_tests.stop_without_control(desk)
        yield from belt_tests.first_stop(desk)
        yield from belt_tests.speeds(desk)
        if desk.machine.silent_after_stop:
            desk.findings.skipped.append("all others, for they need many stops")
            return
        yield from belt_tests.run_down(desk)
        for test in _HAND_TESTS:
            yield from test(desk)

    def _leave(self, now_ns: int) -> None:
        """Stop, verify, let go; or give up, and leave the link and the marker to the failsafe."""
        interlock = self._desk.interlock
        if self._gone:
            return
        if self._leaving_ns is None:
            self._leaving_ns = now_ns
            if interlock.motion in MAY_MOVE:
                self._desk.commands.append(Connect())  # a test may have let the link go
        if interlock.motion in RUNNING:
            interlock.stop(now_ns)
        late = now_ns - self._leaving_ns > _LEAVE_NS
        if interlock.motion is Motion.STOPPING and not late:
            return
        if interlock.motion is not Motion.STOPPING and interlock.trip and interlock.reset(now_ns) and not late:
            return
        self._gone = True
        verified = interlock.motion is not Motion.STOPPING
        if verified:
            self._desk.findings.conclude()
            interlock.close()
        elif self._verdict is not Verdict.REFUSED:  # whoever left: nobody may walk on what was not seen to stop
            self._verdict = Verdict.REFUSED
            self._desk.findings.reasons.append("its belt was not seen to stand in the end")
        self._desk.commands.append(Exit(verified))

    def _settle(self, now_ns: int) -> Outcome:
        desk, interlock = self._desk, self._desk.interlock
        commands = sorted((*interlock.commands, *desk.commands), key=lambda command: not isinstance(command, Stop))
        for command in commands:
            desk.meter.sent(command)
        for report in interlock.reports:
            match report:
                case StopStep(alarm=True, words=words):
                    desk.say(Tone.ALARM, words)
                case Tripped(trip):
                    desk.say(Tone.FOUND, f"the interlock stopped the belt: {trip.words}")
                case Warned(_, words):
                    desk.say(Tone.FOUND, words)
                case _:
                    pass
        lines = tuple(desk.lines)
        for spent in (interlock.commands, interlock.reports, desk.commands, desk.lines):
            spent.clear()
        self._deadline_ns = now_ns + n.TICK_NS
        speed = desk.meter.speed if interlock.readings.linked else None
        return Outcome(tuple(commands), lines, desk.question, speed, self._deadline_ns)

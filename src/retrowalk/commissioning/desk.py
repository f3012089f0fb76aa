"""What every test of the procedure needs: waiting, asking, starting, holding a speed, stopping. It only proposes.

A test is a generator: it looks, and yields until there is something new to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from retrowalk.commissioning.dialogue import Kind, Line, Question, Tone, understand
from retrowalk.commissioning.findings import Findings
from retrowalk.commissioning.meter import Meter, between_s
from retrowalk.interlock import Interlock
from retrowalk.model import numbers as n
from retrowalk.model.commands import Command, Connect
from retrowalk.model.intent import Boarding, Proposal
from retrowalk.model.machine import Machine
from retrowalk.model.plan import Bout, Ceiling, Facing, Limits, Plan, Stage
from retrowalk.model.reports import Motion, Trip
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import LEVEL, NS_PER_S, Incline, Speed, seconds

type Script[T] = Generator[None, None, T]

TOP: Final = Speed.from_kmh(5.6)  # the highest that anybody walks backward, of an empty belt facing nobody
RUN_DOWN_S: Final = 20.0  # assumed until it is measured; 1.5 times this must do for the slowest belt known: 21 s
HANDS_S: Final = 120.0
STEADY_S: Final = 3.0
SETTLE_S: Final = 4.0
LINK_S: Final = 40.0
POWER_S: Final = 120.0  # for a person to switch a treadmill off and on
RESET_S: Final = 45.0
_MOTION_S: Final = 90.0

SETTINGS: Final = EngineSettings(without_heart_rate=True)
_CEILING: Final = Ceiling(TOP, Incline(0), up_ramp_centi_kmh_per_s=20)
PLAN: Final = Plan(
    program="commission",
    title="Commissioning",
    level=0,
    bouts=(Bout(Facing.FORWARD, (Stage(TOP, LEVEL, 60),)),),
    intervals=(),
    cues=(),
    limits=Limits(forward=_CEILING, backward=_CEILING, backward_s=0, session_s=3600),
)


class Refused(Exception):  # noqa: N818 - a verdict
    """The machine must not be trusted; the message says why, with what was seen."""


class Abandoned(Exception):  # noqa: N818 - a verdict
    """Nothing was found out: nobody answered, or there is no treadmill."""


class Halted(Exception):  # noqa: N818 - what happened
    """The interlock stopped the belt in the middle of a test, and latched."""

    def __init__(self, trip: Trip) -> None:
        super().__init__(trip.words)
        self.trip = trip


@dataclass
class Desk:
    """The interlock, the meter and the person, in the hands of a script."""

    interlock: Interlock = field(default_factory=lambda: Interlock(SETTINGS))
    meter: Meter = field(default_factory=Meter)
    findings: Findings = field(default_factory=Findings)
    proposal: Proposal = field(default_factory=Proposal)
    now_ns: int = 0
    commands: list[Command] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    question: Question | None = None
    assumed: dict[str, object] = field(default_factory=lambda: {"run_down_s": RUN_DOWN_S})
    _answer: str | bool | float | None = None
    _asked_ns: int = 0
    _asked: count[int] = field(default_factory=lambda: count(1))
    _boardings: count[int] = field(default_factory=lambda: count(1))

    # -- what is known now

    @property
    def machine(self) -> Machine:
        """The treadmill, as it is taken to be for now."""
        machine = self.interlock.readings.machine
        if machine is None:
            raise Abandoned("no treadmill was found")
        return machine

    def assume(self, **changes: object) -> None:
        """Take the treadmill for something else from now on."""
        self.assumed |= changes
        machine = self.interlock.readings.machine
        if machine is not None:
            self.interlock.readings.machine = replace(machine, **self.assumed)  # type: ignore[arg-type]  # fields by name

    def say(self, tone: Tone, text: str) -> None:
        """Tell the person."""
        self.lines.append(Line(tone, text))

    # -- waiting and asking

    def until(self, happened: Callable[[], object], patience_s: float, *, trips: bool = False) -> Script[bool]:
        """Wait; return whether it happened in time. Raises Halted on a trip, unless `trips` are expected."""
        ends_ns = self.now_ns + seconds(patience_s)
        while not happened():
            if self.now_ns >= ends_ns:
                return False
            if self.interlock.trip and not trips:
                raise Halted(self.interlock.trip)
            yield
        return True

    def rest(self, for_s: float) -> Script[None]:
        """Wait, with an eye on the interlock."""
        yield from self.until(lambda: False, for_s)

    def ask(
        self,
        kind: Kind,
        text: str,
        *,
        default: str | None = None,
        patience_s: float = HANDS_S,
        unless: Callable[[], object] = lambda: False,
        trips: bool = False,
    ) -> Script[str | bool | float | None]:
        """Ask somebody at the treadmill, and return what was meant; None = `unless` happened first.

        Raises Abandoned when nobody answers. An answer shows presence.
        """
        self._answer, self._asked_ns = None, self.now_ns
        self.question = Question(next(self._asked), kind, text, patience_s, default)
        try:
            came = yield from self.until(lambda: self._answer is not None or unless(), patience_s, trips=trips)
        finally:
            self.question = None
        if not came:
            raise Abandoned(f"nobody answered within {patience_s:g} s")
        if self._answer is not None:
            self.interlock.present(self.now_ns)
        return self._answer

    def hear_answer(self, question: int, text: str) -> None:
        """Take an answer to the open question; what does not fit is said, and it stays open.

        A key that was pressed for the question before must not start a belt: only what could be read is answered.
        """
        if self.question is None or question != self.question.id:
            return
        if self.question.default is None and self.now_ns - self._asked_ns < n.PROMPT_READABLE_NS:
            self.say(Tone.DO, "That was too soon for the question: read it, and answer it again")
            return
        self._answer = understand(self.question, text)
        if self._answer is None:
            wanted = {Kind.YES_NO: "yes or no", Kind.NUMBER: "a number"}.get(self.question.kind, "ENTER")
            self.say(Tone.DO, f"{text.strip()!r} is no answer; {wanted} is")

    # -- the treadmill

    def connect(self) -> Script[None]:
        """Have a link."""
        self.commands.append(Connect())
        readings = self.interlock.readings
        linked = yield from self.until(lambda: readings.linked, LINK_S, trips=True)
        if not linked and self.findings.machine is not None:
            self.say(Tone.DO, "The treadmill does not come back. Switch it off and on again")
            linked = yield from self.until(lambda: readings.linked, POWER_S, trips=True)
        if not linked:
            raise Abandoned(f"no treadmill: {readings.link_lost_because or 'none answered'}")

    def open(self) -> Script[None]:
        """Have the belt at a standstill, and ours to stop. Clears the latch of a trip that was dealt with."""
        interlock = self.interlock
        if interlock.motion is Motion.STANDSTILL:
            return
        yield from self.clear()
        yield from self.connect()
        interlock.present(self.now_ns)
        if not (yield from self.until(lambda: not interlock.view().faults, LINK_S, trips=True)):
            raise Refused("; ".join(f"{fault.words} ({fault.remedy})" for fault in interlock.view().faults))
        interlock.open(PLAN, self.now_ns)

    def clear(self) -> Script[None]:
        """Let a latched stop come to its end, and clear it."""
        interlock = self.interlock
        if interlock.trip is None:
            return
        self.proposal = Proposal()
        if not (yield from self.until(lambda: interlock.reset(self.now_ns) is None, RESET_S, trips=True)):
            raise Refused(f"{interlock.trip.words}; it was not seen to stand for {RESET_S:g} s")
        yield from self.until(lambda: not interlock.readings.linked, LINK_S)  # a reset lets the treadmill go

    def start(self, why: str) -> Script[bool]:
        """Ask, START once, and return whether the belt moves. Its delay goes to the figures."""
        yield from self.open()
        interlock, meter = self.interlock, self.meter
        yield from self.until(self._settled, LINK_S)
        yield from self.ask(Kind.ENTER, f"{why} Nobody on the belt, key in? ENTER starts it", patience_s=HANDS_S)
        self.proposal = Proposal(boarding=Boarding(next(self._boardings), Facing.FORWARD, self.now_ns))
        if not (
            yield from self.until(lambda: interlock.motion is not Motion.STANDSTILL, n.CONFIRM_EXPIRES_NS / NS_PER_S)
        ):
            raise Refused("; ".join(fault.words for fault in interlock.view().faults) or "the belt may not be started")
        yield from self.until(lambda: interlock.motion is not Motion.BOARDING, _MOTION_S)
        self.proposal = Proposal()
        if interlock.motion is not Motion.MOVING:
            yield from self.until(lambda: interlock.motion is Motion.STANDSTILL, _MOTION_S)
            return False
        delay_s = between_s(meter.started_ns, meter.moved_ns)
        if delay_s is not None and not self.machine.starts_at_console_only:  # there it was a hand's delay
            self.findings.start_delays_s.append(delay_s)
        return True

    def _settled(self) -> bool:
        view = self.interlock.view()
        return (
            view.standstill_ns is not None
            and not view.faults
            and (self.now_ns - view.standstill_ns >= n.STANDSTILL_SETTLED_NS)
        )

    def hold(self, target: Speed, patience_s: float = 60.0) -> Script[float]:
        """Go to `target` by the interlock's ramp, wait until the report is steady, and return it, km/h."""
        self.proposal = Proposal(target=target)
        meter = self.meter
        goal = max(target.floor_to(self.machine.step, self.machine.slowest), self.machine.slowest)
        yield from self.until(lambda: meter.told == goal, patience_s)
        yield from self.until(
            lambda: (
                self.now_ns - meter.speed_ns >= seconds(STEADY_S) and self.now_ns - meter.told_ns >= seconds(SETTLE_S)
            ),
            patience_s,
        )
        self.findings.speeds.append((goal.kmh, meter.speed.kmh))
        return meter.speed.kmh

    def stop(self) -> Script[None]:
        """Stop from this speed, through the interlock's ladder, and measure. Raises Halted when it is not verified."""
        self.proposal = Proposal(halt=True)
        yield from self.until(lambda: self.interlock.motion is Motion.STANDSTILL, _MOTION_S)
        self.proposal = Proposal()
        self.note_stop()

    def note_stop(self) -> None:
        """Add the last stop to the figures."""
        meter, findings = self.meter, self.findings
        for figures, ended_ns in (
            (findings.stop_written_s, meter.stop_written_ns),
            (findings.stop_effects_s, meter.slower_ns),
        ):
            if (lasted_s := between_s(meter.stop_ns, ended_ns)) is not None:
                figures.append(lasted_s)
        if (run_down_s := between_s(meter.stop_ns, meter.stood_ns)) is not None:
            findings.run_downs.append((meter.stop_from.kmh, run_down_s))

"""The session on a bench: it is told what the interlock would tell it, and what it proposes and reports is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from retrowalk.model.intent import Proposal, View, Wish
from retrowalk.model.observations import ButtonPress, ButtonSource
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Fault, Kind, Motion, Phase, PromptClosed, PromptOpened, Reply, Report
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import STANDSTILL, Speed, seconds
from retrowalk.session import Session
from support.ideal_belt import MACHINE, SETTINGS, TWO_BOUTS

BOARD_SPEED = Speed.from_mph(0.5)
IDLE_VIEW = View(
    motion=Motion.IDLE,
    latched=False,
    open=False,
    linked=True,
    machine=MACHINE,
    board_speed=BOARD_SPEED,
    speed=STANDSTILL,
    set_point=None,
    level=True,
    standstill_ns=0,
    faults=(),
    pausing=False,
    ending=False,
    alarm=None,
)


def fault(rule: str = "absent", *, waits: bool = True) -> Fault:
    """Return a broken rule."""
    return Fault(rule, Kind.NO_ENTRY, f"{rule} is broken", "mend it", waits)


@dataclass
class Bench:
    """A session, and the view that it is shown: change it with `see`."""

    session: Session
    view: View = IDLE_VIEW
    now_ns: int = seconds(100)
    reports: list[Report] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def see(self, for_s: float = 0.0, **changes: object) -> Phase:
        """Let the interlock's view change, and time pass a tenth at a time; return the phase."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]  # fields by name
        self._advance()
        for _ in range(round(for_s * 10)):
            self.now_ns += seconds(0.1)
            self._advance()
        return self.session.phase

    def _advance(self) -> None:
        self.session.advance(self.view, self.now_ns)
        self.take()

    def take(self) -> None:
        """Collect what came of a call."""
        self.wishes += self.session.wishes
        self.session.wishes.clear()
        self.reports += self.session.reports
        self.reports += self.session.prompts.reports
        self.session.reports.clear()
        self.session.prompts.reports.clear()

    def ask(self, verb: Verb, **more: object) -> Reply | None:
        """Ask; return the reply that came at once, if one did."""
        before = len(self.reports)
        self.session.ask(Request(verb, Origin.MQTT, **more), self.view, self.now_ns)  # type: ignore[arg-type]
        self.take()
        return next((r for r in self.reports[before:] if isinstance(r, Reply) and r.verb is verb), None)

    def refused(self, verb: Verb, **more: object) -> str:
        """Ask for what must be refused; return the reason."""
        reply = self.ask(verb, **more)
        assert reply is not None
        assert not reply.ok
        return reply.reason

    def accepted(self, verb: Verb, **more: object) -> None:
        """Ask for what must be accepted."""
        reply = self.ask(verb, **more)
        assert reply is not None
        assert reply.ok, reply.reason

    def press(self, *, long: bool = False, source: ButtonSource = ButtonSource.GPIO) -> None:
        """Press the button."""
        self.session.press(ButtonPress(source, long), self.view, self.now_ns)
        self.take()

    def said[T: Report](self, kind: type[T]) -> list[T]:
        """Return all reports of one kind."""
        return [report for report in self.reports if isinstance(report, kind)]

    @property
    def proposal(self) -> Proposal:
        """What the session proposes now."""
        return self.session.proposal(self.view, self.now_ns)

    @property
    def prompts(self) -> list[PromptOpened | PromptClosed]:
        """All prompts that opened and closed."""
        return [r for r in self.reports if isinstance(r, PromptOpened | PromptClosed)]

    # -- the way through a session -------------------------------------------------------------------------------

    def armed(self, plan: Plan = TWO_BOUTS) -> Bench:
        """Go to ARMED, with nobody there yet."""
        self.accepted(Verb.SELECT_PROGRAM, plan=plan)
        self.view = replace(self.view, faults=(fault(),))
        self.ask(Verb.ARM)
        return self

    def boarding(self, plan: Plan = TWO_BOUTS) -> Bench:
        """Go to BOARD, with its prompt open for a while."""
        self.armed(plan)
        self.see(faults=())
        self.see(5, motion=Motion.STANDSTILL, open=True)
        return self

    def starting(self, plan: Plan = TWO_BOUTS) -> Bench:
        """Go to STARTING."""
        self.boarding(plan).press()
        return self

    def stepping_on(self, plan: Plan = TWO_BOUTS) -> Bench:
        """Go to STEP_ON."""
        self.starting(plan).see(motion=Motion.BOARDING)
        self.see(2, motion=Motion.MOVING, speed=BOARD_SPEED, set_point=BOARD_SPEED, standstill_ns=None)
        return self

    def walking(self, plan: Plan = TWO_BOUTS) -> Bench:
        """Go to WALK."""
        self.stepping_on(plan)
        while self.session.phase is Phase.STEP_ON:
            self.see(0.1)
        return self

    def stand(self) -> Phase:
        """Let the interlock verify standstill."""
        self.see(motion=Motion.STOPPING)
        return self.see(motion=Motion.STANDSTILL, speed=STANDSTILL, set_point=None, standstill_ns=self.now_ns)


def bench(settings: EngineSettings = SETTINGS) -> Bench:
    """Return an idle session."""
    return Bench(Session(settings))

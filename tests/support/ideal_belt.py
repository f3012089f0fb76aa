"""An ideal belt and a willing walker around the real engine, in plain synchronous Python: an hour in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from retrowalk.engine import Engine, Outcome
from retrowalk.model.commands import (
    ClearMarker,
    Command,
    Connect,
    Disconnect,
    Exit,
    PermittedCommand,
    Rebuild,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    Stop,
    StoreMarker,
)
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.observations import (
    Answer,
    Answered,
    ButtonPress,
    ButtonSource,
    HeartRateSample,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    MarkerStored,
    Observation,
    StrapLine,
    Telemetry,
    Tick,
    Written,
)
from retrowalk.model.plan import Bout, Ceiling, Facing, Gap, Interval, Limits, Plan, Stage
from retrowalk.model.reports import Phase, Prompt, PromptClosed, PromptKind, PromptOpened, Reply, Report, Trip, Tripped
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import EngineSettings, HeartLimits, StrapTier
from retrowalk.model.units import LEVEL, NS_PER_S, STANDSTILL, Incline, Speed, seconds
from support.judge import Judge

MACHINE = Machine(
    address="C0:FF:EE:00:00:01",
    name="Ideal",
    slowest=Speed.from_kmh(0.8),
    fastest=Speed.from_kmh(12),
    step=Speed.from_kmh(0.1),
    incline=InclineRange(LEVEL, Incline.from_pct(10), Incline.from_pct(0.5)),
    commissioned=True,
)
SETTINGS = EngineSettings(strap=StrapTier.LINE, handrails=True, heart=HeartLimits(soft_bpm=120, hard_bpm=140))
TELEMETRY_NS = seconds(0.25)
ANSWER_NS = seconds(0.1)


def backward(*stages: tuple[float, int], incline_pct: float = 0) -> Bout:
    """Return a backward bout of (mph, seconds) stages."""
    return Bout(
        Facing.BACKWARD, tuple(Stage(Speed.from_mph(mph), Incline.from_pct(incline_pct), s) for mph, s in stages)
    )


def forward(*stages: tuple[float, int], incline_pct: float = 0) -> Bout:
    """Return a forward bout of (mph, seconds) stages."""
    return replace(backward(*stages, incline_pct=incline_pct), facing=Facing.FORWARD)


LIMITS = Limits(
    forward=Ceiling(Speed.from_mph(3.0), Incline.from_pct(3), up_ramp_centi_kmh_per_s=20),
    backward=Ceiling(Speed.from_mph(1.3), Incline.from_pct(3), up_ramp_centi_kmh_per_s=10),
    backward_s=600,
    session_s=2100,
)


def plan(*bouts: Bout, level: int = 0, rest_s: int = 15, limits: Limits = LIMITS) -> Plan:
    """Return a plan of these bouts: turns where the facing changes, rests elsewhere."""
    pairs = pairwise(bouts)
    gaps = (Gap.TURN if one.facing is not other.facing else Gap.REST for one, other in pairs)
    intervals = tuple(Interval(gap, rest_s if gap is Gap.REST else 0) for gap in gaps)
    return Plan("test", "Test", level, bouts, intervals, ("Short steps.",), limits)


TWO_BOUTS = plan(backward((0.5, 20)), backward((0.5, 20)))


@dataclass
class World:
    """The engine, judged, on an ideal belt. Switches (`obeys_stop`, `frozen`, …) make it less than ideal."""

    engine: Engine
    judge: Judge
    machine: Machine = MACHINE
    now_ns: int = seconds(1000)
    linked: bool = False
    connect_works: bool = True
    speed: Speed = STANDSTILL
    goal: Speed = STANDSTILL
    incline: Incline = LEVEL
    obeys_stop: bool = True
    answers: bool = True
    writes: bool = True
    start_answer: Answer = Answer.SUCCESS
    start_delay_s: float = 0.0
    up_centi_kmh_per_s: int = 50
    down_centi_kmh_per_s: int = 100
    reads_for_s: float = 1.5  # each prompt
    obeys_start: bool = True
    units: float = 1.0  # 1.61: takes km/h for mph
    frozen: bool = False  # the last frame again and again
    telemetry: bool = True
    heart_bpm: int | None = 90
    disk: bool = True
    willing: bool = True  # presses OK at each prompt
    prompt: Prompt | None = None
    commands: list[tuple[int, Command]] = field(default_factory=list)
    reports: list[tuple[int, Report]] = field(default_factory=list)
    _due: list[tuple[int, Observation]] = field(default_factory=list)
    _elapsed_ns: int = 0
    _frame: Telemetry = field(default_factory=Telemetry)
    _moves_ns: int | None = None  # when the countdown of a START is over
    _next_telemetry_ns: int = 0
    _next_heart_ns: int = 0
    _deadline_ns: int = 0

    def feed(self, event: Observation | Request) -> Outcome:
        """Give the engine one input now and do what it commands."""
        if isinstance(event, LinkUp | LinkDown):
            self.linked = isinstance(event, LinkUp)
        self.judge.before(event, self.now_ns)
        outcome = self.engine.handle(event, self.now_ns)
        self.judge.after(event, outcome, self.now_ns)
        self._deadline_ns = outcome.deadline_ns
        self.reports += ((self.now_ns, report) for report in outcome.reports)
        for report in outcome.reports:
            if isinstance(report, PromptOpened | PromptClosed):
                self.prompt = report.prompt if isinstance(report, PromptOpened) else None
        for command in outcome.commands:
            self.commands.append((self.now_ns, command))
            self._obey(command)
        return outcome

    def ask(self, verb: Verb, **more: object) -> Reply | None:
        """Ask over the local socket; return the reply if it came at once."""
        before = len(self.reports)
        self.feed(Request(verb, Origin.SOCKET, id=str(len(self.reports)), **more))  # type: ignore[arg-type]
        replies = [report for _, report in self.reports[before:] if isinstance(report, Reply)]
        return replies[-1] if replies else None

    def press(self, *, long: bool = False, source: ButtonSource = ButtonSource.GPIO) -> None:
        """Press the button at the treadmill."""
        self.feed(ButtonPress(source, long=long))

    def pull_strap(self) -> Outcome:
        """Open the strap line."""
        return self.feed(StrapLine(closed=False))

    def status(self, event: MachineEvent) -> Outcome:
        """Let the machine say something of itself."""
        return self.feed(MachineStatus(event))

    def lose_link(self) -> Outcome:
        """Lose the radio link; the belt runs on."""
        return self.feed(LinkDown("out of range"))

    def find_link(self) -> Outcome:
        """Get a new link."""
        return self.feed(LinkUp(self.machine))

    def turn_console(self, speed_kmh: float) -> None:
        """Set another speed at the console."""
        self.goal = Speed.from_kmh(speed_kmh)

    def stall(self, for_s: float) -> None:
        """Let time pass in which nothing is handled."""
        self.now_ns += seconds(for_s)

    def arm(self, what: Plan = TWO_BOUTS) -> None:
        """Select, plug the strap in, and arm."""
        self.feed(Request(Verb.SELECT_PROGRAM, Origin.SOCKET, plan=what))
        self.feed(StrapLine(closed=False))
        self.feed(StrapLine(closed=True))
        self.feed(Request(Verb.ARM, Origin.SOCKET))

    def run(self, for_s: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; return whether `until` came true."""
        end_ns = self.now_ns + seconds(for_s)
        while self.now_ns < end_ns:
            if until():
                return True
            self._step(min(self.now_ns + seconds(0.05), end_ns))
        return until()

    def walking(self, what: Plan = TWO_BOUTS) -> World:
        """Arm, board and step on; return at the beginning of the walk."""
        self.arm(what)
        self.run_to(Phase.WALK)
        self.run(1)
        return self

    @property
    def trip(self) -> Trip | None:
        """What is latched."""
        return self.engine.state(self.now_ns).trip

    @property
    def trips(self) -> list[str]:
        """The causes of all trips so far."""
        return [tripped.trip.cause for tripped in self.said(Tripped)]

    @property
    def starts(self) -> list[int]:
        """When each START was permitted."""
        return [at for at, command in self.sent(PermittedCommand) if isinstance(command.action, Start)]

    def run_to(self, phase: Phase, for_s: float = 600) -> None:
        """Let time pass until the session is in `phase`."""
        assert self.run(for_s, lambda: self.engine.phase is phase), f"{phase} not reached; in {self.engine.phase}"

    def sent[T: Command](self, kind: type[T]) -> list[tuple[int, T]]:
        """Return all commands of one kind, with their times."""
        return [(at, command) for at, command in self.commands if isinstance(command, kind)]

    def said[T: Report](self, kind: type[T]) -> list[T]:
        """Return all reports of one kind."""
        return [report for _, report in self.reports if isinstance(report, kind)]

    def set_points(self) -> Iterator[tuple[int, Speed]]:
        """Yield every permitted speed with its time."""
        for at, command in self.sent(PermittedCommand):
            if isinstance(command.action, SetSpeed):
                yield at, command.action.speed

    def _step(self, to_ns: int) -> None:
        self._move((to_ns - self.now_ns) / NS_PER_S)
        self._elapsed_ns += to_ns - self.now_ns if self.speed else 0
        self.now_ns = to_ns
        due, self._due = [o for at, o in self._due if at <= to_ns], [(at, o) for at, o in self._due if at > to_ns]
        for observation in due:
            self.feed(observation)
        if self.linked and self.telemetry and to_ns >= self._next_telemetry_ns:
            self._next_telemetry_ns = to_ns + TELEMETRY_NS
            if not self.frozen:
                self._frame = Telemetry(self.speed, self.incline, elapsed_s=self._elapsed_ns // NS_PER_S)
            self.feed(self._frame)
        if self.heart_bpm is not None and to_ns >= self._next_heart_ns:
            self._next_heart_ns = to_ns + NS_PER_S
            jitter = to_ns // NS_PER_S % 3
            self.feed(HeartRateSample(self.heart_bpm + jitter, contact=True))
        if to_ns >= self._deadline_ns:
            self.feed(Tick())
        if self.willing:
            self._answer_prompt()

    def _answer_prompt(self) -> None:
        prompt = self.prompt
        if prompt and self.now_ns - prompt.opened_ns > seconds(self.reads_for_s):
            if prompt.kind is PromptKind.STEP_ON:
                self.ask(Verb.CONFIRM)
            elif prompt.kind is not PromptKind.QUESTION or self.now_ns - prompt.opened_ns < seconds(
                self.reads_for_s + 0.1
            ):
                self.press()

    def _move(self, dt_s: float) -> None:
        if self._moves_ns is not None and self.now_ns >= self._moves_ns:
            self.goal, self._moves_ns = self._as_run(self.machine.slowest), None
        if self.speed < self.goal:
            self.speed = min(self.goal, self.speed + Speed(round(self.up_centi_kmh_per_s * dt_s)))
        else:
            self.speed = max(self.goal, self.speed - Speed(round(self.down_centi_kmh_per_s * dt_s)))

    def _as_run(self, speed: Speed) -> Speed:
        return Speed(round(speed.centi_kmh * self.units))

    def _soon(self, observation: Observation, after_ns: int = ANSWER_NS) -> None:
        self._due.append((self.now_ns + after_ns, observation))

    def _obey(self, command: Command) -> None:
        match command:
            case Connect() if not self.linked and self.connect_works:
                self._soon(LinkUp(self.machine))
            case Disconnect():
                self._due = [(at, o) for at, o in self._due if not isinstance(o, LinkUp)]
                self.linked = False
                self._soon(LinkDown("it was let go"), 0)
            case Rebuild():
                self.linked = False
                self._soon(LinkDown("dropped"))
                self._soon(LinkUp(self.machine), seconds(0.5))
            case StoreMarker():
                self._soon(MarkerStored(self.disk))
            case RequestControl(number) | Stop(number) | PermittedCommand(number) if self.writes and self.linked:
                self._soon(Written(number), seconds(0.02))
                if self.answers:
                    starts = isinstance(command, PermittedCommand) and isinstance(command.action, Start)
                    self._soon(Answered(number, self.start_answer if starts else Answer.SUCCESS))
                self._do(command)
            case ClearMarker() | Exit() | _:
                pass

    def _do(self, command: Command) -> None:
        match command:
            case Stop() if self.obeys_stop:
                self.goal, self._moves_ns = STANDSTILL, None
            case PermittedCommand(action=Start()) if self.obeys_start and self.start_answer is Answer.SUCCESS:
                self._moves_ns = self.now_ns + seconds(self.start_delay_s)
            case PermittedCommand(action=SetSpeed(speed)):
                self.goal = self._as_run(speed)
            case PermittedCommand(action=SetIncline(incline)):
                self.incline = incline
            case _:
                pass


def world(settings: EngineSettings = SETTINGS, **more: object) -> World:
    """Return a fresh engine on an ideal belt."""
    made = World(*judged(settings), **more)  # type: ignore[arg-type]
    made.engine.boot(None, made.now_ns)
    return made


def judged(settings: EngineSettings) -> tuple[Engine, Judge]:
    """Return an engine and its judge."""
    engine = Engine(settings)
    return engine, Judge(engine, settings.strap is StrapTier.LINE)

"""Anything may happen in any order: walkers, consoles, radios, disks, clocks. The judge looks at every call."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    Answer,
    Answered,
    BrokerLink,
    ButtonSource,
    HeartRateLink,
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
    WriteFailed,
    Written,
)
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Phase
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import BrokerLost, EngineSettings, StrapTier
from retrowalk.model.units import Incline, Speed
from support.ideal_belt import MACHINE, SETTINGS, World, backward, forward, plan, world

PLANS = (
    plan(backward((0.5, 20)), backward((0.5, 20))),
    plan(backward((0.5, 30), (1.0, 60)), forward((1.5, 60)), level=1),
    plan(forward((2.5, 60)), backward((3.0, 60), incline_pct=3), level=2),
    plan(backward((0.5, 60), (1.2, 60), incline_pct=8), level=3),
)
ENGINE_SETTINGS = st.builds(
    EngineSettings,
    strap=st.sampled_from([StrapTier.LINE, StrapTier.LINE, StrapTier.REPORTED, StrapTier.ATTESTED]),
    handrails=st.just(True),
    heart=st.sampled_from([SETTINGS.heart, SETTINGS.heart, None]),
    without_heart_rate=st.booleans(),
    remote_start=st.booleans(),
    declared_button=st.booleans(),
    separate_ok=st.booleans(),
    broker_lost=st.sampled_from(BrokerLost),
)
MACHINES = st.sampled_from([
    MACHINE,
    replace(MACHINE, slowest=Speed.from_kmh(1.0), step=Speed.from_kmh(0.5), incline=None),
    replace(MACHINE, silent_after_stop=True, run_down_s=2.0, start_delay_s=1.0),
    replace(MACHINE, fastest=Speed.from_kmh(1.5), step=Speed(32)),
])  # fmt: skip
SPEEDS = st.builds(Speed, st.integers(0, 65535) | st.integers(0, 300))
NUMBERS = st.integers(0, 200)
RAW: st.SearchStrategy[Observation] = st.one_of(
    st.just(Tick()),
    st.builds(Telemetry, speed=st.none() | SPEEDS, incline=st.none() | st.builds(Incline, st.integers(-100, 300)),
              elapsed_s=st.none() | st.integers(0, 10)),
    st.builds(MachineStatus, st.sampled_from(MachineEvent)),
    st.builds(Written, NUMBERS),
    st.builds(WriteFailed, NUMBERS, st.just("stuck")),
    st.builds(Answered, NUMBERS, st.sampled_from(Answer)),
    st.builds(HeartRateLink, st.booleans()),
    st.builds(HeartRateSample, st.integers(0, 300), st.none() | st.booleans(), st.sampled_from([(), (700.0,)])),
    st.builds(StrapLine, st.booleans()),
    st.builds(MarkerStored, st.booleans()),
    st.builds(BrokerLink, st.booleans()),
    st.builds(LinkDown, st.just("gone")),
)  # fmt: skip
SWITCHES = ("obeys_stop", "answers", "writes", "telemetry", "frozen", "disk", "willing", "connect_works", "obeys_start")


class Histories(RuleBasedStateMachine):
    """Random histories of a judged engine. What may go wrong goes wrong; what broke is mended now and then."""

    w: World

    @initialize(engine_settings=ENGINE_SETTINGS, machine=MACHINES)
    def begin(self, engine_settings: EngineSettings, machine: Machine) -> None:
        """Begin idle."""
        self.w = world(engine_settings, machine=machine)

    @rule(what=st.sampled_from(PLANS))
    def arm(self, what: Plan) -> None:
        """Select, be present, arm."""
        self.w.arm(what)

    @precondition(lambda self: self.w.engine.phase is Phase.IDLE)
    @rule(what=st.sampled_from(PLANS), for_s=st.sampled_from([12, 25, 40, 90]))
    def walk(self, what: Plan, for_s: int) -> None:
        """Get somewhere: everything in order for a while."""
        self.mend()
        self.w.press()
        self.w.arm(what)
        self.w.run(for_s)

    @rule(for_s=st.floats(0.001, 0.5) | st.floats(0.5, 20))
    def wait(self, for_s: float) -> None:
        """Let time pass."""
        self.w.run(for_s)

    @rule(for_s=st.floats(0.1, 15))
    def stall(self, for_s: float) -> None:
        """Let time pass in which nothing is handled."""
        self.w.stall(for_s)

    @rule(observation=RAW)
    def observe(self, observation: Observation) -> None:
        """Observe anything."""
        self.w.feed(observation)

    @rule()
    def relink(self) -> None:
        """Get a link, whether there was one or not."""
        self.w.feed(LinkUp(self.w.machine))

    @rule(source=st.sampled_from(ButtonSource), long=st.booleans())
    def press(self, source: ButtonSource, *, long: bool) -> None:
        """Press any button."""
        self.w.press(source=source, long=long)

    @rule(verb=st.sampled_from([v for v in Verb if v not in (Verb.SELECT_PROGRAM, Verb.SHUTDOWN)]),
          origin=st.sampled_from(Origin), trim=st.builds(Speed, st.integers(-300, 300)),
          answer=st.sampled_from(["fine", "maybe"]))  # fmt: skip
    def ask(self, verb: Verb, origin: Origin, trim: Speed, answer: str) -> None:
        """Ask for anything."""
        self.w.feed(Request(verb, origin, trim=trim, answer=answer))

    @rule(origin=st.sampled_from(Origin))
    def stop(self, origin: Origin) -> None:
        """Stop, from anywhere."""
        self.w.feed(Request(Verb.STOP, origin))

    @rule(switch=st.sampled_from(SWITCHES), on=st.booleans())
    def spoil(self, switch: str, *, on: bool) -> None:
        """Break something, or mend it."""
        setattr(self.w, switch, on)

    @rule(bpm=st.none() | st.integers(80, 170))
    def heart(self, bpm: int | None) -> None:
        """Change the heart rate, or lose it."""
        self.w.heart_bpm = bpm

    @rule(kmh=st.floats(0, 14))
    def console(self, kmh: float) -> None:
        """Turn the console's knob."""
        self.w.turn_console(kmh)

    @rule()
    def mend(self) -> None:
        """Put everything in order, and reset."""
        for switch in SWITCHES:
            setattr(self.w, switch, switch != "frozen")
        self.w.heart_bpm = 90
        self.w.goal = Speed(0)
        self.w.feed(StrapLine(closed=True))
        self.w.run(12)
        self.w.ask(Verb.RESET)

    @invariant()
    def the_state_can_be_told(self) -> None:
        """Whatever happened, the state can be told."""
        if hasattr(self, "w"):
            assert 0 <= (self.w.engine.state(self.w.now_ns).progress or 0) <= 1


Histories.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,  # the same histories in every run; raise max_examples and drop this to look for new ones
    suppress_health_check=list(HealthCheck),
)
TestHistories = Histories.TestCase

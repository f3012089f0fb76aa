"""The invariants of SAFETY.md, each by its number. Every world here is judged in every call (support/judge.py)."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    Command,
    PermittedCommand,
    Rebuild,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    Stop,
)
from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    BrokerLink,
    ButtonPress,
    ButtonSource,
    HeartRateSample,
    LinkDown,
    MachineEvent,
    MachineStatus,
    MarkerStored,
    Observation,
    StrapLine,
    Telemetry,
    Tick,
)
from retrowalk.model.plan import ABSOLUTE, Facing, Limits
from retrowalk.model.reports import Ending, Motion, Phase, PromptClosed, Tripped, WorkoutEnded
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds
from retrowalk.programs import load_library, plan_for, shipped_programs
from retrowalk.walkers import Walker
from support.ideal_belt import LIMITS, MACHINE, SETTINGS, TWO_BOUTS, World, backward, forward, plan, world

HILLY = plan(forward((1.5, 60)), backward((0.5, 60), (1.0, 60), incline_pct=2), level=1)
PHASES = (
    Phase.ARMED, Phase.BOARD, Phase.STARTING, Phase.STEP_ON, Phase.WALK, Phase.SLOWING, Phase.REST, Phase.COOL_DOWN,
    Phase.QUESTIONS,
)  # fmt: skip


def at(phase: Phase) -> World:
    """Return a world in `phase` of a session of two bouts."""
    w = world(start_delay_s=1.0)
    if phase is not Phase.IDLE:
        w.arm()
        w.run_to(phase)
    return w


def permitted(commands: tuple[Command, ...]) -> list[PermittedCommand]:
    """Return the permitted commands."""
    return [command for command in commands if isinstance(command, PermittedCommand)]


@pytest.mark.parametrize("phase", PHASES)
def test_invariant_01_nothing_is_permitted_with_the_strap_open(phase: Phase) -> None:
    """Whatever the phase: from the strap's edge on, no permit, however long and however often OK is pressed."""
    w = at(phase)
    before = len(w.sent(PermittedCommand))
    w.pull_strap()
    w.run(60)
    assert len(w.sent(PermittedCommand)) == before


def test_invariant_01_nothing_is_permitted_while_latched() -> None:
    """Latched: arm, confirm, resume, trim and presses permit nothing, for as long as it is latched."""
    w = world().walking()
    w.pull_strap()
    w.run(10)
    w.feed(StrapLine(closed=True))
    before = len(w.sent(PermittedCommand))
    for verb in (Verb.ARM, Verb.START, Verb.CONFIRM, Verb.RESUME, Verb.TRIM, Verb.ANSWER, Verb.PAUSE, Verb.END):
        w.ask(verb)
        w.run(5)
    assert len(w.sent(PermittedCommand)) == before


def test_invariant_02_one_start_per_boarding_each_after_its_own_confirmation() -> None:
    """As many STARTs as answered Board prompts, each within its confirmation's life; extra presses start nothing."""
    w = world()
    w.arm()
    assert w.run(300, lambda: bool(w.said(WorkoutEnded)))
    answered = [at for at, r in w.reports if isinstance(r, PromptClosed) and r.answer == "ok"]
    assert len(w.starts) == 2
    assert w.starts == answered


@pytest.mark.parametrize("phase", [p for p in PHASES if p not in (Phase.ARMED, Phase.QUESTIONS)])
@pytest.mark.parametrize("origin", list(Origin))
def test_invariant_03_after_a_stop_only_stop_and_request_control(phase: Phase, origin: Origin) -> None:
    """From a Stop on, nothing is written but Stop and Request Control until a new session boards."""
    w = at(phase)
    w.feed(Request(Verb.STOP, origin))
    count = len(w.commands)
    w.run(60)
    writes = [c for _, c in w.commands[count:] if isinstance(c, Stop | RequestControl | PermittedCommand)]
    assert not permitted(tuple(writes))


@pytest.mark.parametrize("phase", [Phase.IDLE, *PHASES])
@pytest.mark.parametrize("origin", list(Origin))
def test_invariant_04_a_stop_is_accepted_and_emitted_in_every_phase(phase: Phase, origin: Origin) -> None:
    """In every phase, from every origin, again and again: written in the same call, or as soon as there is a link."""
    w = at(phase)
    for _ in range(3):
        before = len(w.sent(Stop))
        w.feed(Request(Verb.STOP, origin, id="s"))
        if w.engine.state(w.now_ns).link_up:
            assert len(w.sent(Stop)) == before + 1
        w.run(0.05)
    assert w.run(10, lambda: w.engine.state(w.now_ns).motion in (Motion.IDLE, Motion.STANDSTILL))
    assert w.sent(Stop)
    assert w.speed == STANDSTILL


def test_invariant_04_a_stop_is_emitted_while_latched_and_while_stopping() -> None:
    """Also when a stop is latched already, verified or not."""
    w = world().walking()
    w.pull_strap()
    for _ in range(2):
        before = len(w.sent(Stop))
        w.ask(Verb.STOP)
        w.run(1)
        assert len(w.sent(Stop)) > before
        w.run(20)


@pytest.mark.parametrize("press", [ButtonSource.GPIO, ButtonSource.DECLARED])
@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STEP_ON, Phase.WALK, Phase.SLOWING, Phase.COOL_DOWN])
def test_invariant_04_a_press_on_a_moving_belt_is_a_stop(press: ButtonSource, phase: Phase) -> None:
    """Whatever the button, configured or not, and whatever the phase: on a belt that may move a press is STOP."""
    w = at(phase)
    outcome = w.feed(ButtonPress(press))
    assert isinstance(outcome.commands[0], Stop)
    assert w.trips == ["user_stop"]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    cap_kmh=st.floats(0.8, 9),
    absurd_mph=st.floats(0.5, 40),
    up=st.integers(1, 1000),
    facing=st.sampled_from(Facing),
    machine=st.builds(replace, st.just(MACHINE), fastest=st.builds(Speed.from_kmh, st.floats(1, 20))),
)
def test_invariant_05_every_set_point_respects_all_caps_and_the_ramp(
    cap_kmh: float, absurd_mph: float, up: int, facing: Facing, machine: Machine
) -> None:
    """Whatever the plan asks for, the judge finds each set-point within the strictest cap and the ramp."""
    limits = Limits(*(replace(LIMITS.backward, speed=Speed.from_kmh(cap_kmh), up_ramp_centi_kmh_per_s=up),) * 2, 600, 9)
    walk = backward((absurd_mph, 60), (0.5, 10), incline_pct=20)
    w = world(machine=machine)
    w.arm(plan(replace(walk, facing=facing), limits=limits))
    w.run(90)
    if w.starts:
        assert max(speed for _, speed in w.set_points()) <= min(Speed.from_kmh(cap_kmh), ABSOLUTE.ceiling(facing).speed)


def test_invariant_05_lost_answers_make_no_jumps() -> None:
    """Set-points that are never answered come slowly, but each within the ramp."""
    w = world().walking(plan(backward((0.5, 30), (1.2, 120))))
    w.answers = False
    w.run(60)
    assert Speed.from_kmh(1.9) in {speed for _, speed in w.set_points()}


def test_invariant_05_a_stalled_loop_earns_no_jump() -> None:
    """Half a second nobody looked is no half second of ramp saved up."""
    w = world().walking(plan(backward((0.5, 30), (1.2, 120))))
    w.run(32)
    for _ in range(10):
        w.stall(0.9)
        w.feed(Tick())
        w.run(0.3)
    speeds = [speed.centi_kmh for _, speed in w.set_points()]
    assert max(after - before for before, after in pairwise(speeds)) == MACHINE.step.centi_kmh


@pytest.mark.parametrize("slowest_kmh", [0.5, 0.8, 1.0, 1.6])
def test_invariant_06_a_bout_never_starts_above_board_speed(slowest_kmh: float) -> None:
    """The first set-point is board speed on the machine's grid, held for 15 s of walking."""
    w = world(machine=replace(MACHINE, slowest=Speed.from_kmh(slowest_kmh)))
    w.arm(plan(backward((1.2, 60))))
    w.run_to(Phase.WALK)
    at_ns = w.now_ns
    board_speed = max(Speed.from_kmh(slowest_kmh), n.BOARD_SPEED.floor_to(MACHINE.step, Speed.from_kmh(slowest_kmh)))
    w.run(14.9)
    assert {speed for _, speed in w.set_points()} == {board_speed}
    w.run(10)
    raised = [at for at, speed in w.set_points() if speed > board_speed]
    assert raised
    assert raised[0] - at_ns >= n.BOARD_HOLD_NS


def test_invariant_07_no_direction_change_without_verified_standstill_and_confirmation() -> None:
    """Between two facings: a verified stop, a level belt, three seconds of zero, an answered prompt."""
    w = world()
    w.arm(HILLY)
    w.run_to(Phase.TURN)
    stood_ns = w.now_ns
    assert w.incline == LEVEL
    w.run_to(Phase.STARTING)
    assert w.starts[1] - stood_ns >= n.STANDSTILL_SETTLED_NS - seconds(0.5)


@pytest.mark.parametrize("fault", ["obeys_stop", "writes", "telemetry"])
def test_invariant_08_a_stop_is_pursued_until_verified(fault: str) -> None:
    """A belt that disobeys, a write that hangs, a machine gone silent: written on and alarmed, until it stands."""
    w = world().walking()
    setattr(w, fault, False)
    w.pull_strap()
    w.run(40)
    assert w.engine.phase is Phase.STOPPING
    assert w.engine.state(w.now_ns).alarm
    before = len(w.sent(Stop)) + len(w.sent(Rebuild))
    w.run(10)
    assert len(w.sent(Stop)) + len(w.sent(Rebuild)) > before
    setattr(w, fault, True)
    w.run(20)
    assert w.engine.state(w.now_ns).phase is Phase.TRIPPED
    assert w.engine.state(w.now_ns).alarm is None


def test_invariant_09_every_permission_expires() -> None:
    """Each permit is good for a second; each confirmation for five: a START blocked for longer needs a new OK."""
    w = world()
    w.arm(HILLY)
    w.run_to(Phase.WALK, 100)
    assert all(0 < c.expires_ns - at <= n.PERMIT_EXPIRES_NS for at, c in w.sent(PermittedCommand))


FAULTS: tuple[Observation, ...] = (
    StrapLine(closed=False),
    MachineStatus(MachineEvent.STOPPED_BY_KEY),
    MachineStatus(MachineEvent.STOPPED_BY_USER),
    MachineStatus(MachineEvent.CONTROL_LOST),
    LinkDown("gone"),
    Telemetry(Speed.from_kmh(9)),
    Telemetry(STANDSTILL),
    HeartRateSample(200),
    HeartRateSample(0, contact=False),
    BrokerLink(up=False),
    MarkerStored(ok=False),
)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    for_s=st.sampled_from([2, 4, 5.3, 9, 25.2, 41, 60, 75.5, 110, 130, 150]),
    faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
)
def test_invariant_10_adding_a_fault_never_makes_it_less_safe(for_s: float, faults: list[Observation]) -> None:
    """Two copies of one history, one with faults added: what the faulty one permits next, the other permits, too."""
    base = _at_time(for_s)
    good, bad = copy.deepcopy(base.engine), copy.deepcopy(base.engine)
    now_ns = base.now_ns + seconds(0.05)
    for fault in faults:
        bad.handle(fault, now_ns)
    for _ in range(20):
        now_ns += n.TICK_NS
        well, ill = good.handle(Tick(), now_ns), bad.handle(Tick(), now_ns)
        ceiling = good.state(now_ns).target or STANDSTILL
        for command in permitted(ill.commands):
            assert not isinstance(command.action, Start)
            assert not isinstance(command.action, SetSpeed) or command.action.speed <= ceiling
        if any(isinstance(c, Stop) for c in well.commands):
            assert bad.state(now_ns).motion is not Motion.MOVING


@cache
def _at_time(for_s: float) -> World:
    w = world()
    w.arm(plan(backward((0.5, 30), (1.0, 60)), backward((0.5, 30))))
    w.run(for_s)
    return w


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("phase", [Phase.WALK, Phase.STEP_ON])
def test_invariant_11_no_request_raises_a_limit(verb: Verb, phase: Phase) -> None:
    """Whatever is asked over MQTT, with whatever in it, the belt gets no faster than without it."""
    w = at(phase)
    fast = plan(forward((4.0, 600)), limits=ABSOLUTE)
    request = Request(verb, Origin.MQTT, plan=fast, trim=Speed.from_kmh(5), answer="fine", prompt_id="board-1")
    w.feed(request)
    w.run(30)
    assert max(speed for _, speed in w.set_points()) == n.BOARD_SPEED


WALKER = Walker.model_validate({
    "level": 3, "age": 40, "comfortable_pace": "3.5 mph", "heart_rate": "limits", "heart_rate_soft_bpm": 150,
    "heart_rate_hard_bpm": 165,
})  # fmt: skip
LIBRARY = load_library([shipped_programs()])


@pytest.mark.parametrize("program", ["first-20s", "gentle-hill"])
def test_invariant_12_shipped_programs_end_without_a_trip(program: str) -> None:
    """On the ideal belt a program of each kind runs to its clean end (all of them: the simulation)."""
    w = world(start_delay_s=3.0)
    w.arm(plan_for(LIBRARY.find(program), WALKER))
    assert w.run(4000, lambda: bool(w.said(WorkoutEnded)))
    assert w.said(WorkoutEnded)[0].ending is Ending.COMPLETED
    assert not w.said(Tripped)


def test_invariant_13_outside_a_session_nothing_is_written() -> None:
    """Idle, with a link or without, whatever is observed: not one command; the judge watches the rest."""
    w = world()
    w.find_link()
    for fault in FAULTS:
        w.feed(fault)
        w.run(1)
    w.feed(StrapLine(closed=True))
    w.press()
    w.run(5)
    assert w.commands == []


def test_invariant_13_but_for_an_explicit_stop() -> None:
    """An explicit stop connects, writes until the belt is seen to stand, and lets go."""
    w = world(speed=Speed.from_kmh(12), goal=Speed.from_kmh(12))
    w.ask(Verb.STOP)
    w.run(30)
    assert w.speed == STANDSTILL
    assert not w.linked
    assert not permitted(tuple(c for _, c in w.commands))


def test_inclines_stay_between_level_and_the_cap() -> None:
    """A belt that somebody left a little beyond the caps is brought within them; others do not start."""
    for left_at in (-0.5, 3.5):
        w = world(incline=Incline.from_pct(left_at))
        w.arm(HILLY)
        w.run_to(Phase.WALK)
        inclines = [c.action.incline for _, c in w.sent(PermittedCommand) if isinstance(c.action, SetIncline)]
        assert inclines
        assert all(LEVEL <= incline <= LIMITS.forward.incline for incline in inclines)


def test_an_hour_is_walked_in_seconds() -> None:
    """Sixty minutes at ten ticks a second and four frames a second: the engine keeps no growing record."""
    limits = replace(LIMITS, backward_s=1800, session_s=7200)
    w = world()
    w.arm(plan(*[forward((1.0, 300), (1.5, 300))] * 6, limits=limits))
    w.run(3600)
    assert w.trips == []
    assert w.now_ns >= seconds(4600)
    assert len(w.starts) >= 5


def test_the_strap_of_other_tiers_is_not_waited_for() -> None:
    """Where no strap line is configured, an open line means nothing."""
    w = world(replace(SETTINGS, strap=StrapTier.REPORTED), willing=True)
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.SOCKET, plan=TWO_BOUTS))
    w.press()
    w.feed(Request(Verb.ARM, Origin.SOCKET))
    w.run_to(Phase.WALK)
    w.pull_strap()
    w.run(5)
    assert w.trips == []

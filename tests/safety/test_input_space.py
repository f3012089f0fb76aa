"""The whole input space: every byte that may leave for the control point, and what a machine may say.

Frames go through the decoders of the real connection, which leaves few different observations; each of those goes to
the engine in every motion. Together: every frame in every state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from retrowalk.model.commands import (
    Command,
    PermittedCommand,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    Stop,
)
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.observations import Answer, Answered, MachineEvent, MachineStatus, Observation, Tick, Written
from retrowalk.model.plan import ABSOLUTE
from retrowalk.model.reports import Motion, Phase, Report
from retrowalk.model.requests import Verb
from retrowalk.model.units import LEVEL, Incline, Speed, seconds
from retrowalk.treadmill.connection import Connection
from retrowalk.treadmill.control_point import ControlPoint, Refused
from support.ideal_belt import MACHINE, World, backward, plan, world

BYTES = range(256)
LENGTHS = range(21)
FILLINGS = (0x00, 0x01, 0x02, 0x7F, 0xFF)

# -- what may leave

FAST = ABSOLUTE.forward.speed.centi_kmh
STEEP = ABSOLUTE.forward.incline.tenths_pct
MACHINES = (
    MACHINE,
    replace(MACHINE, slowest=Speed(1), step=Speed(1), incline=InclineRange(Incline(-30), Incline(150), Incline(1))),
    replace(MACHINE, slowest=Speed(97), step=Speed(16), incline=None),
)
SET_POINTS: tuple[SetSpeed | SetIncline, ...] = (
    *(SetSpeed(Speed(centi_kmh)) for centi_kmh in (*range(-2, FAST + 3), 0x7FFF, 0xFFFF, 0x10000)),
    *(SetIncline(Incline(tenths_pct)) for tenths_pct in (-0x8000, *range(-32, STEEP + 3), 0x7FFF, 0x8000)),
)


def lawful(frame: bytes) -> bool:
    """Tell whether a frame is one of the five that may ever be written, within the absolute caps."""
    match list(frame):
        case [0x00] | [0x07] | [0x08, 0x01]:
            return True
        case [0x02, low, high]:
            return low | high << 8 <= FAST
        case [0x03, low, high]:
            return low | high << 8 <= STEEP
        case _:
            return False


def frames() -> Iterator[bytes]:
    """Yield every op code in every length from 0 to 20, with parameters that mean something and that do not."""
    yield b""
    for opcode in BYTES:
        yield bytes([opcode])
        for length in LENGTHS[2:]:
            yield from (bytes([opcode, filling, *[0] * (length - 2)]) for filling in FILLINGS)


def test_few_frames_are_lawful() -> None:
    """Of 256 op codes × lengths 0 to 20, the predicate that the next tests lean on accepts five in one length each."""
    assert {(frame[0], len(frame)) for frame in frames() if lawful(frame)} == {(0, 1), (2, 3), (3, 3), (7, 1), (8, 2)}


def fresh(machine: Machine) -> ControlPoint:
    """A link on which nothing was written."""
    return ControlPoint(machine)


def started(machine: Machine) -> ControlPoint:
    """A link after START."""
    point = ControlPoint(machine)
    point.request(PermittedCommand(1, Start(), 1), 0)
    return point


def stopped(machine: Machine) -> ControlPoint:
    """A link after START and Stop."""
    point = started(machine)
    point.stop(2)
    return point


def in_control(machine: Machine) -> ControlPoint:
    """A link after a Stop, on which the machine granted control."""
    point = stopped(machine)
    point.answered(b"\x80\x00\x01")
    return point


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("state", [fresh, started, stopped, in_control])
def test_what_leaves_is_lawful(state: Callable[[Machine], ControlPoint], machine: Machine) -> None:
    """Every set-point around and far beyond the caps, in each state of the gate: lawful bytes, or none."""
    left = set()
    for action in SET_POINTS:
        with suppress(Refused):
            left.add(state(machine).request(PermittedCommand(3, action, 1), 0).frame)
    assert all(lawful(frame) for frame in left)
    expected = {0x02, 0x03} if machine.incline else {0x02}
    assert {frame[0] for frame in left} == (expected if state is started else set())
    for alone in (False, True):
        assert {request.frame for request in state(machine).stop(4, alone=alone)} <= {b"\x00", b"\x08\x01"}
    assert state(machine).request(RequestControl(5), 0).frame == b"\x00"


@pytest.mark.parametrize("state", [fresh, started, stopped, in_control])
@pytest.mark.parametrize("action", [Start(), SetSpeed(Speed(80)), SetIncline(LEVEL)])
def test_an_expired_permit_never_leaves(state: Callable[[Machine], ControlPoint], action: Any) -> None:
    """Neither at its end nor after it, in no state."""
    for now_ns in (1, 2, seconds(3600)):
        with pytest.raises(Refused, match="expired"):
            state(MACHINE).request(PermittedCommand(3, action, 1), now_ns)


# -- what a machine may say

EVENTS: dict[tuple[int, int | None], MachineEvent] = {
    (0x01, None): MachineEvent.RESET,
    (0x02, 0x01): MachineEvent.STOPPED_BY_USER,
    (0x02, 0x02): MachineEvent.PAUSED_BY_USER,
    (0x03, None): MachineEvent.STOPPED_BY_KEY,
    (0x04, None): MachineEvent.STARTED_BY_USER,
    (0x05, None): MachineEvent.TARGET_SPEED_CHANGED,
    (0x06, None): MachineEvent.TARGET_INCLINE_CHANGED,
    (0xFF, None): MachineEvent.CONTROL_LOST,
}
OUR_NUMBERS = {0x00: 1, 0x02: 2, 0x03: 3, 0x07: 4, 0x08: 5}


def connection() -> tuple[Connection, list[Observation]]:
    """A connection without a radio on which each kind of command waits for its answer, and what it tells."""
    told: list[Observation] = []
    wire: Any = SimpleNamespace(end=None, ended=None, client=None, over=False)
    made = Connection(wire, told.append, lambda: 0)
    made.machine, made._early = MACHINE, None
    made._control_point = point = started(MACHINE)
    waiting = (
        RequestControl(OUR_NUMBERS[0x00]),
        PermittedCommand(OUR_NUMBERS[0x07], Start(), 1),
        PermittedCommand(OUR_NUMBERS[0x02], SetSpeed(Speed(80)), 1),
        PermittedCommand(OUR_NUMBERS[0x03], SetIncline(LEVEL), 1),
    )
    for command in waiting:
        point.written(point.request(command, 0), 0)
    point.written(point.stop(OUR_NUMBERS[0x08], alone=True)[0], 0)
    return made, told


def test_every_status_frame_is_one_of_few_events() -> None:
    """256 op codes × lengths 0 to 20: the listed ones are what they are, all others nothing; none raises."""
    link, told = connection()
    for frame in frames():
        told.clear()
        link._on_status(None, bytearray(frame))  # type: ignore[arg-type]  # no radio
        listed = (
            {EVENTS[key] for key in ((frame[0], None), (frame[0], frame[1] if frame[1:] else -1)) if key in EVENTS}
            if frame
            else set()
        )
        events = {observation.event for observation in told if isinstance(observation, MachineStatus)}
        assert len(told) == len(events) <= 1
        assert events <= (listed or {MachineEvent.OTHER}), frame.hex()
        assert not listed or events == listed or (frame[0] in (0x05, 0x06) and len(frame) < 3), frame.hex()


def answers() -> Iterator[bytes]:
    """Yield every request × every result in one length, and every length of some."""
    yield from (bytes([0x80, request, result]) for request in BYTES for result in BYTES)
    for first in BYTES:
        for length in LENGTHS:
            yield from (bytes([first, second, 0x01, *[0xFF] * 17])[:length] for second in (*OUR_NUMBERS, 0x42, 0x80))


def test_every_answer_is_for_the_command_that_asked() -> None:
    """Request × result, and 256 op codes × lengths 0 to 20: an answer with a code to what we asked, or nothing."""
    heard = set()
    link, told = connection()
    for frame in answers():
        link._on_answer(None, bytearray(frame))  # type: ignore[arg-type]  # no radio
        for observation in told:
            assert isinstance(observation, Answered)
            assert frame[0] == 0x80
            assert observation.number == OUR_NUMBERS[frame[1]]
            assert observation.answer is list(Answer)[frame[2] - 1]
            heard.add((observation.number, observation.answer))
        assert link._control_point.held <= (frame[:3] == b"\x80\x00\x01")
        assert link._control_point._stopped
        if told:
            link, told = connection()
    assert heard == {(number, answer) for number in OUR_NUMBERS.values() for answer in Answer}


# -- what the engine makes of it

PROGRAM = plan(backward((0.5, 30), (1.2, 60)))


def idle() -> World:
    """Nobody armed."""
    return world()


def linked() -> World:
    """Armed; the machine was found, and nobody is there yet."""
    w = world(willing=False)
    w.arm(PROGRAM)
    w.run(2)
    return w


def at_the_prompt() -> World:
    """A session; the belt stands, and the prompt to board is open."""
    w = world(willing=False)
    w.arm(PROGRAM)
    w.press()
    w.run_to(Phase.BOARD)
    w.run(5)
    return w


def boarding() -> World:
    """START was permitted; the belt does not move yet."""
    w = world(start_delay_s=60.0)
    w.arm(PROGRAM)
    assert w.run(60, lambda: bool(w.starts))
    return w


def walking() -> World:
    """At board speed."""
    return world().walking(PROGRAM)


def ramping() -> World:
    """On the way up to the second stage."""
    w = walking()
    assert w.run(60, lambda: w.speed > Speed(100))
    return w


def slowing() -> World:
    """On a planned way down."""
    w = ramping()
    w.ask(Verb.END)
    w.run(0.5)
    return w


def stopping() -> World:
    """A Stop was demanded, and the belt runs on."""
    w = walking()
    w.obeys_stop = False
    w.ask(Verb.STOP)
    w.run(1)
    return w


def tripped() -> World:
    """Latched, at standstill."""
    w = walking()
    w.pull_strap()
    w.run(30)
    return w


STATES = {
    idle: Motion.IDLE,
    linked: Motion.IDLE,
    at_the_prompt: Motion.STANDSTILL,
    boarding: Motion.BOARDING,
    walking: Motion.MOVING,
    ramping: Motion.MOVING,
    slowing: Motion.MOVING,
    stopping: Motion.STOPPING,
    tripped: Motion.IDLE,
}
RUNNING = {Motion.BOARDING, Motion.MOVING}
EFFECTS: dict[MachineEvent, set[Motion]] = {
    MachineEvent.STOPPED_BY_KEY: {*RUNNING, Motion.STANDSTILL, Motion.IDLE},
    MachineEvent.CONTROL_LOST: {*RUNNING, Motion.STANDSTILL},
    MachineEvent.STOPPED_BY_USER: RUNNING,
    MachineEvent.PAUSED_BY_USER: RUNNING,
}
"""Which events do anything at all, and in which motions: stop what runs, keep what stands from starting."""

type Seen = tuple[list[tuple[int, Command]], list[tuple[int, Report]]]


def after(state: World, observation: Observation, for_s: float = 3) -> tuple[World, Seen]:
    """Tell a copy of a world something, let time pass, and return what it commanded and said since."""
    w = deepcopy(state)
    before = len(w.commands), len(w.reports)
    w.feed(observation)
    w.run(for_s)
    return w, (w.commands[before[0] :], w.reports[before[1] :])


@pytest.mark.parametrize(("make", "motion"), STATES.items(), ids=[state.__name__ for state in STATES])
def test_a_status_stops_or_does_nothing(make: Callable[[], World], motion: Motion) -> None:
    """In every state, an event without an effect leaves no trace in three seconds; one with an effect moves no belt."""
    state = make()
    assert state.engine.state(state.now_ns).motion is motion
    _, nothing = after(state, Tick())
    for event in MachineEvent:
        w, seen = after(state, MachineStatus(event))
        if motion not in EFFECTS.get(event, ()):
            assert seen == nothing, event
        elif motion in RUNNING:
            assert stops_at_once(seen[0]), event
        assert moves(seen[0]) <= moves(nothing[0]), event
        assert w.speed <= max(state.speed, highest(nothing[0]))


def stops_at_once(commands: list[tuple[int, Command]]) -> bool:
    """Tell whether a Stop comes first, and nothing that moves a belt after it."""
    return isinstance(commands[0][1], Stop) and not moves(commands)


def moves(commands: list[tuple[int, Command]]) -> set[tuple[int, Any]]:
    """Return what moves a belt, and when."""
    return {(at_ns, command.action) for at_ns, command in commands if isinstance(command, PermittedCommand)}


def highest(commands: list[tuple[int, Command]]) -> Speed:
    """Return the highest set-point."""
    return max((action.speed for _, action in moves(commands) if isinstance(action, SetSpeed)), default=Speed(0))


@pytest.mark.parametrize(("make", "motion"), STATES.items(), ids=[state.__name__ for state in STATES])
def test_an_answer_starts_nothing_and_permits_nothing_of_its_own(make: Callable[[], World], motion: Motion) -> None:
    """In every state, each answer to numbers of the past and the future: no START, nothing above what is wished."""
    state = make()
    numbers = {getattr(command, "number", 0) for _, command in state.commands}
    last = max(numbers, default=0)
    near = (*range(last - 2, last + 2), 0, 1 << 40)
    unanswered, nothing = after(state, Tick())
    limit = max(highest(nothing[0]), highest(state.commands), unanswered.speed)
    for number in near:
        told: tuple[Observation, ...] = (*(Answered(number, answer) for answer in Answer), Written(number))
        for observation in told:
            w, seen = after(state, observation)
            actions = [action for _, action in moves(seen[0])]
            assert not any(isinstance(action, Start) for action in actions)
            assert highest(seen[0]) <= limit, observation
            assert w.speed <= max(limit, unanswered.speed), observation
            assert motion in RUNNING or not actions

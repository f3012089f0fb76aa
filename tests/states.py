"""A state to publish, and the instants to publish it at."""

from __future__ import annotations

from typing import Final

import pytest

from retrowalk.messages import Stamp
from retrowalk.model.machine import Machine
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Fault, Kind, Motion, Phase, Prompt, PromptKind, State, Trip
from retrowalk.model.units import Incline, Speed, seconds

STAMP: Final = Stamp(wall_s=1_800_000_000.1234, monotonic_ns=seconds(100))


FULL_STATE: Final = State(
    phase=Phase.WALK,
    motion=Motion.MOVING,
    latched=True,
    trip=Trip("strap_open", "The strap was pulled.", "Clip it, then reset.", seconds(97.5), Speed(80), 111),
    faults=(Fault("heart_rate_soft", Kind.EASE, "Heart rate is high.", "It slows down."),),
    prompt=Prompt("p7", PromptKind.BOARD, "On the side boards: press OK", seconds(90)),
    cue="Short steps",
    alarm="Hold on",
    program="first-20s",
    title="First steps",
    facing=Facing.BACKWARD,
    bout=2,
    bouts=6,
    stage=1,
    stages=1,
    segment_left_s=12.4,
    session_left_s=300.6,
    progress=0.333,
    link_up=True,
    machine=Machine("AA:BB:CC:DD:EE:FF", "Treadmill", Speed(80), Speed(1600), Speed(10)),
    speed=Speed(80),
    target=Speed(80),
    limit=Speed(160),
    incline=Incline(15),
    distance_m=123,
    elapsed_s=65,
    energy_kcal=7,
    telemetry_age_s=0.249,
    heart_rate_bpm=99,
    heart_rate_soft_bpm=120,
    heart_rate_hard_bpm=140,
    strap_closed=True,
    present=True,
    loop_lag_s=0.0012,
)


IDLE_STATE: Final = State(
    phase=Phase.IDLE,
    motion=Motion.IDLE,
    latched=False,
    trip=None,
    faults=(Fault("presence", Kind.NO_ENTRY, "Nobody is at the machine.", "Press the button."),),
    prompt=None,
    cue=None,
    alarm=None,
    program=None,
    title=None,
    facing=None,
    bout=None,
    bouts=None,
    stage=None,
    stages=None,
    segment_left_s=None,
    session_left_s=None,
    progress=None,
    link_up=False,
    machine=None,
    speed=None,
    target=None,
    limit=None,
    incline=None,
    distance_m=None,
    elapsed_s=None,
    energy_kcal=None,
    telemetry_age_s=None,
    heart_rate_bpm=None,
    heart_rate_soft_bpm=None,
    heart_rate_hard_bpm=None,
    strap_closed=None,
    present=False,
    loop_lag_s=0.0,
)


@pytest.fixture
def stamp() -> Stamp:
    """Return a wall clock and a monotonic clock that have nothing in common."""
    return STAMP


@pytest.fixture
def full_state() -> State:
    """Return a session in which every field is known."""
    return FULL_STATE


@pytest.fixture
def idle_state() -> State:
    """Return a state with hands off: everything that may be unknown is unknown."""
    return IDLE_STATE

"""What will be walked: a program after every cap has been applied, ready for the session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retrowalk.model.units import Incline, Speed


class Facing(StrEnum):
    """Which way the walker faces on a belt that always runs the same way."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Gap(StrEnum):
    """Why the belt stands between two bouts."""

    REST = "rest"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Stage:
    """One segment of a bout: a target that is ramped to and held. Its clock includes the ramp."""

    speed: Speed
    incline: Incline
    duration_s: int


@dataclass(frozen=True, slots=True)
class Bout:
    """Walking without a standstill in between, in one direction, from one boarding."""

    facing: Facing
    stages: tuple[Stage, ...]

    @property
    def duration_s(self) -> int:
        """Time on the belt from step-on to the start of ramp-down."""
        return sum(stage.duration_s for stage in self.stages)

    @property
    def peak(self) -> Speed:
        """The highest target of the bout."""
        return max(stage.speed for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Interval:
    """A standstill between two bouts; its duration is the least time before the next prompt."""

    gap: Gap
    duration_s: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What no set-point of one facing may pass."""

    speed: Speed
    incline: Incline
    up_ramp_centi_kmh_per_s: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The strictest of walker, level and program; the machine and the absolute caps are applied on top at run time."""

    forward: Ceiling
    backward: Ceiling
    backward_s: int
    session_s: int

    def ceiling(self, facing: Facing) -> Ceiling:
        """Return the ceiling that holds for `facing`."""
        return self.backward if facing is Facing.BACKWARD else self.forward


ABSOLUTE: Final = Limits(
    forward=Ceiling(Speed.from_mph(4.0), Incline.from_pct(10), up_ramp_centi_kmh_per_s=20),
    backward=Ceiling(Speed.from_kmh(5.6), Incline.from_pct(10), up_ramp_centi_kmh_per_s=20),
    backward_s=30 * 60,
    session_s=60 * 60,
)
"""No setting, program or message passes these."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A program as it will really run for one walker. `intervals[i]` lies between `bouts[i]` and `bouts[i + 1]`."""

    program: str
    title: str
    level: int
    bouts: tuple[Bout, ...]
    intervals: tuple[Interval, ...]
    cues: tuple[str, ...]
    limits: Limits

    @property
    def backward(self) -> bool:
        """Some of it is walked backward."""
        return any(bout.facing is Facing.BACKWARD for bout in self.bouts)

"""Where the search takes place: machines, settings and plans with so few speeds that each one is reached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from retrowalk.model import numbers as n
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.plan import ABSOLUTE, Bout, Ceiling, Facing, Gap, Interval, Limits, Plan, Stage
from retrowalk.model.settings import EngineSettings, HeartLimits, StrapTier
from retrowalk.model.units import LEVEL, Incline, Speed

HEART: Final = HeartLimits(soft_bpm=120, hard_bpm=140)


@dataclass(frozen=True)
class World:
    """What stays the same in one search."""

    name: str
    settings: EngineSettings
    machine: Machine
    plan: Plan

    @cached_property
    def strap_matters(self) -> bool:
        """There is a strap line, which must be closed."""
        return self.settings.strap is StrapTier.LINE

    @cached_property
    def board_speed(self) -> Speed:
        """The speed that no bout may start above."""
        return max(n.BOARD_SPEED, self.machine.slowest)

    def ceiling(self, facing: Facing | None) -> Ceiling:
        """Return the strictest caps of all; not knowing the facing is the stricter one."""
        return self._ceilings[facing or Facing.BACKWARD]

    @cached_property
    def _ceilings(self) -> dict[Facing, Ceiling]:
        return {facing: self._strictest(facing) for facing in Facing}

    def _strictest(self, facing: Facing) -> Ceiling:
        plan, absolute, incline = self.plan.limits.ceiling(facing), ABSOLUTE.ceiling(facing), self.machine.incline
        return Ceiling(
            min(plan.speed, absolute.speed, self.machine.fastest),
            min(plan.incline, absolute.incline, incline.highest if incline else LEVEL),
            min(plan.up_ramp_centi_kmh_per_s, absolute.up_ramp_centi_kmh_per_s),
        )


def _machine(slowest_kmh: float, incline: InclineRange | None = None) -> Machine:
    """Return a machine whose step is what a ramp of 0.2 km/h/s makes of 0.2 s: each move reaches the next speed."""
    step = Speed(4)
    address, fastest = "C0:FF:EE:00:00:01", Speed.from_kmh(20)
    return Machine(address, "Small", Speed.from_kmh(slowest_kmh), fastest, step, incline, commissioned=True)


def _plan(speed: Speed, forward: Speed, backward: Speed, incline: Incline, level: int, *facings: Facing) -> Plan:
    bouts = tuple(Bout(facing, (Stage(speed, LEVEL, 60),)) for facing in facings)
    limits = Limits(
        forward=Ceiling(forward, incline, up_ramp_centi_kmh_per_s=20),
        backward=Ceiling(backward, incline, up_ramp_centi_kmh_per_s=20),
        backward_s=600,
        session_s=600,
    )
    return Plan("search", "Search", level, bouts, (Interval(Gap.TURN, 0),) * (len(bouts) - 1), (), limits)


TURNING: Final = World(
    "turning",
    EngineSettings(strap=StrapTier.LINE, handrails=True, without_heart_rate=True),
    _machine(0.80),
    _plan(Speed(80), Speed(88), Speed(84), LEVEL, 0, Facing.BACKWARD, Facing.FORWARD),
)
"""A strap line, two facings with different caps, no heart rate."""

HEARTY: Final = World(
    "hearty",
    EngineSettings(strap=StrapTier.REPORTED, handrails=True, heart=HEART),
    _machine(0.80),
    _plan(Speed(80), Speed(84), Speed(84), LEVEL, 2, Facing.BACKWARD),
)
"""A heart-rate strap with limits; the safety strap is the machine's own key."""

STEEP: Final = World(
    "steep",
    EngineSettings(strap=StrapTier.LINE, handrails=True, without_heart_rate=True),
    _machine(6.35, InclineRange(LEVEL, Incline.from_pct(15), Incline(1))),
    _plan(Speed(635), Speed(2000), Speed(2000), Incline(1), 0, Facing.FORWARD),
)
"""A fast machine and a careless plan, which leave the absolute caps to hold; and an incline."""

WORLDS: Final = (HEARTY, TURNING, STEEP)

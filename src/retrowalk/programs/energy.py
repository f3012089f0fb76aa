"""How much energy a walk takes, about: METs of the 2024 Adult Compendium and of the ACSM's walking equation.

The backward coefficients are fitted to four published figures: interpolation, not validation; show ±25 % with every
value. Forward, the 2024 edition has 4.8 METs at 3.5 mph where that of 2011 had 4.3.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from retrowalk.model.plan import Bout, Facing, Gap, Interval, Plan
from retrowalk.model.units import Incline, Speed

REST_METS: Final = 1.5
TURN_S: Final = 75
"""What a turn takes, from ramp-down to the next boarding, in every planned time."""

UNCERTAINTY: Final = 0.25
DEFAULT_WEIGHT_KG: Final = 70.0

_ML_PER_MET: Final = 3.5
_M_PER_MIN_PER_KMH: Final = 1000 / 60
# From 1.0, 1.2, 2.0, 2.5, 3.0, 3.5, 4.0 mph on, as km/h rounded down to 0.1 like every target
_FORWARD_FROM: Final = tuple(Speed.from_kmh(kmh) for kmh in (1.6, 1.9, 3.2, 4.0, 4.8, 5.6, 6.4))
_FORWARD_METS: Final = (2.1, 2.3, 2.8, 3.0, 3.5, 3.8, 4.8, 5.8)


def forward_mets(speed: Speed, incline: Incline) -> float:
    """Return the METs of walking forward: the Compendium's, uphill at least those of the ACSM's equation."""
    level = _FORWARD_METS[bisect_right(_FORWARD_FROM, speed)]
    return max(level, _equation(0.1, 1.8, speed, incline)) if incline.tenths_pct > 0 else level


def backward_mets(speed: Speed, incline: Incline) -> float:
    """Return the METs of walking backward: fitted, and never below walking forward at that speed."""
    level = _FORWARD_METS[bisect_right(_FORWARD_FROM, speed)]
    return max(_equation(0.186, 1.6, speed, incline), level)


def _equation(per_speed: float, per_climb: float, speed: Speed, incline: Incline) -> float:
    """Return METs from oxygen uptake in ml/kg/min: rest + horizontal + vertical part."""
    v_m_per_min = speed.kmh * _M_PER_MIN_PER_KMH
    grade = incline.pct / 100
    return (_ML_PER_MET + per_speed * v_m_per_min + per_climb * v_m_per_min * grade) / _ML_PER_MET


def kcal(mets: float, weight_kg: float, duration_s: float) -> float:
    """Return METs × kg × hours."""
    return mets * weight_kg * duration_s / 3600


def interval_s(interval: Interval) -> int:
    """Return the planned time of a standstill; a turn counts at least 75 s."""
    return max(interval.duration_s, TURN_S) if interval.gap is Gap.TURN else interval.duration_s


def plan_kcal(plan: Plan, weight_kg: float = DEFAULT_WEIGHT_KG) -> float:
    """Return the energy of all bouts and of the standstills between them, about, ±25 %."""
    standing_s = sum(interval_s(interval) for interval in plan.intervals)
    return sum(_bout_kcal(bout, weight_kg) for bout in plan.bouts) + kcal(REST_METS, weight_kg, standing_s)


def _bout_kcal(bout: Bout, weight_kg: float) -> float:
    mets = backward_mets if bout.facing is Facing.BACKWARD else forward_mets
    return sum(kcal(mets(stage.speed, stage.incline), weight_kg, stage.duration_s) for stage in bout.stages)

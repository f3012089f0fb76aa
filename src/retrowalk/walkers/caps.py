"""The caps of backward walking, one row a level. No program, walker or message passes its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from retrowalk.model.plan import ABSOLUTE
from retrowalk.model.units import Incline, Speed

type Level = Literal[0, 1, 2, 3, "clinic"]

RESOLUTION: Final = Speed.from_kmh(0.1)
"""Caps and targets are rounded down to this; it is the step of most treadmills."""

FORWARD_WITHOUT_PACE: Final = Speed.from_mph(1.5).floor_to(RESOLUTION)
"""How fast somebody walks forward whose comfortable pace nobody measured: the fastest warm-up of level 0."""

CAREFUL_AGE: Final = 65
BACKWARD_TEST_PASSED_S: Final = 3.5
"""The longest time for 3 m backward that opens the rows marked "tested"."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What one level allows backward. `pace_percent`: of the comfortable forward pace; None = no such share."""

    speed: Speed
    pace_percent: int | None
    incline: Incline
    mets: float
    up_ramp_centi_kmh_per_s: int
    up_step: Speed
    bout_s: int
    backward_s: int
    session_s: int


@dataclass(frozen=True, slots=True)
class CarefulCaps:
    """The speed cap from 65 years on, or after a fall within a year. None = the level is locked."""

    untested: Speed | None
    tested: Speed | None


def _kmh(kmh: float) -> Speed:
    return Speed.from_kmh(kmh)


def _pct(pct: float) -> Incline:
    return Incline.from_pct(pct)


_STEP_GENTLE: Final = Speed.from_mph(0.3)
_STEP: Final = Speed.from_mph(0.5)
_MIN: Final = 60

CAPS: Final[dict[Level, Caps]] = {
    #         speed      share  incline    METs ramp  up step      bout      backward  session
    0: Caps(_kmh(1.6), 50, _pct(0), 3.0, 10, _STEP_GENTLE, 2 * _MIN, 5 * _MIN, 20 * _MIN),
    1: Caps(_kmh(2.0), 50, _pct(0), 3.5, 10, _STEP_GENTLE, 10 * _MIN, 10 * _MIN, 35 * _MIN),
    2: Caps(_kmh(3.2), 70, _pct(3), 4.5, 15, _STEP, 10 * _MIN, 15 * _MIN, 40 * _MIN),
    3: Caps(_kmh(4.8), 100, _pct(5), 6.5, 20, _STEP, 10 * _MIN, 20 * _MIN, 45 * _MIN),
    "clinic": Caps(
        speed=ABSOLUTE.backward.speed,
        pace_percent=None,
        incline=ABSOLUTE.backward.incline,
        mets=8.2,
        up_ramp_centi_kmh_per_s=ABSOLUTE.backward.up_ramp_centi_kmh_per_s,
        up_step=_STEP,
        bout_s=30 * _MIN,
        backward_s=ABSOLUTE.backward_s,
        session_s=ABSOLUTE.session_s,
    ),
}

CAREFUL_CAPS: Final[dict[Level, CarefulCaps]] = {
    0: CarefulCaps(untested=_kmh(1.2), tested=_kmh(1.2)),
    1: CarefulCaps(untested=_kmh(1.6), tested=CAPS[1].speed),
    2: CarefulCaps(untested=None, tested=CAPS[2].speed),
    3: CarefulCaps(untested=None, tested=None),
    "clinic": CarefulCaps(untested=CAPS["clinic"].speed, tested=CAPS["clinic"].speed),
}

"""The interlock's parts on a bench: readings with which everything is permitted, for tests to spoil."""

from __future__ import annotations

from dataclasses import replace

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.observations import HeartRateSample, Telemetry
from retrowalk.model.plan import Plan
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import LEVEL, STANDSTILL, Speed, seconds
from support.ideal_belt import LIMITS, MACHINE, SETTINGS, TWO_BOUTS

NOW = seconds(1000)
PLAN = TWO_BOUTS


def standing(now_ns: int = NOW) -> Belt:
    """Return a belt that is verified to stand."""
    belt = Belt()
    for at_ns in (now_ns - seconds(1), now_ns):
        belt.hear(Telemetry(STANDSTILL, LEVEL, elapsed_s=0), at_ns)
    return belt


def moving(speed: Speed = n.BOARD_SPEED, now_ns: int = NOW) -> Belt:
    """Return a belt that runs."""
    belt = Belt()
    for age_s, elapsed_s in ((1.0, 7), (0.0, 8)):
        belt.hear(Telemetry(speed, LEVEL, elapsed_s=elapsed_s), now_ns - seconds(age_s))
    return belt


def settled_heart(settings: EngineSettings = SETTINGS, now_ns: int = NOW) -> HeartRateFilter:
    """Return a filter that has heard good samples."""
    heart = HeartRateFilter(settings.heart)
    for age_s in (3, 2, 1, 0):
        heart.hear(HeartRateSample(90 + age_s), now_ns - seconds(age_s))
    return heart


def good_readings(settings: EngineSettings = SETTINGS, plan: Plan = PLAN) -> Readings:
    """Return readings at NOW with which no rule is broken at standstill."""
    r = Readings(settings, settled_heart(settings))
    r.belt, r.machine, r.plan = standing(), MACHINE, plan
    r.linked_ns = r.strap_ns = NOW - seconds(10)
    r.strap_closed, r.presence_ns, r.marker_stored = True, NOW, True
    r.strap_proven_ns = NOW - seconds(10)
    r.started_ns, r.highest = NOW - seconds(5), n.BOARD_SPEED
    return r


def at_level(level: int) -> Plan:
    """Return a backward plan of a level."""
    return replace(PLAN, level=level, limits=LIMITS)

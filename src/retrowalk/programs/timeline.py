"""Speed and incline over time, ramps included: what a drawing of a plan shows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest

from retrowalk.model.numbers import (
    BOARD_HOLD_NS,
    BOARD_SPEED,
    DOWN_RAMP_CENTI_KMH_PER_S,
    INCLINE_RAMP_TENTHS_PER_S,
)
from retrowalk.model.plan import Bout, Facing, Gap, Plan
from retrowalk.model.units import NS_PER_S
from retrowalk.programs.energy import interval_s

type Line = tuple[tuple[float, float], ...]
"""Corners of a polyline: seconds since the first step-on, and a value."""


@dataclass(frozen=True, slots=True)
class BoutLine:
    """One bout, from step-on to the standstill after it. Speed in km/h, incline in percent."""

    facing: Facing
    start_s: float
    end_s: float
    speed: Line
    incline: Line


@dataclass(frozen=True, slots=True)
class GapSpan:
    """One planned standstill."""

    gap: Gap
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole plan over time."""

    bouts: tuple[BoutLine, ...]
    gaps: tuple[GapSpan, ...]

    @property
    def end_s(self) -> float:
        """When the last bout is over."""
        return self.bouts[-1].end_s


@dataclass(slots=True)
class _Ramped:
    """A polyline in the making, in protocol units; rates are units a second."""

    corners: list[tuple[float, float]]
    up: float
    down: float

    def ramp(self, start_s: float, target: float, end_s: float) -> None:
        """Hold until `start_s`, then ramp to `target`, as far as the time until `end_s` suffices."""
        now_s, value = self.corners[-1]
        start_s = max(start_s, now_s)
        rate = self.up if target > value else self.down
        needed_s = abs(target - value) / rate
        share = min(1.0, (end_s - start_s) / needed_s) if needed_s else 1.0
        self.corners += [(start_s, value), (start_s + share * needed_s, value + share * (target - value))]

    def line(self, per_unit: float) -> Line:
        """Return the corners in units of which `per_unit` protocol units make one, repeated corners once."""
        return tuple((at_s, value / per_unit) for at_s, value in dict.fromkeys(self.corners))


def timeline(plan: Plan) -> Timeline:
    """Lay `plan` out in time, a turn taking 75 s."""
    lines, gaps = [], []
    now_s = 0.0
    for bout, interval in zip_longest(plan.bouts, plan.intervals):
        lines.append(_bout_line(bout, now_s, plan.limits.ceiling(bout.facing).up_ramp_centi_kmh_per_s))
        now_s += bout.duration_s
        if interval:
            gaps.append(GapSpan(interval.gap, now_s, now_s + interval_s(interval)))
            now_s += interval_s(interval)
    return Timeline(tuple(lines), tuple(gaps))


def _bout_line(bout: Bout, start_s: float, up_ramp: int) -> BoutLine:
    board = float(BOARD_SPEED.centi_kmh)
    speed = _Ramped([(start_s, 0.0), (start_s, board)], float(up_ramp), DOWN_RAMP_CENTI_KMH_PER_S)
    incline = _Ramped([(start_s, 0.0)], INCLINE_RAMP_TENTHS_PER_S, INCLINE_RAMP_TENTHS_PER_S)
    now_s, moving_s = start_s, start_s + BOARD_HOLD_NS / NS_PER_S
    for stage in bout.stages:
        end_s = now_s + stage.duration_s
        speed.ramp(max(now_s, moving_s), stage.speed.centi_kmh, end_s)
        incline.ramp(max(now_s, moving_s), stage.incline.tenths_pct, end_s)
        now_s = end_s
    for line in (speed, incline):
        line.ramp(now_s, 0, now_s + 60)
    return BoutLine(bout.facing, start_s, now_s, speed.line(100), incline.line(10))


def value_at(line: Line, at_s: float) -> float:
    """Return the value of `line` at `at_s`, 0 outside of it."""
    for (start_s, before), (end_s, after) in pairwise(line):
        if start_s <= at_s < end_s:
            return before + (after - before) * (at_s - start_s) / (end_s - start_s)
    return 0.0

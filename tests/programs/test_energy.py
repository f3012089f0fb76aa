from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.model.plan import ABSOLUTE, Bout, Facing, Gap, Interval, Plan, Stage
from retrowalk.model.units import LEVEL, Incline, Speed
from retrowalk.programs.energy import backward_mets, forward_mets, interval_s, kcal, plan_kcal

SPEEDS = st.integers(80, 560).map(Speed)
INCLINES = st.integers(0, 100).map(Incline)


@pytest.mark.parametrize(
    ("mph", "incline_pct", "expected_kcal", "within"), [(3.5, 0, 64, 1), (3.5, 5, 85, 3), (2.5, 10, 83, 3)]
)
def test_backward_energy_meets_the_published_figures(
    mph: float, incline_pct: float, expected_kcal: float, within: float
) -> None:
    """Ten minutes at 64 kg."""
    mets = backward_mets(Speed.from_mph(mph), Incline.from_pct(incline_pct))
    assert kcal(mets, 64, 600) == pytest.approx(expected_kcal, abs=within)


def test_the_forward_check_point_holds_with_the_2011_edition() -> None:
    """46 kcal in ten minutes at 64 kg is 4.3 METs; the edition in use has 4.8 at that speed."""
    assert kcal(4.3, 64, 600) == pytest.approx(46, abs=1)
    assert forward_mets(Speed.from_mph(3.5), LEVEL) == 4.8


@pytest.mark.parametrize(
    ("mph", "mets"),
    [
        (0.5, 2.1),
        (1.0, 2.3),
        (1.1, 2.3),
        (1.2, 2.8),
        (1.9, 2.8),
        (2.0, 3.0),
        (2.5, 3.5),
        (3.0, 3.8),
        (3.5, 4.8),
        (4, 5.8),
    ],
)
def test_forward_walking_has_the_compendiums_mets(mph: float, mets: float) -> None:
    """Every band, also for speeds that were rounded down to 0.1 km/h."""
    speed = Speed.from_mph(mph)
    assert forward_mets(speed, LEVEL) == forward_mets(speed.floor_to(Speed(10)), LEVEL) == mets


@given(SPEEDS, INCLINES)
def test_backward_never_costs_less_than_forward_on_the_level(speed: Speed, incline: Incline) -> None:
    """Backward walking is at least as hard, and an incline never makes either easier."""
    assert backward_mets(speed, incline) >= backward_mets(speed, LEVEL) >= forward_mets(speed, LEVEL)
    assert forward_mets(speed, incline) >= forward_mets(speed, LEVEL)


def test_a_plan_costs_its_bouts_and_its_standstills() -> None:
    """Each bout by its facing, standing at 1.5 METs, a turn counted as 75 s at least."""
    minute = Stage(Speed(80), LEVEL, 60)
    bouts = (Bout(Facing.FORWARD, (minute,)), Bout(Facing.BACKWARD, (minute,)), Bout(Facing.BACKWARD, (minute,)))
    intervals = (Interval(Gap.TURN, 0), Interval(Gap.REST, 45))
    plan = Plan("p", "P", 0, bouts, intervals, (), ABSOLUTE)
    backward = backward_mets(Speed(80), LEVEL)
    assert plan_kcal(plan, 60) == pytest.approx(2.1 + 2 * backward + 1.5 * (75 + 45) / 60)


@pytest.mark.parametrize(
    ("interval", "planned_s"),
    [(Interval(Gap.TURN, 0), 75), (Interval(Gap.TURN, 120), 120), (Interval(Gap.REST, 15), 15)],
)
def test_a_turn_takes_75_seconds_unless_more_is_asked(interval: Interval, planned_s: int) -> None:
    """A rest takes what it says."""
    assert interval_s(interval) == planned_s

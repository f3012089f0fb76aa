from __future__ import annotations

import pytest

from retrowalk.model.plan import ABSOLUTE, Bout, Facing, Gap, Interval, Plan, Stage
from retrowalk.model.units import LEVEL, Incline, Speed
from retrowalk.programs import Program, load_library, plan_for, shipped_programs
from retrowalk.programs.timeline import timeline, value_at
from retrowalk.walkers import Walker

LIBRARY = load_library([shipped_programs()])
BOUT = Bout(Facing.BACKWARD, (Stage(Speed(120), LEVEL, 60), Stage(Speed(120), Incline(20), 60)))
PLAN = Plan("p", "P", 3, (BOUT, BOUT), (Interval(Gap.TURN, 0),), (), ABSOLUTE)


def test_a_bout_boards_holds_ramps_and_comes_to_a_standstill() -> None:
    """15 s at board speed, up by 0.2 km/h a second, down by 0.3 after the last stage."""
    first = timeline(PLAN).bouts[0]
    assert first.speed == ((0, 0), (0, 0.8), (15, 0.8), (17, 1.2), (60, 1.2), (120, 1.2), (124, 0))
    assert value_at(first.speed, 16) == pytest.approx(1.0)
    assert value_at(first.speed, 300) == 0


def test_the_incline_ramps_by_half_a_percent_a_second_and_ends_level() -> None:
    """Two percent takes four seconds, up and down."""
    first = timeline(PLAN).bouts[0]
    assert first.incline[-4:] == ((60, 0), (64, 2), (120, 2), (124, 0))


def test_bouts_and_standstills_follow_each_other_without_a_gap() -> None:
    """A turn takes 75 s on the drawing."""
    drawn = timeline(PLAN)
    assert (drawn.gaps[0].start_s, drawn.gaps[0].end_s, drawn.bouts[1].start_s, drawn.end_s) == (120, 195, 195, 315)


@pytest.mark.parametrize("program", LIBRARY.programs.values(), ids=lambda program: program.id)
def test_no_ramp_of_a_shipped_program_is_cut_short(program: Program) -> None:
    """Every bout is long enough to reach its fastest target at the level's ramp."""
    plan = plan_for(program, Walker(level=3, age=40, comfortable_pace=Speed(640)))
    for bout, line in zip(plan.bouts, timeline(plan).bouts, strict=True):
        assert bout.peak.kmh == pytest.approx(max(value for _, value in line.speed))

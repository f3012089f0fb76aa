from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from retrowalk.model.numbers import BOARD_SPEED
from retrowalk.model.plan import ABSOLUTE, Facing, Plan
from retrowalk.model.units import Incline, Speed
from retrowalk.programs import PlanRefused, Program, load_library, plan_for, shipped_programs
from retrowalk.programs.course import bouts, written_out
from retrowalk.walkers import CAPS, Walker

LIBRARY = load_library([shipped_programs()])
FIT: dict[str, Any] = {"level": 3, "age": 40, "comfortable_pace": "5 mph", "clinician_consulted": date(2025, 3, 1)}
CLINIC = Program.model_validate(
    {
        "id": "clinic",
        "title": "Clinic",
        "level": "clinic",
        "clinician": "A. Physio",
        "supervision": "A. Physio",
        "limits": {"speed": "3 km/h", "incline": "4 %", "backward": "10:00", "session": "30:00"},
        "segment": [{"kind": "backward", "speed": "0.5 mph", "duration": "1:00"}],
    }
)


def walker(**answers: object) -> Walker:
    return Walker.model_validate(FIT | answers)


def plan(program_id: str, **answers: object) -> Plan:
    return plan_for(LIBRARY.find(program_id), walker(**answers))


@pytest.mark.parametrize(
    ("program_id", "up_ramp", "backward_kmh", "minutes"),
    [
        ("five-easy", 10, 1.6, (5, 20)),
        ("knee-ten", 10, 2.0, (10, 35)),
        ("gentle-hill", 15, 3.2, (15, 40)),
        ("retro-cardio", 20, 4.8, (20, 45)),
    ],
)
def test_the_limits_are_those_of_the_programs_level(
    program_id: str, up_ramp: int, backward_kmh: float, minutes: tuple[int, int]
) -> None:
    """A walker of level 3 in a program of level 0 walks under the caps of level 0."""
    limits = plan(program_id).limits
    assert limits.backward.up_ramp_centi_kmh_per_s == up_ramp
    assert limits.backward.speed == Speed.from_kmh(backward_kmh)
    assert (limits.backward_s, limits.session_s) == tuple(60 * minute for minute in minutes)
    assert limits.forward.up_ramp_centi_kmh_per_s == 20


def test_a_slow_walkers_program_is_scaled_down() -> None:
    """Half of 1.8 mph is 1.4 km/h: the fast stages of knee-ten collapse to it, the slow ones stay."""
    speeds = [stage.speed.kmh for stage in plan("knee-ten", comfortable_pace="1.8 mph").bouts[1].stages]
    assert speeds == [1.2, 1.4, 1.4, 1.2]


def test_forward_walking_is_capped_by_the_comfortable_pace() -> None:
    """The warm-up of knee-ten is written at 2.0 mph."""
    assert plan("knee-ten", comfortable_pace="1.8 mph").bouts[0].peak == Speed.from_kmh(2.8)


def test_a_program_of_a_locked_level_is_refused_with_the_walkers_reasons() -> None:
    """The refusal carries the reasons, not only a sentence."""
    with pytest.raises(PlanRefused) as refused:
        plan("gentle-hill", level=1, age=70)
    assert refused.value.program == "gentle-hill"
    assert len(refused.value.reasons) == 2


def test_a_cap_below_board_speed_is_refused() -> None:
    """Half of 0.9 mph is slower than the speed at which every bout boards."""
    with pytest.raises(PlanRefused, match=r"backward cap, 0\.7 km/h .* is below board speed"):
        plan("first-20s", comfortable_pace="0.9 mph")


def test_a_program_that_breaks_a_cap_is_refused_even_unread() -> None:
    """Planning trusts no program that somebody built without the library."""
    segment = {"kind": "backward", "speed": "3 mph", "duration": "1:00"}
    program = Program.model_validate({"id": "p", "title": "P", "level": 0, "segment": [segment]})
    with pytest.raises(PlanRefused, match="level 0 allows up to"):
        plan_for(program, walker())


def test_a_clinicians_program_runs_under_its_own_limits_with_level_3s_demands() -> None:
    """Own limits narrow the absolute caps; the plan asks for what level 3 asks for."""
    planned = plan_for(CLINIC, walker(level=0, comfortable_pace=None))
    assert planned.level == 3
    assert (planned.limits.backward.speed, planned.limits.backward.incline) == (Speed(300), Incline(40))
    assert (planned.limits.backward_s, planned.limits.session_s) == (600, 1800)
    with pytest.raises(PlanRefused, match="clinician_consulted"):
        plan_for(CLINIC, walker(clinician_consulted=None))


RARELY = st.integers(0, 9).map(lambda number: number == 0)


@st.composite
def any_walker(draw: st.DrawFn) -> Walker:
    """Draw a walker; high levels and healthy answers more often, so that most programs are planned."""
    answers = {
        "level": draw(st.sampled_from([3, 3, 2, 1, 0])),
        "comfortable_pace": None if draw(RARELY) else draw(st.integers(81, 804).map(Speed)),
        "age": None if draw(RARELY) else draw(st.integers(18, 110)),
        "fell_within_year": draw(RARELY),
        "backward_walk_test_s": draw(st.none() | st.floats(1, 10)),
        "injury": draw(RARELY),
        "severe_balance_or_neurological": draw(RARELY),
        "clinician_consulted": draw(st.none() | st.just(date(2025, 3, 1))),
    }
    return Walker.model_validate(answers)


@st.composite
def climbing_program(draw: st.DrawFn) -> Program:
    """Draw one backward bout that climbs in steps of speed or incline, some of them beyond a cap."""
    speed, incline = BOARD_SPEED, Incline(0)
    segments = []
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            speed += Speed(draw(st.integers(0, 82)))
        else:
            incline = Incline(incline.tenths_pct + draw(st.integers(0, 20)))
        segments.append({"kind": "backward", "speed": speed, "duration": "1:00", "incline": incline})
    return Program.model_validate({"id": "p", "title": "P", "level": draw(st.integers(0, 3)), "segment": segments})


def any_program() -> st.SearchStrategy[Program]:
    """Draw a shipped program or a climbing one."""
    return st.sampled_from([LIBRARY.programs[name] for name in sorted(LIBRARY.programs)]) | climbing_program()


@given(any_program(), any_walker())
@settings(deadline=None, max_examples=300)
def test_no_plan_ever_passes_a_cap_or_raises_a_speed(program: Program, anybody: Walker) -> None:
    """Level, share, age rows, program and absolute caps hold for any walker and any program that is not refused."""
    try:
        planned = plan_for(program, anybody)
    except PlanRefused:
        return
    caps = anybody.backward_caps(program.level)
    written = [step.walk for bout in bouts(written_out(program)) for step in bout.steps]
    stages = [(bout.facing, stage) for bout in planned.bouts for stage in bout.stages]
    for walk, (facing, stage) in zip(written, stages, strict=True):
        ceiling = planned.limits.ceiling(facing)
        assert BOARD_SPEED <= stage.speed <= min(ceiling.speed, walk.speed, ABSOLUTE.ceiling(facing).speed)
        assert Incline(0) <= stage.incline <= min(ceiling.incline, walk.incline, ABSOLUTE.ceiling(facing).incline)
        assert stage.duration_s == walk.duration
        if facing is Facing.BACKWARD:
            assert stage.speed <= min(caps.speed, CAPS[program.level].speed)
        elif anybody.comfortable_pace is not None:
            assert stage.speed <= anybody.comfortable_pace
    assert planned.limits.backward_s <= ABSOLUTE.backward_s
    assert planned.limits.session_s <= ABSOLUTE.session_s
    assert len(planned.intervals) == len(planned.bouts) - 1


def test_a_walker_who_makes_no_sense_never_reaches_planning() -> None:
    """The model refuses first."""
    with pytest.raises(ValidationError):
        walker(comfortable_pace="0.1 mph")

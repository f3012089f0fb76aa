"""What is said while somebody walks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.model import numbers as n
from retrowalk.model.plan import Plan
from retrowalk.model.units import Speed, seconds
from retrowalk.session import words
from retrowalk.session.course import Course
from retrowalk.session.cues import Cues
from support.ideal_belt import backward, plan
from support.session_bench import BOARD_SPEED

RISING = plan(backward((0.5, 60), (1.0, 60)))
FAST_AT_ONCE = plan(backward((1.0, 120)))


def heard(what: Plan, for_s: int) -> list[tuple[float, str]]:
    """Walk a plan's first bout and return what is said, with the seconds since step-on."""
    course, cues, said = Course(what, 0), Cues.begin(0, 0), []
    for tenth in range(1, for_s * 10):
        if course.walk(seconds(0.1)):
            course.advance_stage()
        cue = cues.due(course, BOARD_SPEED, seconds(tenth / 10))
        if cue:
            said.append((tenth / 10, cue))
    return said


def test_each_ramp_and_the_end_are_announced_five_seconds_ahead_once() -> None:
    """The change of stage at 60 s, the ramp-down at 120 s."""
    said = {text: at for at, text in heard(RISING, 120) if text not in RISING.cues}
    assert said == {words.ramp_ahead(Speed.from_mph(1.0)): 55.0, words.RAMP_DOWN: 115.0}


def test_the_first_ramp_is_announced_before_the_hold_ends() -> None:
    """Fifteen seconds at board speed; at ten the ramp is said."""
    assert heard(FAST_AT_ONCE, 16)[0] == (10.0, words.ramp_ahead(Speed.from_mph(1.0)))


def test_a_stage_that_stays_at_its_speed_is_no_ramp() -> None:
    """Nothing to say of it."""
    level = plan(backward((0.5, 60), (0.5, 60)))
    assert [text for _, text in heard(replace(level, cues=()), 70)] == []


@pytest.mark.parametrize(("after_ns", "said"), [
    (n.CUE_EVERY_NS - 1, False), (n.CUE_EVERY_NS, True), (n.CUE_EVERY_NS + 1, True),
])  # fmt: skip
def test_the_programs_cues_come_every_half_minute(after_ns: int, said: bool) -> None:
    """When nothing else is to be said."""
    assert (Cues.begin(0, 0).due(Course(RISING, 0), BOARD_SPEED, after_ns) is not None) is said


def test_cues_take_turns_also_over_several_bouts() -> None:
    """The next bout goes on where the last one ended."""
    what = replace(RISING, cues=("one", "two", "three"))
    cues = Cues.begin(1, 0)
    said = [cues.due(Course(what, 0), BOARD_SPEED, k * n.CUE_EVERY_NS) for k in (1, 2, 3)]
    assert said == ["two", "three", "one"]
    assert cues.count == 4


def test_a_program_without_cues_is_quiet() -> None:
    """Also after half a minute."""
    assert Cues.begin(0, 0).due(Course(replace(RISING, cues=()), 0), BOARD_SPEED, n.CUE_EVERY_NS) is None

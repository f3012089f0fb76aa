"""Where in the plan the walker is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.model.plan import ABSOLUTE, Limits, Plan
from retrowalk.model.units import seconds
from retrowalk.session.course import Course
from support.ideal_belt import LIMITS, backward, forward, plan

THREE = plan(forward((1.0, 60)), backward((0.5, 20), (0.7, 60)), backward((0.5, 40)), rest_s=30)


def course(what: Plan = THREE) -> Course:
    """Return a course at its beginning."""
    return Course(what, begun_ns=0)


def test_stages_and_bouts_follow_each_other() -> None:
    """In order, each from its beginning."""
    c = course()
    assert (c.bout, c.stage, c.next_stage) == (THREE.bouts[0], THREE.bouts[0].stages[0], None)
    assert c.turn_ahead
    assert c.has_next_bout
    assert not c.advance_stage()
    c.advance_bout()
    assert c.next_stage == THREE.bouts[1].stages[1]
    assert c.interval == THREE.intervals[1]
    assert not c.turn_ahead
    assert c.advance_stage()
    assert (c.stage_index, c.stage_ns) == (1, 0)
    c.advance_bout()
    assert not c.has_next_bout
    assert not c.turn_ahead


@pytest.mark.parametrize(("spent_s", "over"), [(59.9, False), (60, True), (60.1, True)])
def test_a_stage_is_over_when_its_time_is_walked(spent_s: float, over: bool) -> None:
    """Not before."""
    c = course()
    assert c.untouched
    assert c.walk(seconds(spent_s)) is over
    assert not c.untouched
    assert c.stage_left_ns == max(0, seconds(60) - seconds(spent_s))


def test_backward_time_is_counted_backward_only() -> None:
    """Forward time counts as walked."""
    c = course()
    c.walk(seconds(60))
    assert (c.walked_ns, c.backward_ns) == (seconds(60), 0)
    c.advance_bout()
    c.walk(seconds(5))
    assert (c.walked_ns, c.backward_ns) == (seconds(65), seconds(5))


def test_time_on_the_belt_counts_backward_only_and_up_to_the_absolute_cap() -> None:
    """Whatever was walked in it."""
    c = course()
    c.run(seconds(ABSOLUTE.backward_s + 1))
    assert not c.overdue(0)
    c.advance_bout()
    c.run(seconds(ABSOLUTE.backward_s))
    assert not c.overdue(0)
    c.run(1)
    assert c.overdue(0)
    assert not course().overdue(seconds(LIMITS.session_s))
    assert course().overdue(seconds(LIMITS.session_s) + 1)


def test_no_stage_takes_more_than_it_planned() -> None:
    """The loop always looks a little late: that must not cost a program that uses all its minutes a bout."""
    c = course(replace(THREE, limits=replace(LIMITS, backward_s=120)))
    c.advance_bout()
    for stage in THREE.bouts[1].stages:
        assert c.walk(seconds(stage.duration_s + 0.3))
        c.advance_stage()
    assert c.backward_ns == c.walked_ns == seconds(80)
    assert not c.spent(seconds(200))
    assert c.bout is THREE.bouts[1]


def test_progress_and_time_left() -> None:
    """Walking and resting that lie ahead; progress counts the walking."""
    c = course()
    assert (c.progress, c.left_ns) == (0.0, seconds(180 + 30))
    c.walk(seconds(30))
    assert c.progress == pytest.approx(1 / 6)
    assert c.left_ns == seconds(150 + 30)
    c.walk(seconds(1000))
    c.advance_bout()
    assert c.progress == pytest.approx(1 / 3)
    c.walk(seconds(1000))
    c.advance_stage()
    c.walk(seconds(10))
    assert c.progress == 0.5
    c.walk(seconds(1000))
    c.advance_bout()
    c.walk(seconds(1000))
    assert (c.progress, c.left_ns) == (1.0, 0)
    assert course(replace(THREE, bouts=())).progress == 0.0


def limited(backward_s: int, session_s: int) -> Plan:
    """Return the plan with caps on minutes."""
    return replace(THREE, limits=replace(LIMITS, backward_s=backward_s, session_s=session_s))


@pytest.mark.parametrize(("backward_s", "spent"), [(79, True), (80, False), (81, False)])
def test_the_next_bout_must_fit_into_the_backward_time(backward_s: int, spent: bool) -> None:
    """80 s of it are asked for."""
    assert course(limited(backward_s, 3000)).spent(0) is spent


@pytest.mark.parametrize(("now_s", "spent"), [(99.9, False), (100, False), (100.1, True)])
def test_a_session_ends_after_its_time(now_s: float, spent: bool) -> None:
    """After the bout in which it runs out."""
    assert course(limited(600, 100)).spent(seconds(now_s)) is spent


def test_the_absolute_caps_hold_whatever_the_plan_says() -> None:
    """30 minutes backward, 60 minutes in all."""
    boundless = Limits(LIMITS.forward, LIMITS.backward, backward_s=10**6, session_s=10**6)
    c = course(plan(forward((1.0, 60)), backward((0.5, ABSOLUTE.backward_s + 1)), limits=boundless))
    assert c.spent(0)
    assert course(replace(THREE, limits=boundless)).spent(seconds(ABSOLUTE.session_s) + 1)
    assert not course(replace(THREE, limits=boundless)).spent(seconds(ABSOLUTE.session_s))


def test_a_forward_bout_takes_no_backward_time_and_the_last_bout_is_the_end() -> None:
    """No cap forbids walking forward to the end."""
    c = course(plan(backward((0.5, 20)), forward((1.0, 60)), limits=replace(LIMITS, backward_s=20)))
    c.walk(seconds(20))
    assert not c.spent(0)
    c.advance_bout()
    assert c.spent(0)

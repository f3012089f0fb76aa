"""The interlock's stops and what it shows of them, in detail: each test is what a planted fault had survived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.interlock import Interlock
from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.model import numbers as n
from retrowalk.model.commands import Stop
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import LinkDown, StrapLine, Telemetry, Written
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Motion, Rung, StopStep
from retrowalk.model.units import LEVEL, STANDSTILL, Speed, seconds
from support.ideal_belt import MACHINE, SETTINGS
from support.interlock_bench import NOW, good_readings, moving


def at(motion: Motion) -> Interlock:
    """Return one in a session, with nothing broken."""
    lock = Interlock(SETTINGS)
    lock.readings, lock.opened, lock.motion = good_readings(), True, motion
    lock.readings.facing = Facing.BACKWARD
    if motion is Motion.MOVING:
        lock.readings.belt = moving()
        lock._drive = Drive.begin(n.BOARD_SPEED, LEVEL, NOW)
    return lock


def rungs(lock: Interlock) -> list[Rung]:
    """Return the rungs that were reported."""
    return [report.rung for report in lock.reports if isinstance(report, StopStep)]


def stops(lock: Interlock) -> list[Stop]:
    """Return the Stops that were commanded."""
    return [command for command in lock.commands if isinstance(command, Stop)]


def test_a_pause_that_ramps_stops_nothing_at_once() -> None:
    """A lost heart rate is the session's to slow down for."""
    lock = at(Motion.MOVING)
    lock.readings.heart.good_ns = NOW - n.HEART_RATE_LOST_NS - 1
    lock.judge(NOW)
    assert lock.motion is Motion.MOVING
    assert stops(lock) == []
    assert lock.view().pausing
    assert not lock.view().ending


@pytest.mark.parametrize(("after_ns", "awaited"), [
    (n.ANSWER_PATIENCE_NS - 1, True), (n.ANSWER_PATIENCE_NS, True), (n.ANSWER_PATIENCE_NS + 1, False),
])  # fmt: skip
def test_an_answer_is_awaited_for_two_seconds(after_ns: int, awaited: bool) -> None:
    """Then the next set-point may go out."""
    lock = at(Motion.MOVING)
    lock.permit(Proposal(), NOW)
    lock.commands.clear()
    lock.permit(Proposal(target=Speed(150)), NOW + n.TICK_NS)
    lock.permit(Proposal(target=Speed(150)), NOW + after_ns)
    assert (lock._in_flight is not None and lock._in_flight.since_ns == NOW) is awaited


@pytest.mark.parametrize(("step_ns", "alarm"), [(-1, False), (0, True)])
def test_the_machines_own_run_down_counts(step_ns: int, alarm: bool) -> None:
    """One and a half times what it is known to take."""
    lock = at(Motion.MOVING)
    lock.readings.machine = replace(MACHINE, run_down_s=20.0)
    lock.stop(NOW)
    lock.judge(NOW + seconds(30) + step_ns)
    assert (Rung.NO_STANDSTILL in rungs(lock)) is alarm


def test_an_effect_is_a_fall_from_what_the_belt_said() -> None:
    """Not from what it was told: a belt that lagged behind its set-point and keeps its speed shows no effect."""
    lock = at(Motion.MOVING)
    lock.readings.highest = Speed(200)
    lock.stop(NOW)
    lock.hear(Written(stops(lock)[0].number), NOW)
    lock.hear(Telemetry(n.BOARD_SPEED), NOW + n.STOP_EFFECT_NS)
    lock.judge(NOW + n.STOP_EFFECT_NS)
    assert Rung.NO_EFFECT in rungs(lock)


def test_an_effect_is_a_fall_from_what_it_was_told_where_it_says_nothing() -> None:
    """A belt that has not spoken on this link is taken to run at the highest set-point."""
    lock = at(Motion.MOVING)
    lock.readings.highest, lock.readings.belt = Speed(200), Belt()
    lock.stop(NOW)
    lock.hear(Written(stops(lock)[0].number), NOW)
    lock.hear(Telemetry(Speed(170)), NOW + n.STOP_EFFECT_NS)
    lock.judge(NOW + n.STOP_EFFECT_NS)
    assert Rung.NO_EFFECT not in rungs(lock)


def test_a_stop_at_rest_is_verified_by_frames_that_come_after_it() -> None:
    """The belt may have been started by somebody a moment ago."""
    lock = at(Motion.STANDSTILL)
    lock.stop_by_person(NOW)
    lock.judge(NOW)
    assert lock.motion is Motion.STOPPING
    for step in (1, 2):
        assert lock.motion is Motion.STOPPING
        lock.hear(Telemetry(STANDSTILL), NOW + step)
        lock.judge(NOW + step)
    assert Rung.VERIFIED in rungs(lock)


def test_the_steps_of_a_stop_name_its_cause() -> None:
    """The rule that was broken, or what was said for it."""
    lock = at(Motion.MOVING)
    lock.hear(StrapLine(closed=False), NOW)
    lock.judge(NOW)
    assert {report.cause for report in lock.reports if isinstance(report, StopStep)} == {"strap_open"}
    planned = at(Motion.MOVING)
    planned.stop(NOW, cause="console_stop")
    assert {report.cause for report in planned.reports if isinstance(report, StopStep)} == {"console_stop"}


def test_a_latch_is_a_reading_until_it_is_reset() -> None:
    """So that the table of rules sees it; and a reset leaves nothing of the stop behind."""
    lock = at(Motion.MOVING)
    lock.hear(StrapLine(closed=False), NOW)
    lock.judge(NOW)
    assert lock.readings.latched
    lock.hear(StrapLine(closed=True), NOW + 1)
    lock.hear(LinkDown("gone"), NOW + 1)
    assert lock.reset(NOW + n.STOP_ALARM_STAYS_NS) is None
    assert not lock.readings.latched
    assert (lock.motion, lock.opened, lock.view().alarm) == (Motion.IDLE, False, None)


def test_a_session_that_is_closed_is_not_open() -> None:
    """Hands off."""
    lock = at(Motion.STANDSTILL)
    lock.close()
    assert (lock.motion, lock.view().open) == (Motion.IDLE, False)


def test_one_zero_frame_is_no_standstill_to_show() -> None:
    """The view tells since when the belt stands only once that is verified."""
    lock = at(Motion.MOVING)
    lock.hear(Telemetry(STANDSTILL), NOW + 1)
    assert lock.view().standstill_ns is None
    lock.hear(Telemetry(STANDSTILL), NOW + 2)
    assert lock.view().standstill_ns == NOW + 1


def test_one_reason_to_end_among_pauses_ends_the_session() -> None:
    """A start that was refused while the heart rate is lost."""
    lock = at(Motion.BOARDING)
    lock.readings.start_refused = True
    lock.readings.heart.good_ns = None
    lock.judge(NOW)
    lock.motion = Motion.BOARDING
    lock.judge(NOW)
    assert lock.view().ending

"""The interlock's stops and what it shows of them, in detail: each test is what a planted fault had survived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.interlock import Interlock
from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.model import numbers as n
from retrowalk.model.commands import Disconnect, SetSpeed, Stop
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import (
    LinkDown,
    LinkUp,
    StrapLine,
    Telemetry,
    WriteFailed,
    Written,
)
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Motion, Rung, StopStep, Warned
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


@pytest.mark.parametrize(("step_ns", "given_up"), [(-1, False), (0, True), (1, True)])
def test_a_stop_outside_a_session_that_nothing_verifies_is_given_up(step_ns: int, given_up: bool) -> None:
    """After 30 s, said aloud, hands off: it must not stop somebody else's walk later."""
    lock = Interlock(SETTINGS)
    lock.stop_by_person(NOW)
    lock.judge(NOW + n.STOP_ALARM_STAYS_NS + step_ns)
    assert (lock.motion is Motion.IDLE) is given_up
    assert ([r.what for r in lock.reports if isinstance(r, Warned)] == ["stop_given_up"]) is given_up
    assert (Disconnect() in lock.commands) is given_up


@pytest.mark.parametrize(("age_ns", "resets"), [
    (n.STOP_ALARM_STAYS_NS - 1, False), (n.STOP_ALARM_STAYS_NS, True), (n.STOP_ALARM_STAYS_NS + 1, True),
])  # fmt: skip
@pytest.mark.parametrize("flap", [(), (LinkDown("gone"),), (LinkDown("gone"), LinkUp(MACHINE))])
def test_a_persons_word_counts_only_where_the_belt_is_silent(
    flap: tuple[LinkDown | LinkUp, ...], age_ns: int, resets: bool
) -> None:
    """For thirty seconds, over whatever links: until then its frames say what it does."""
    lock = at(Motion.MOVING)
    lock.stop_by_person(NOW)
    later_ns = NOW + 2 * n.STOP_ALARM_STAYS_NS
    lock.hear(Telemetry(n.BOARD_SPEED), later_ns - age_ns)
    lock.hear(Telemetry(None), later_ns)
    for observation in flap:
        lock.hear(observation, later_ns)
    assert (lock.reset(later_ns) is None) is resets


def test_a_verified_stop_is_over() -> None:
    """Nothing is left of it, and the belt is asked for control ahead of the next boarding."""
    lock = at(Motion.MOVING)
    lock.stop(NOW)
    for step in (1, 2, 3):
        lock.hear(Telemetry(STANDSTILL), NOW + step)
        lock.judge(NOW + step)
    assert lock.motion is Motion.STANDSTILL
    assert (lock._ladder, lock._drive, lock._in_flight, lock._control_wanted) == (None, None, None, True)
    assert rungs(lock).count(Rung.VERIFIED) == 1


def test_a_speed_that_is_lowered_at_the_console_becomes_the_ceiling() -> None:
    """The kernel looks at each chance of a set-point."""
    lock = at(Motion.MOVING)
    lock._drive = Drive.begin(Speed(150), LEVEL, NOW)
    lock._drive.permitted(SetSpeed(Speed(150)), NOW - seconds(60))
    lock.readings.belt = moving(Speed(100))
    for at_ns in (NOW, NOW + n.CONSOLE_LOWERED_NS):
        lock.permit(Proposal(target=Speed(150)), at_ns)
    assert lock._drive.ceiling(lock.readings) == Speed(100)


def test_while_easing_nothing_is_raised() -> None:
    """A heart rate of six seconds ago is no reason to stop, and none to go faster."""
    lock = at(Motion.MOVING)
    assert lock._drive
    lock._drive.permitted(SetSpeed(n.BOARD_SPEED), NOW)
    for at_ns in range(NOW, NOW + seconds(4), n.TICK_NS):
        lock.hear(Telemetry(n.BOARD_SPEED, LEVEL, elapsed_s=at_ns // seconds(1)), at_ns)
        lock.readings.heart.good_ns = at_ns - n.HEART_RATE_NO_INCREASE_NS - 1
        lock.judge(at_ns)
        lock.permit(Proposal(target=Speed(150)), at_ns)
    assert lock.motion is Motion.MOVING
    assert lock.commands == []


def test_a_stop_that_failed_is_written_again_like_any_other() -> None:
    """It is not stuck, so nothing is written around it."""
    lock = at(Motion.MOVING)
    lock.stop(NOW)
    lock.hear(WriteFailed(stops(lock)[0].number, "no such luck"), NOW)
    lock.judge(NOW + n.STOP_RESEND_NS)
    assert [stop.without_response for stop in stops(lock)] == [False, False]

"""Ceilings, ramps, easing, the console: how fast the belt may go now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.commands import SetIncline, SetSpeed
from retrowalk.model.intent import Proposal
from retrowalk.model.machine import InclineRange
from retrowalk.model.observations import Telemetry
from retrowalk.model.plan import Facing
from retrowalk.model.units import LEVEL, Incline, Speed, seconds
from support.ideal_belt import LIMITS, MACHINE
from support.interlock_bench import NOW, good_readings, moving

FAST = Proposal(target=Speed.from_kmh(9), incline=LEVEL)


def driven(
    r: Readings, proposal: Proposal, for_s: float, drive: Drive | None = None, *, easing: bool = False
) -> tuple[Drive, list[SetSpeed | SetIncline]]:
    """Follow a proposal for a while on a belt that obeys, permitting everything; return the drive and its actions."""
    drive = drive or Drive.begin(r.board_speed, LEVEL, NOW)
    actions = []
    for tick in range(1, round(for_s * 10) + 1):
        at_ns = drive.speed_ramp.at_ns + n.TICK_NS if tick else NOW
        action = drive.next_action(proposal, r, easing, at_ns)
        if action:
            drive.permitted(action, at_ns)
            actions.append(action)
        if isinstance(action, SetSpeed):
            r.belt.hear(Telemetry(action.speed), at_ns)
    return drive, actions


@pytest.mark.parametrize(("facing", "top_kmh"), [
    (Facing.BACKWARD, 2.0), (None, 2.0), (Facing.FORWARD, 4.8),
])  # fmt: skip
def test_the_ceiling_of_the_facing_holds(facing: Facing | None, top_kmh: float) -> None:
    """Whatever is proposed; a facing that was not confirmed counts as backward."""
    r = good_readings()
    r.facing = facing
    drive, _ = driven(r, FAST, 60)
    assert drive.set_point == Speed.from_kmh(top_kmh)


def test_without_a_plan_the_absolute_caps_hold() -> None:
    """5.6 km/h backward, at most 0.2 km/h/s."""
    r = good_readings()
    r.plan = None
    drive, _ = driven(r, Proposal(), 0.1)
    driven(r, FAST, 10, drive)
    assert drive.set_point == Speed(280)
    _, actions = driven(r, FAST, 60)
    assert actions[-1] == SetSpeed(Speed(560))


@pytest.mark.parametrize(("up", "per_second"), [(10, 10), (15, 15), (20, 20), (21, 20), (1000, 20)])
def test_the_plans_ramp_holds_up_to_the_absolute_one(up: int, per_second: int) -> None:
    """0.1 to 0.2 km/h/s; nothing is steeper."""
    r = good_readings()
    assert r.plan
    r.plan = replace(r.plan, limits=replace(LIMITS, backward=replace(LIMITS.backward, up_ramp_centi_kmh_per_s=up)))
    drive, _ = driven(r, Proposal(), 0.1)
    driven(r, FAST, 4, drive)
    assert drive.speed_ramp.value == 80 + 4 * per_second


@pytest.mark.parametrize(("runs_at", "top"), [(80, 130), (79, 129), (81, 131), (0, 80), (500, 209), (None, 80)])
def test_the_ramp_waits_for_a_belt_that_lags(runs_at: int | None, top: int) -> None:
    """By half a km/h at most: set-points that nobody heeds are no steps to build on. A belt that says nothing lags."""
    r = good_readings()
    r.machine = replace(MACHINE, step=Speed(1))
    r.belt = Belt()
    if runs_at is not None:
        r.belt.hear(Telemetry(Speed(runs_at)), NOW)
    drive = Drive.begin(r.board_speed, LEVEL, NOW)
    for tick in range(600):
        at_ns = NOW + tick * n.TICK_NS
        if action := drive.next_action(FAST, r, easing=False, now_ns=at_ns):
            drive.permitted(action, at_ns)
    assert drive.set_point == Speed(top)


@pytest.mark.parametrize(("step", "lags", "top"), [
    (50, 0, 180), (50, 24, 180), (50, 25, 180), (50, 26, 80), (80, 1, 160), (80, 40, 160), (80, 41, 80), (33, 17, 179),
])  # fmt: skip
def test_a_coarse_step_is_open_to_a_belt_that_has_taken_the_one_before(step: int, lags: int, top: int) -> None:
    """One that is nearer to its set-point than to the one before: no belt tells to a hundredth what it was told."""
    r = good_readings()
    r.machine = replace(MACHINE, step=Speed(step))
    r.belt.hear(Telemetry(Speed(80 - lags)), NOW)
    drive = Drive.begin(r.board_speed, LEVEL, NOW)
    for tick in range(300):
        at_ns = NOW + tick * n.TICK_NS
        if action := drive.next_action(FAST, r, easing=False, now_ns=at_ns):
            drive.permitted(action, at_ns)
            r.belt.hear(Telemetry(drive.set_point - Speed(lags) if drive.set_point else None), at_ns)
    assert drive.set_point == Speed(top)


@pytest.mark.parametrize(("step", "top"), [(50, 130), (80, 160)])
def test_a_coarse_step_that_nobody_heeds_is_the_last(step: int, top: int) -> None:
    """A belt that stays at board speed is told one step more, and no second one."""
    r = good_readings()
    r.machine = replace(MACHINE, step=Speed(step))
    r.belt.hear(Telemetry(Speed(85)), NOW)
    drive = Drive.begin(r.board_speed, LEVEL, NOW)
    for tick in range(300):
        at_ns = NOW + tick * n.TICK_NS
        if action := drive.next_action(FAST, r, easing=False, now_ns=at_ns):
            drive.permitted(action, at_ns)
    assert drive.set_point == Speed(top)


def test_a_belt_that_falls_behind_later_brings_no_set_point_down() -> None:
    """The ramp waits; it does not turn round."""
    r = good_readings()
    drive, _ = driven(r, FAST, 8)
    reached = drive.set_point
    r.belt.hear(Telemetry(Speed(30)), NOW)
    driven(r, FAST, 8, drive)
    assert drive.set_point == reached


def test_set_points_lie_on_the_machines_grid_and_come_once_each() -> None:
    """One a step, rounded down, never twice the same."""
    r = good_readings()
    r.machine = replace(MACHINE, step=Speed(50))
    _, actions = driven(r, FAST, 30)
    assert actions == [SetSpeed(Speed(v)) for v in (80, 130, 180)]


def test_down_at_its_own_rate_to_the_machines_minimum() -> None:
    """0.3 km/h/s, and never below the slowest the machine can do."""
    r = good_readings()
    drive, _ = driven(r, FAST, 30)
    driven(r, Proposal(target=Speed(10)), 3, drive)
    assert drive.set_point == Speed(110)
    driven(r, Proposal(target=Speed(10)), 3, drive)
    assert drive.set_point == Speed(80)


def test_a_bout_begins_with_board_speed_whatever_is_proposed() -> None:
    """The first set-point is board speed, also when a higher one was proposed from the first moment on."""
    assert driven(good_readings(), FAST, 0.1)[1] == [SetSpeed(n.BOARD_SPEED)]
    assert driven(good_readings(), FAST, 3)[1][0] == SetSpeed(n.BOARD_SPEED)
    fine = good_readings()
    fine.belt, fine.machine = moving(), replace(MACHINE, step=Speed(1))
    assert driven(fine, FAST, 0.3)[1] == [SetSpeed(Speed(v)) for v in (80, 81, 82)]


def test_nothing_proposed_is_board_speed() -> None:
    """The default is the slowest that a person boards at."""
    drive, actions = driven(good_readings(), Proposal(), 5)
    assert actions == [SetSpeed(n.BOARD_SPEED)]
    assert drive.level


def test_without_a_machine_nothing_is_due() -> None:
    """No link, no grid, no set-point."""
    r = good_readings()
    r.machine = None
    assert driven(r, FAST, 5)[1] == []


def test_easing_keeps_what_was_reached() -> None:
    """A belt that is as fast and as steep as it should be stays so: no increase is not a decrease."""
    r = good_readings()
    uphill = Proposal(target=Speed(150), incline=Incline(20))
    drive, _ = driven(r, uphill, 60)
    assert driven(r, uphill, 10, drive, easing=True)[1] == []
    assert (drive.set_point, drive.incline) == (Speed(150), Incline(20))


def test_easing_allows_no_increase_of_anything() -> None:
    """Speed and incline may fall while easing, not rise; before the first set-point board speed is the most."""
    r = good_readings()
    uphill = Proposal(target=Speed(150), incline=Incline(20))
    drive, actions = driven(r, uphill, 20, easing=True)
    assert actions == [SetSpeed(n.BOARD_SPEED)]
    driven(r, uphill, 30, drive)
    assert (drive.set_point, drive.incline) == (Speed(150), Incline(20))
    driven(r, Proposal(target=Speed(100), incline=LEVEL), 30, drive, easing=True)
    assert (drive.set_point, drive.incline) == (Speed(100), LEVEL)


@pytest.mark.parametrize(("after_ns", "eased"), [
    (n.HEART_RATE_EASE_NS - 1, 170), (n.HEART_RATE_EASE_NS, 140), (n.HEART_RATE_EASE_NS + 1, 140),
])  # fmt: skip
def test_easing_steps_down_every_20_seconds(after_ns: int, eased: int) -> None:
    """0.3 km/h at once, and again each 20 s; not below the machine's minimum."""
    r = good_readings()
    drive, _ = driven(r, FAST, 60)
    drive.ease(Speed(80), NOW)
    assert drive.eased == drive.ceiling(r) == Speed(170)
    drive.set_point = drive.eased
    drive.ease(Speed(80), NOW + after_ns)
    assert drive.eased == Speed(eased)


def test_easing_ends_at_the_machines_minimum() -> None:
    """Also before any set-point."""
    drive = Drive.begin(Speed(80), LEVEL, NOW)
    drive.ease(Speed(80), NOW)
    assert drive.eased == Speed(80)


def lowered(r: Readings, drive: Drive, kmh: float, at_ns: int) -> None:
    """Let the belt report a speed."""
    r.belt = moving(Speed.from_kmh(kmh), at_ns)
    drive.watch_console(r, at_ns)


@pytest.mark.parametrize(("kmh", "ceiling"), [(1.91, None), (1.9, 190), (1.89, 189), (2.1, None)])
@pytest.mark.parametrize(("for_ns", "long_enough"), [
    (n.CONSOLE_LOWERED_NS - 1, False), (n.CONSOLE_LOWERED_NS, True), (n.CONSOLE_LOWERED_NS + 1, True),
])  # fmt: skip
def test_one_step_below_a_steady_set_point_for_five_seconds(
    kmh: float, ceiling: int | None, for_ns: int, long_enough: bool
) -> None:
    """That is somebody at the console, and the ceiling from now on."""
    r = good_readings()
    drive = Drive.begin(Speed(80), LEVEL, NOW)
    drive.permitted(SetSpeed(Speed(200)), NOW)
    at_ns = NOW + n.CONSOLE_LOWERED_NS + 1
    lowered(r, drive, kmh, at_ns)
    lowered(r, drive, kmh, at_ns + for_ns)
    assert drive.console == (Speed(ceiling) if ceiling and long_enough else None)


@pytest.mark.parametrize(("steady_ns", "counts"), [
    (n.CONSOLE_LOWERED_NS - 1, False), (n.CONSOLE_LOWERED_NS, False), (n.CONSOLE_LOWERED_NS + 1, True),
])  # fmt: skip
def test_a_ramp_is_no_console(steady_ns: int, counts: bool) -> None:
    """A belt that lags behind a set-point of the last five seconds is not lowered by anybody."""
    r = good_readings()
    drive = Drive.begin(Speed(80), LEVEL, NOW)
    drive.permitted(SetSpeed(Speed(200)), NOW)
    lowered(r, drive, 1.5, NOW + steady_ns)
    assert (drive.lowered_ns is not None) is counts


def test_what_is_no_lowered_speed() -> None:
    """No set-point, no machine, no speed, a standstill, or a speed that came back."""
    r = good_readings()
    drive = Drive.begin(Speed(80), LEVEL, NOW - seconds(60))
    lowered(r, drive, 0.5, NOW)
    drive.permitted(SetSpeed(Speed(200)), NOW - seconds(60))
    lowered(r, drive, 0, NOW)
    r.machine = None
    lowered(r, drive, 1.0, NOW)
    assert drive.lowered_ns is None
    r.machine = MACHINE
    lowered(r, drive, 1.0, NOW)
    lowered(r, drive, 2.0, NOW + seconds(2))
    assert drive.lowered_ns is None
    assert drive.console is None


def test_the_console_is_a_ceiling() -> None:
    """Below the plan's."""
    r = good_readings()
    drive = Drive.begin(Speed(80), LEVEL, NOW)
    drive.console = Speed(120)
    driven(r, FAST, 30, drive)
    assert drive.set_point == Speed(120)


def test_a_set_point_that_is_taken_back_was_never_told() -> None:
    """What held before it holds: for easing, for the ramp-down, for a level turn; and the ramps go on from there."""
    r = good_readings()
    drive, _ = driven(r, FAST, 5)
    before = drive.set_point
    assert before is not None
    drive.permitted(SetSpeed(Speed(200)), NOW)
    drive.take_back(Speed(80), NOW + 7)
    assert drive.set_point == before
    assert drive.speed_ramp == Ramp.at(before.centi_kmh, NOW + 7)
    drive.permitted(SetIncline(Incline(10)), NOW)
    assert not drive.level
    drive.take_back(Speed(80), NOW + 8)
    assert drive.level
    assert drive.set_point == before
    assert drive.incline_ramp == Ramp.at(0, NOW + 8)


def test_the_first_set_point_is_taken_back_to_board_speed() -> None:
    """And the incline to what the belt had."""
    drive = Drive.begin(Speed(80), Incline(20), NOW)
    drive.permitted(SetSpeed(Speed(80)), NOW)
    drive.take_back(Speed(80), NOW + 9)
    assert drive.set_point is None
    assert drive.speed_ramp == Ramp.at(80, NOW + 9)
    drive.permitted(SetIncline(Incline(15)), NOW)
    drive.take_back(Speed(80), NOW + 9)
    assert drive.incline_ramp == Ramp.at(20, NOW + 9)


@pytest.mark.parametrize(("wanted", "plan_cap", "highest", "step", "expected"), [
    (20, 30, 100, 5, 20),
    (40, 30, 100, 5, 30),
    (400, 300, 500, 5, 100),
    (40, 30, 25, 5, 25),
    (23, 30, 100, 5, 20),
    (-20, 30, 100, 5, 0),
])  # fmt: skip
def test_incline_keeps_to_every_cap_and_to_the_grid(
    wanted: int, plan_cap: int, highest: int, step: int, expected: int
) -> None:
    """Plan, absolute (10 %), machine; never negative; 0.5 % a second; speed goes first."""
    r = good_readings()
    assert r.plan
    capped = replace(LIMITS.backward, incline=Incline(plan_cap))
    r.plan = replace(r.plan, limits=replace(LIMITS, backward=capped))
    r.machine = replace(MACHINE, incline=InclineRange(Incline(-30), Incline(highest), Incline(step)))
    drive, actions = driven(r, Proposal(incline=Incline(wanted)), 60)
    assert drive.incline == Incline(expected)
    assert isinstance(actions[0], SetSpeed)
    assert len(actions) == 1 + expected // step


def test_incline_moves_half_a_percent_a_second() -> None:
    """Five tenths each second."""
    drive, _ = driven(good_readings(), Proposal(incline=Incline(30)), 3)
    assert drive.incline_ramp.value == 15


@pytest.mark.parametrize("incline", [
    None,
    InclineRange(LEVEL, LEVEL, Incline(5)),
    InclineRange(Incline(-30), LEVEL, Incline(5)),
    InclineRange(LEVEL, Incline(100), LEVEL),
])  # fmt: skip
def test_a_machine_without_a_usable_incline_is_not_asked_for_one(incline: InclineRange | None) -> None:
    """None, an empty range, only downhill, no step."""
    r = good_readings()
    r.machine = replace(MACHINE, incline=incline)
    for before in (LEVEL, None):
        _, actions = driven(r, Proposal(incline=Incline(20)), 10, Drive.begin(r.board_speed, before, NOW))
        assert not [a for a in actions if isinstance(a, SetIncline)]


@pytest.mark.parametrize(("before", "first"), [(None, 0), (Incline(-20), 0), (Incline(120), 30), (Incline(20), 15)])
def test_a_belt_that_was_left_tilted_is_brought_within_the_caps(before: Incline | None, first: int) -> None:
    """An incline that is not known is made level; beyond the caps it goes to the nearest that is allowed."""
    r = good_readings()
    drive = Drive.begin(Speed(80), before, NOW)
    _, actions = driven(r, Proposal(incline=LEVEL), 30, drive)
    inclines = [a.incline for a in actions if isinstance(a, SetIncline)]
    assert inclines[0] == Incline(first)
    assert inclines[-1] == LEVEL
    assert drive.level

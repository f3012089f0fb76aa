"""What the interlock has heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.observations import (
    Answer,
    HeartRateLink,
    HeartRateSample,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    MarkerStored,
    Power,
    StrapLine,
    Telemetry,
    Tick,
)
from retrowalk.model.plan import ABSOLUTE, Ceiling, Facing, Plan
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds
from support.ideal_belt import LIMITS, MACHINE, SETTINGS, backward, forward, plan
from support.interlock_bench import NOW, PLAN, at_level, good_readings, moving, standing


@pytest.mark.parametrize(("slowest_kmh", "step", "board_kmh"), [
    (0.5, 10, 0.8),
    (0.7, 50, 0.7),
    (0.8, 10, 0.8),
    (0.9, 10, 0.9),
    (0.0, 32, 0.64),
    (1.0, 50, 1.0),
])  # fmt: skip
def test_board_speed_is_half_a_mile_rounded_down_to_the_machines_grid(
    slowest_kmh: float, step: int, board_kmh: float
) -> None:
    """0.8 km/h, down to a step that the machine has, or its minimum where that is higher."""
    r = good_readings()
    r.machine = replace(MACHINE, slowest=Speed.from_kmh(slowest_kmh), step=Speed(step))
    assert r.board_speed == Speed.from_kmh(board_kmh)


def test_board_speed_without_a_machine() -> None:
    """0.8 km/h."""
    r = good_readings()
    r.machine = None
    assert r.board_speed == n.BOARD_SPEED


def test_the_strictest_ceiling_wins() -> None:
    """Plan, machine, absolute: whichever is lowest. An unconfirmed facing counts as backward."""
    r = good_readings()
    assert r.ceiling(Facing.FORWARD) == LIMITS.forward.speed
    assert r.ceiling(None) == r.ceiling(Facing.BACKWARD) == LIMITS.backward.speed
    r.machine = replace(MACHINE, fastest=Speed(111))
    assert r.ceiling(Facing.FORWARD) == Speed(111)
    r.plan = r.machine = None
    assert r.ceiling(Facing.BACKWARD) == ABSOLUTE.backward.speed
    assert r.ceiling(Facing.FORWARD) == ABSOLUTE.forward.speed


@pytest.mark.parametrize(("excused", "level", "needed"), [
    (False, 0, True), (False, 2, True), (True, 1, False), (True, 2, True),
])  # fmt: skip
def test_a_heart_rate_is_needed_unless_excused_at_a_low_level(excused: bool, level: int, needed: bool) -> None:
    """The acknowledgement to go without is good for levels 0 and 1."""
    r = good_readings(replace(SETTINGS, without_heart_rate=excused), at_level(level))
    assert r.heart_rate_needed is needed


def test_no_limits_no_need() -> None:
    """Without limits nothing can be supervised; whether that is allowed is a rule's business."""
    assert not good_readings(replace(SETTINGS, heart=None)).heart_rate_needed


@pytest.mark.parametrize(
    ("margin_over", "allowed_kmh", "top_kmh"), [(0.5, 1.3, 0.8), (0.6, 4.6, 4.0), (0.6, 4.63, 4.03)]
)
def test_the_margin_is_half_a_kmh_or_15_percent(margin_over: float, allowed_kmh: float, top_kmh: float) -> None:
    """The larger of the two."""
    r = good_readings()
    r.command(Speed.from_kmh(top_kmh), NOW)
    assert r.allowed(NOW) == Speed.from_kmh(allowed_kmh) == Speed.from_kmh(top_kmh + margin_over)


@pytest.mark.parametrize(("age_ns", "allowed"), [
    (n.OVERSPEED_WINDOW_NS - 1, 250), (n.OVERSPEED_WINDOW_NS, 250), (n.OVERSPEED_WINDOW_NS + 1, 150),
])  # fmt: skip
def test_the_highest_command_of_five_seconds_explains_a_speed(age_ns: int, allowed: int) -> None:
    """A set-point explains a speed for as long as it was in force within the last five seconds."""
    r = good_readings()
    r.command(Speed(200), NOW - seconds(60))
    r.command(Speed(100), NOW)
    assert r.allowed(NOW + age_ns) == Speed(allowed)


def test_without_commands_board_speed_explains() -> None:
    """Before the first set-point the belt may run at board speed."""
    r = good_readings()
    r.commanded.clear()
    assert r.allowed(NOW) == n.BOARD_SPEED + n.OVERSPEED_MARGIN


def test_overspeed_is_timed_by_frames() -> None:
    """It begins with the first frame over what is allowed and ends with the first one that is not."""
    r = good_readings()
    r.command(n.BOARD_SPEED, NOW)
    r.hear(Telemetry(Speed(130)), NOW)
    assert r.overspeed_ns is None
    r.hear(Telemetry(Speed(131)), NOW + 1)
    r.hear(Telemetry(Speed(140)), NOW + 2)
    assert r.overspeed_ns == NOW + 1
    r.hear(Telemetry(Speed(130)), NOW + 3)
    assert r.overspeed_ns is None


@pytest.mark.parametrize(("tenths_pct", "tilted"), [(-6, True), (-5, False), (0, False), (35, False), (36, True)])
def test_an_incline_between_level_and_the_cap_is_no_tilt(tenths_pct: int, tilted: bool) -> None:
    """With a margin of half a percent on either side; the cap of this plan is 3 %."""
    r = good_readings()
    r.hear(Telemetry(STANDSTILL, Incline(tenths_pct)), NOW)
    assert r.tilted_ns == (NOW if tilted else None)


def test_a_tilt_is_timed_by_frames() -> None:
    """It begins with the first frame that tells it, and ends with the first that tells another incline."""
    r = good_readings()
    r.hear(Telemetry(STANDSTILL, Incline(100)), NOW)
    r.hear(Telemetry(STANDSTILL), NOW + 1)  # machines split their data
    r.hear(Telemetry(STANDSTILL, Incline(99)), NOW + 2)
    assert r.tilted_ns == NOW
    r.hear(Telemetry(STANDSTILL, LEVEL), NOW + 3)
    assert r.tilted_ns is None


def test_a_machine_that_tells_no_incline_has_none() -> None:
    """Nothing is known, and nothing is said."""
    r = good_readings()
    r.belt = Belt()
    r.hear(Telemetry(STANDSTILL), NOW)
    assert r.tilted_ns is None


STEEP = Ceiling(Speed(480), Incline(150), up_ramp_centi_kmh_per_s=20)
BOTH_WAYS = plan(forward((1.0, 60)), backward((0.5, 60)), limits=replace(LIMITS, forward=STEEP))


@pytest.mark.parametrize(
    ("what", "facing", "steepest"),
    [
        (None, None, None),
        (PLAN, None, 30),
        (BOTH_WAYS, None, 30),
        (BOTH_WAYS, Facing.FORWARD, 100),  # the absolute cap
        (BOTH_WAYS, Facing.BACKWARD, 30),
    ],
)
def test_how_steep_it_may_be_hangs_on_who_walks(what: Plan | None, facing: Facing | None, steepest: int | None) -> None:
    """The cap of the facing that is walked; while the belt stands, of the next one. Not known counts as backward."""
    r = good_readings()
    cap = None if steepest is None else Incline(steepest)
    r.plan, r.belt, r.facing, r.ahead = what, moving(), facing, None
    assert r.steepest == cap
    r.belt, r.facing, r.ahead = standing(), None, facing
    assert r.steepest == cap


def test_a_belt_that_was_let_go_has_no_tilt() -> None:
    """The next session asks it anew."""
    r = good_readings()
    r.tilted_ns = NOW
    r.let_go()
    assert r.tilted_ns is None


def test_a_boarding_forgets_the_one_before() -> None:
    """Refusals, statuses and set-points of the last boarding say nothing of the next."""
    r = good_readings()
    r.key_ns = r.console_stop_ns = r.overspeed_ns = NOW
    r.answered_start(Answer.FAILED)
    assert r.start_refused
    r.command(Speed(300), NOW)
    r.board(Facing.FORWARD, NOW)
    forgotten = ("key_ns", "console_stop_ns", "overspeed_ns", "start_refused")
    assert not any(getattr(r, name) for name in forgotten)
    assert (r.highest, list(r.commanded), r.facing, r.started_ns) == (n.BOARD_SPEED, [], Facing.FORWARD, NOW)
    r.answered_start(Answer.SUCCESS)
    assert not r.start_refused


def test_the_strap_counts_from_its_last_edge() -> None:
    """A repeated level is no edge."""
    r = good_readings()
    r.hear(StrapLine(closed=False), NOW)
    r.hear(StrapLine(closed=False), NOW + 5)
    assert (r.strap_closed, r.strap_ns) == (False, NOW)


@pytest.mark.parametrize(("event", "attribute", "value"), [
    (MachineEvent.STOPPED_BY_KEY, "key_ns", NOW),
    (MachineEvent.CONTROL_LOST, "control_lost", True),
    (MachineEvent.STOPPED_BY_USER, "console_stop_ns", NOW),
    (MachineEvent.PAUSED_BY_USER, "console_stop_ns", NOW),
])  # fmt: skip
def test_statuses_that_matter(event: MachineEvent, attribute: str, value: object) -> None:
    """Key, control, and stop or pause at the console."""
    r = good_readings()
    r.hear(MachineStatus(event), NOW)
    assert getattr(r, attribute) == value


@pytest.mark.parametrize("event", [
    MachineEvent.RESET, MachineEvent.STARTED_BY_USER, MachineEvent.TARGET_SPEED_CHANGED, MachineEvent.OTHER,
])  # fmt: skip
def test_statuses_that_say_nothing(event: MachineEvent) -> None:
    """A start by the "user" is no presence, a changed target is no person: own commands echo."""
    r, same = good_readings(), good_readings()
    r.hear(MachineStatus(event), NOW)
    assert (r.key_ns, r.control_lost, r.console_stop_ns, r.presence_ns) == (None, False, None, same.presence_ns)


def test_a_new_link_knows_nothing_of_the_belt() -> None:
    """Whatever was heard over the last link is not believed over the next; nor is control held."""
    r = good_readings()
    r.control_lost = True
    r.hear(LinkDown("gone"), NOW)
    assert (r.linked, r.belt.stands, r.link_lost_because) == (False, False, "gone")
    r.hear(LinkUp(MACHINE), NOW + 1)
    assert (r.linked, r.linked_ns, r.belt.frame, r.control_lost) == (True, NOW + 1, None, False)


def test_what_else_is_heard() -> None:
    """Marker and heart rate are kept; a heart-rate link that drops forgets no sample; a tick says nothing."""
    r = good_readings()
    r.hear(MarkerStored(ok=False), NOW)
    assert not r.marker_stored
    r.hear(HeartRateSample(95), NOW + 1)
    r.hear(HeartRateLink(up=False), NOW + 2)
    r.hear(Tick(), NOW + 3)
    assert r.heart.bpm == 95


@pytest.mark.parametrize(("lag_ns", "lagged"), [
    (n.LAG_TRIP_NS - 1, None), (n.LAG_TRIP_NS, None), (n.LAG_TRIP_NS + 1, NOW),
])  # fmt: skip
def test_a_stall_is_remembered(lag_ns: int, lagged: int | None) -> None:
    """More than a second late is a stall."""
    r = good_readings()
    r.late(lag_ns, NOW)
    assert (r.lag_ns, r.lagged_ns) == (lag_ns, lagged)


@pytest.mark.parametrize(("how", "level", "present"), [
    ("presence_ns", 3, True), ("declared_ns", 0, True), ("declared_ns", 1, True), ("declared_ns", 2, False),
])  # fmt: skip
def test_presence_by_a_declared_button_is_good_for_low_levels(how: str, level: int, present: bool) -> None:
    """A real edge or button is good for every level."""
    r = good_readings(plan=at_level(level))
    r.presence_ns = None
    setattr(r, how, NOW)
    assert r.present(NOW) is present


def test_start_patience() -> None:
    """1.5 times what commissioning measured, or 8 s."""
    r = good_readings()
    r.machine = replace(MACHINE, start_delay_s=2.0)
    assert r.start_patience_ns == seconds(3)
    r.machine = replace(MACHINE, starts_at_console_only=True)
    assert r.start_patience_ns == n.START_AT_CONSOLE_NS
    r.machine = r.plan = None
    assert r.start_patience_ns == seconds(8)
    assert r.level == 0


def test_at_first_nothing_is_known() -> None:
    """No marker, no latch, no strap, no presence, no lag: deny by default."""
    r = Readings(SETTINGS, good_readings().heart)
    assert (r.marker_stored, r.latched, r.control_lost, r.start_refused) == (False, False, False, False)
    assert (r.strap_closed, r.strap_ns, r.lag_ns, r.linked, r.present(NOW)) == (None, 0, 0, False, False)


@pytest.mark.parametrize(("after_ns", "missing"), [
    (n.START_LOCKOUT_NS - 1, False), (n.START_LOCKOUT_NS, False), (n.START_LOCKOUT_NS + 1, True),
])  # fmt: skip
def test_a_key_status_that_comes_with_the_link_is_old_news(after_ns: int, missing: bool) -> None:
    """It trips on a moving belt like any other, but does not ask for somebody at rest."""
    r = Readings(SETTINGS, HeartRateFilter(None))
    r.hear(LinkUp(MACHINE), NOW)
    r.hear(MachineStatus(MachineEvent.STOPPED_BY_KEY), NOW + after_ns)
    assert r.key_ns == NOW + after_ns
    assert r.key_missing is missing


def test_a_missing_key_stays_missing_when_its_status_is_replayed() -> None:
    """A new link does not put a key back."""
    r = Readings(SETTINGS, HeartRateFilter(None))
    r.hear(MachineStatus(MachineEvent.STOPPED_BY_KEY), NOW)
    r.hear(LinkUp(MACHINE), NOW + 1)
    r.hear(MachineStatus(MachineEvent.STOPPED_BY_KEY), NOW + 2)
    assert r.key_missing


def test_a_new_session_has_nothing_on_the_disk_and_a_heart_at_rest() -> None:
    """What the last one left is not this one's."""
    r = good_readings()
    r.resting_bpm = r.highest_bpm = 90
    r.begin(at_level(1))
    assert r.plan == at_level(1)
    assert not r.marker_stored
    assert r.heart_rate_rise_bpm is None
    assert [r.resting_bpm, r.highest_bpm] == [None, None]


def test_letting_go_forgets_the_belt_and_the_person() -> None:
    """Old motion must not look like new, and whoever was there may have left."""
    r = good_readings()
    r.declared_ns = NOW
    r.let_go()
    assert r.belt == type(r.belt)()
    assert [r.presence_ns, r.declared_ns] == [None, None]
    assert r.linked


def test_the_heart_is_measured_from_its_rest_before_the_first_start() -> None:
    """Good samples raise it, artefacts do not, and a second boarding does not begin anew."""
    r = good_readings()
    assert r.heart_rate_rise_bpm is None
    r.hear(HeartRateSample(99), NOW + seconds(1))
    assert r.heart_rate_rise_bpm is None
    rest = r.heart.bpm
    assert rest is not None
    r.board(Facing.BACKWARD, NOW + seconds(1))
    assert r.heart_rate_rise_bpm == 0
    r.hear(HeartRateSample(rest + 8), NOW + seconds(2))
    r.hear(HeartRateSample(rest + 4), NOW + seconds(3))
    r.hear(HeartRateSample(rest + 90), NOW + seconds(4))
    assert r.heart_rate_rise_bpm == 8
    r.board(Facing.BACKWARD, NOW + seconds(5))
    assert r.heart_rate_rise_bpm == 8
    r.highest_bpm = None
    assert r.heart_rate_rise_bpm is None


def test_the_power_supply_is_good_until_it_is_told_not_to_be() -> None:
    """And good again when it says so."""
    r = good_readings()
    assert not r.low_power
    r.hear(Power(ok=False), NOW)
    assert r.low_power
    r.hear(Power(ok=True), NOW)
    assert not r.low_power


def test_the_strap_is_proven_by_closing_after_it_was_open() -> None:
    """Its first level proves nothing, nor does the same level again."""
    r = Readings(SETTINGS, HeartRateFilter(None))
    for closed, proven_ns in ((True, None), (True, None), (False, None), (True, NOW + 3), (True, NOW + 3)):
        r.hear(StrapLine(closed), NOW + 3)
        assert r.strap_proven_ns == proven_ns


def test_more_answers_than_markers_were_asked_for_count_nothing() -> None:
    """A stray one stores, and leaves no debt."""
    r = Readings(SETTINGS, HeartRateFilter(None))
    r.hear(MarkerStored(ok=True), NOW)
    assert (r.marker_stored, r.markers_asked) == (True, 0)

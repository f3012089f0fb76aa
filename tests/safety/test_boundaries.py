"""Every number of numbers.py, one step below it, at it, and one step above: a nanosecond, 0.01 km/h, a beat, a level.

A row of HELD names the test elsewhere that does the same; a number without a row fails.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from retrowalk.interlock import Interlock
from retrowalk.interlock.belt import Belt
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.ladder import Ladder
from retrowalk.interlock.rules import RULES
from retrowalk.model import numbers as n
from retrowalk.model.commands import PermittedCommand, SetSpeed, Start, StoreMarker
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import Answered, HeartRateSample, MarkerStored, Telemetry
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Motion, Phase, PromptKind, Rung
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import STANDSTILL, Speed, seconds
from retrowalk.session.arming import Arming
from retrowalk.session.course import Course
from retrowalk.session.cues import Cues
from retrowalk.session.debrief import Debrief
from retrowalk.session.prompts import PromptDesk
from retrowalk.treadmill.control_point import ControlPoint, Refused
from support.ideal_belt import MACHINE, SETTINGS, backward, plan
from support.interlock_bench import NOW, at_level, good_readings, moving
from support.session_bench import BOARD_SPEED, Bench, bench, fault

HOUR = plan(backward((1.0, 3600)))
RISING = plan(backward((0.5, 60), (1.0, 60)))

HELD = {
    "BOARD_SPEED": "test_board_speed_is_half_a_mile_rounded_down_to_the_machines_grid",
    "START_LOCKOUT_NS": "test_times_are_exact",
    "START_DELAY_S": "test_times_are_exact",
    "START_PATIENCE": "test_times_are_exact",
    "CONFIRM_EXPIRES_NS": "test_a_confirmation_expires",
    "CONTROL_RETRY_NS": "test_control_that_somebody_else_has_is_asked_for_again",
    "STOP_RESEND_NS": "test_it_is_written_again_half_a_second_after_a_write_ended",
    "STOP_EFFECT_NS": "test_no_effect_is_alarmed_after_two_seconds",
    "STOP_STALLED_NS": "test_a_belt_that_slows_down_no_further_shows_no_effect",
    "STOP_EFFECT_DROP": "test_an_effect_is_a_fall_by_a_third_of_a_kmh_or_zero",
    "STOP_ALARM_STAYS_NS": "test_a_stop_that_nothing_will_verify_is_a_persons_word",
    "RUN_DOWN_S": "test_without_a_machine_the_careful_run_down_holds",
    "RUN_DOWN_PATIENCE": "test_without_a_machine_the_careful_run_down_holds",
    "UNITS_TOLERANCE_PERCENT": "test_ratios_are_the_same_within_the_tolerance",
    "START_DELAY_MARGIN_S": "test_margins_make_a_machine_slower_than_it_was",
    "START_DELAY_SHORTEST_S": "test_no_machine_is_believed_to_be_faster_than_two_seconds",
    "RUN_DOWN_SHORTEST_S": "test_no_machine_is_believed_to_be_faster_than_two_seconds",
    "TELEMETRY_WARN_NS": "test_times_are_exact",
    "TELEMETRY_TRIP_NS": "test_times_are_exact",
    "ELAPSED_FROZEN_NS": "test_times_are_exact",
    "OVERSPEED_WINDOW_NS": "test_the_highest_command_of_five_seconds_explains_a_speed",
    "OVERSPEED_FOR_NS": "test_times_are_exact",
    "OVERSPEED_MARGIN": "test_the_margin_is_half_a_kmh_or_15_percent",
    "OVERSPEED_PERCENT": "test_the_margin_is_half_a_kmh_or_15_percent",
    "FRAME_ECHO_NS": "test_the_same_frame_again_at_once_is_no_second_word",
    "INCLINE_MARGIN": "test_an_incline_between_level_and_the_cap_is_no_tilt",
    "TILTED_FOR_NS": "test_times_are_exact",
    "UNEXPLAINED_STANDSTILL_NS": "test_times_are_exact",
    "STARTS_ON_CONNECT_NS": "test_times_are_exact",
    "CONSOLE_LOWERED_NS": "test_one_step_below_a_steady_set_point_for_five_seconds",
    "HEART_RATE_JUMP_NS": "test_a_longer_gap_allows_a_larger_step",
    "HEART_RATE_NO_INCREASE_NS": "test_times_are_exact",
    "HEART_RATE_LOST_NS": "test_times_are_exact",
    "HEART_RATE_MEDIAN_OF": "test_the_median_of_five_decides",
    "HEART_RATE_HARD_NS": "test_a_limit_must_be_passed_for_its_time",
    "HEART_RATE_SOFT_NS": "test_a_limit_must_be_passed_for_its_time",
    "HEART_RATE_EASE_NS": "test_easing_steps_down_every_20_seconds",
    "HEART_RATE_EASE_STEP": "test_easing_steps_down_every_20_seconds",
    "SET_POINT_LEAD": "test_the_ramp_waits_for_a_belt_that_lags",
    "STRAP_STABLE_NS": "test_times_are_exact",
    "DOWN_RAMP_CENTI_KMH_PER_S": "test_down_at_its_own_rate_to_the_machines_minimum",
    "INCLINE_RAMP_TENTHS_PER_S": "test_incline_moves_half_a_percent_a_second",
    "TICK_NS": "test_up_at_its_rate_and_never_more_than_two_ticks_at_once",
    "LAG_LOGGED_NS": "test_lag_is_told_from_a_quarter_of_a_second_on",
    "LAG_TRIP_NS": "test_lag_while_moving_trips_above_a_second",
}
"""Amounts are no limits: their tests hold the exact result instead."""

type Probe = Callable[[int], bool]


def broken(rule: str, **values: object) -> bool:
    """Tell whether a rule is broken on a moving belt with these readings."""
    r = good_readings()
    r.belt = moving()
    for name, value in values.items():
        setattr(r, name, value)
    return next(row for row in RULES if row.name == rule).broken(r, NOW)


# -- heart


def fed(*samples: tuple[int, int]) -> HeartRateFilter:
    """Return a filter that heard (time, bpm) samples."""
    heart = HeartRateFilter(SETTINGS.heart)
    for at_ns, bpm in samples:
        heart.hear(HeartRateSample(bpm), at_ns)
    return heart


def plausible(bpm: int) -> bool:
    return fed((0, bpm)).bpm == bpm


def jumped(by_bpm: int) -> bool:
    return fed((0, 90), (seconds(1), 90 + by_bpm)).bpm == 90 + by_bpm


def believed_after_an_artefact(later_ns: int) -> bool:
    return fed((0, 90), (seconds(1), 160), (seconds(1) + later_ns, 91)).bpm == 91


def believed_without_intervals(for_ns: int) -> bool:
    heart = HeartRateFilter(SETTINGS.heart)
    heart.hear(HeartRateSample(90, rr_ms=(660.0,)), 0)
    heart.hear(HeartRateSample(91), for_ns)
    return heart.bpm == 91


def believed_unchanged(for_ns: int) -> bool:
    return fed((0, 90), (for_ns, 90)).good_ns == for_ns


def settled_by(samples: int) -> bool:
    return fed(*((seconds(at_s), 90 + at_s % 2) for at_s in range(samples))).settled(seconds(4))


def settled_for(age_ns: int) -> bool:
    return fed(*((at_ns, 90 + at_ns) for at_ns in range(n.HEART_RATE_ENTRY_SAMPLES))).settled(age_ns)


def flat_after(worked_ns: int) -> bool:
    return broken("heart_rate_flat", started_ns=NOW - worked_ns, resting_bpm=90, highest_bpm=90)


def flat_by(rise_bpm: int) -> bool:
    long_ago_ns = NOW - n.HEART_RATE_RISE_NS
    return broken("heart_rate_flat", started_ns=long_ago_ns, resting_bpm=90, highest_bpm=90 + rise_bpm)


# -- belt and machine


def stands_after(zero_frames: int) -> bool:
    belt = Belt()
    for at_ns in range(zero_frames):
        belt.hear(Telemetry(STANDSTILL), at_ns)
    return belt.stands


def relay_opened_after(unlinked_ns: int) -> bool:
    numbers = count(1)
    ladder = Ladder("link_down", NOW, BOARD_SPEED, seconds(15), lambda: next(numbers), relay=True)
    ladder.begin(linked=False, now_ns=NOW)
    ladder.tick(Belt(), linked=False, now_ns=NOW + unlinked_ns)
    return Rung.RELAY_OPENED in ladder.climbed


def marker_tried_again(after_ns: int) -> bool:
    lock = Interlock(SETTINGS)
    lock.readings = good_readings()
    lock.open(RISING, NOW)
    lock.hear(MarkerStored(ok=False), NOW)
    lock.commands.clear()
    lock.permit(Proposal(), NOW + after_ns)
    return StoreMarker() in lock.commands


def written_under_its_permit(age_ns: int) -> bool:
    try:
        ControlPoint(MACHINE).request(PermittedCommand(1, Start(), n.PERMIT_EXPIRES_NS), age_ns)
    except Refused:
        return False
    return True


def first_still_awaits_its_answer(age_ns: int) -> bool:
    point = ControlPoint(MACHINE)
    point.request(PermittedCommand(1, Start(), 1), 0)
    for number, at_ns in ((2, 0), (3, age_ns)):
        point.written(point.request(PermittedCommand(number, SetSpeed(BOARD_SPEED), 1), 0), at_ns)
    answered = point.answered(b"\x80\x02\x01")
    return isinstance(answered, Answered) and answered.number == 2


def too_fast(centi_kmh: int) -> bool:
    return broken("machine_too_fast", machine=replace(MACHINE, slowest=Speed(centi_kmh)))


def late_at_the_console(after_ns: int) -> bool:
    return broken("no_motion", machine=replace(MACHINE, starts_at_console_only=True), started_ns=NOW - after_ns)


# -- person and level


def declared_is_presence(level: int) -> bool:
    r = good_readings(plan=at_level(level))
    r.presence_ns, r.declared_ns = None, NOW
    return r.present(NOW)


def absent_after(age_ns: int) -> bool:
    return broken("absent", presence_ns=NOW - age_ns)


def too_weak_when_attested(level: int) -> bool:
    settings = replace(SETTINGS, strap=StrapTier.ATTESTED)
    return broken("strap_too_weak", settings=settings, plan=at_level(level))


def heart_needed(level: int) -> bool:
    return good_readings(replace(SETTINGS, without_heart_rate=True), at_level(level)).heart_rate_needed


def uncommissioned(level: int) -> bool:
    return broken("uncommissioned", machine=replace(MACHINE, commissioned=False), plan=at_level(level))


# -- session


def given_up_arming(after_ns: int) -> bool:
    return Arming(Request(Verb.ARM, Origin.SOCKET), 0).refusal([fault()], after_ns) is not None


def answerable(after_ns: int) -> bool:
    desk = PromptDesk()
    desk.ask(PromptKind.BOARD, "ready?", 0)
    return desk.refusal(None, after_ns) is None


def hurried_to(b: Bench, at_ns: int, phase: Phase) -> bool:
    """Let one call come at this very time, and tell whether the session is then in `phase`."""
    b.now_ns = at_ns
    return b.see() is phase


def asked_to_board(stood_ns: int) -> bool:
    b = bench().armed()
    b.see(faults=())
    b.see(motion=Motion.STANDSTILL, standstill_ns=b.now_ns - stood_ns)
    return b.session.prompts.open is not None


def given_up_at_the_prompt(after_ns: int) -> bool:
    b = bench().boarding()
    prompt = b.session.prompts.open
    assert prompt
    return hurried_to(b, prompt.opened_ns + after_ns, Phase.IDLE)


def given_up_without_a_link(after_ns: int) -> bool:
    b = bench().boarding()
    b.see(linked=False)
    return hurried_to(b, b.now_ns + after_ns, Phase.IDLE)


def invited(after_ns: int, speed: Speed) -> bool:
    b = bench().starting()
    b.see(motion=Motion.MOVING, speed=speed)
    return hurried_to(b, b.now_ns + after_ns, Phase.STEP_ON)


def walks(after_ns: int, what: Plan) -> bool:
    b = bench().stepping_on(what)
    return hurried_to(b, b.session._phase_ns + after_ns, Phase.WALK)


def ramps(after_ns: int) -> bool:
    b = bench().walking(HOUR)
    b.now_ns = b.session._cues.hold_ends_ns - n.BOARD_HOLD_NS + after_ns
    return b.proposal.target == HOUR.bouts[0].peak


def cooled_down(after_ns: int, level: int) -> bool:
    b = bench().walking(plan(backward((0.5, 20)), level=level))
    assert b.see(21, set_point=BOARD_SPEED) is Phase.COOL_DOWN
    return hurried_to(b, b.session._phase_ns + after_ns, Phase.SLOWING)


def halts_a_fast_belt(after_ns: int) -> bool:
    b = bench().walking()
    assert b.see(21, set_point=Speed(150)) is Phase.SLOWING
    b.now_ns = b.session._phase_ns + after_ns
    return b.proposal.halt


def ramp_is_told(left_ns: int) -> bool:
    course = Course(RISING, 0)
    course.walk(seconds(60) - left_ns)
    return Cues(hold_ends_ns=0, last_ns=0).due(course, BOARD_SPEED, 1) is not None


def cue_is_due(after_ns: int) -> bool:
    return Cues.begin(0, 0).due(Course(RISING, 0), BOARD_SPEED, after_ns) is not None


def answered_fine(after_ns: int) -> bool:
    return Debrief(0, pressed_ns=0).settled(after_ns) == "fine"


ABOVE, FROM, BELOW, UP_TO = (False, False, True), (False, True, True), (True, False, False), (True, True, False)
TRIPLES: dict[str, tuple[Probe, tuple[bool, bool, bool]]] = {
    "PRESENCE_EXPIRES_NS": (absent_after, ABOVE),
    "AUTO_DISARM_NS": (given_up_arming, ABOVE),
    "PROMPT_READABLE_NS": (answerable, FROM),
    "PROMPT_EXPIRES_NS": (given_up_at_the_prompt, ABOVE),
    "BOARD_SPEED_HIGHEST": (too_fast, ABOVE),
    "START_AT_CONSOLE_NS": (late_at_the_console, ABOVE),
    "PERMIT_EXPIRES_NS": (written_under_its_permit, BELOW),
    "RELAY_LINK_LOST_NS": (relay_opened_after, FROM),
    "STANDSTILL_FRAMES": (stands_after, FROM),
    "STANDSTILL_SETTLED_NS": (asked_to_board, FROM),
    "ANSWER_PATIENCE_NS": (first_still_awaits_its_answer, UP_TO),
    "HEART_RATE_LOWEST_BPM": (plausible, FROM),
    "HEART_RATE_HIGHEST_BPM": (plausible, UP_TO),
    "HEART_RATE_JUMP_BPM": (jumped, UP_TO),
    "HEART_RATE_SUSPECT_NS": (believed_after_an_artefact, BELOW),
    "HEART_RATE_RR_MISSING_NS": (believed_without_intervals, BELOW),
    "HEART_RATE_UNCHANGED_NS": (believed_unchanged, BELOW),
    "HEART_RATE_ENTRY_SAMPLES": (settled_by, FROM),
    "HEART_RATE_ENTRY_NS": (settled_for, UP_TO),
    "HEART_RATE_RISE_NS": (flat_after, FROM),
    "HEART_RATE_RISE_BPM": (flat_by, BELOW),
    "BOARD_HOLD_NS": (ramps, FROM),
    "RAMP_NOTICE_NS": (ramp_is_told, UP_TO),
    "DECLARED_BUTTON_HIGHEST_LEVEL": (declared_is_presence, UP_TO),
    "ATTESTED_STRAP_HIGHEST_LEVEL": (too_weak_when_attested, ABOVE),
    "EXCUSED_HIGHEST_LEVEL": (heart_needed, ABOVE),
    "UNCOMMISSIONED_HIGHEST_LEVEL": (uncommissioned, ABOVE),
    "MARKER_RETRY_NS": (marker_tried_again, ABOVE),
    "STEP_ON_NS": (lambda after_ns: walks(after_ns, RISING), FROM),
    "STEP_ON_AT_BOARD_SPEED_NS": (lambda after_ns: walks(after_ns, plan(backward((0.5, 60)))), FROM),
    "COOL_DOWN_HOLD_NS": (lambda after_ns: cooled_down(after_ns, level=1), FROM),
    "COOL_DOWN_HOLD_LEVEL_0_NS": (lambda after_ns: cooled_down(after_ns, level=0), FROM),
    "QUESTIONS_EXPIRE_NS": (Debrief(0).expired, ABOVE),
    "LINK_PATIENCE_NS": (given_up_without_a_link, ABOVE),
    "CUE_EVERY_NS": (cue_is_due, FROM),
    "BOARD_SPEED_STEADY_NS": (lambda after_ns: invited(after_ns, BOARD_SPEED), FROM),
    "BOARD_SPEED_PATIENCE_NS": (lambda after_ns: invited(after_ns, Speed(50)), FROM),
    "RAMP_DOWN_PATIENCE_NS": (halts_a_fast_belt, FROM),
    "SECOND_PRESS_NS": (answered_fine, ABOVE),
}


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize("name", TRIPLES)
def test_a_number_holds_to_the_step(name: str, step: int) -> None:
    """One step below it, at it, one step above."""
    probe, expected = TRIPLES[name]
    value = getattr(n, name)
    limit = value.centi_kmh if isinstance(value, Speed) else value
    assert probe(limit + step) is expected[step + 1]


def test_every_number_has_a_row() -> None:
    """A number that is added is a number that is tested."""
    assert {name for name in vars(n) if name.isupper()} == TRIPLES.keys() | HELD.keys()
    assert not TRIPLES.keys() & HELD.keys()


def test_the_tests_that_hold_the_others_exist() -> None:
    """A test that is renamed takes its row along."""
    modules = (ast.parse(path.read_text(encoding="utf-8")) for path in Path(__file__).parents[1].rglob("test_*.py"))
    names = {node.name for module in modules for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    assert set(HELD.values()) - names == set()

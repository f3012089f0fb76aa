"""What breaks each rule: its fault, exactly at its limit, and nothing that only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from retrowalk.interlock.readings import Readings
from retrowalk.interlock.rules import RULES
from retrowalk.model import numbers as n
from retrowalk.model.observations import HeartRateSample, Telemetry
from retrowalk.model.reports import Motion
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import STANDSTILL, Speed, seconds
from support.ideal_belt import LIMITS, MACHINE, SETTINGS, TWO_BOUTS, backward, forward, plan
from support.interlock_bench import NOW, at_level, good_readings, moving

BY_NAME = {rule.name: rule for rule in RULES}
IDLE, STANDSTILL_, BOARDING, MOVING, STOPPING = Motion

type Spoil = Callable[[Readings, int], None]


def broken(name: str, r: Readings, now_ns: int = NOW) -> bool:
    """Tell whether a rule is broken."""
    return BY_NAME[name].broken(r, now_ns)


def on_the_move(r: Readings) -> Readings:
    """Put the belt in motion."""
    r.belt = moving()
    return r


def aged(attribute: str) -> Spoil:
    """Return what makes a time of the readings so old."""
    return lambda r, age_ns: setattr(r, attribute, NOW - age_ns)


def frame_aged(r: Readings, age_ns: int) -> None:
    """Make the last frame so old."""
    r.belt.frame_ns = NOW - age_ns


def clock_stood(r: Readings, for_ns: int) -> None:
    """Let the machine's clock stand for so long while frames come, all of one speed."""
    r.belt.changed_ns = None
    r.belt.moving_ns, r.belt.elapsed_ns, r.belt.frame_ns = NOW - seconds(60), NOW - for_ns, NOW


def moved_with_standing_clock(r: Readings, for_ns: int) -> None:
    """Let the belt move for so long since its clock last advanced, long ago."""
    r.belt.changed_ns = None
    r.belt.moving_ns, r.belt.elapsed_ns, r.belt.frame_ns = NOW - for_ns, NOW - seconds(60), NOW


def ran_at_one_speed(r: Readings, for_ns: int) -> None:
    """Let the reported speed be the same for so long, and the clock stand for longer."""
    clock_stood(r, seconds(60))
    r.belt.changed_ns = NOW - for_ns


def moved_after_link_up(r: Readings, after_ns: int) -> None:
    """Let a belt that stood begin to move so long after the link was made."""
    r.belt.stood, r.belt.moving_ns, r.linked_ns = True, NOW, NOW - after_ns


def stood(r: Readings, for_ns: int) -> None:
    """Let the belt stand for so long."""
    r.belt.hear(Telemetry(STANDSTILL), NOW - for_ns)
    r.belt.hear(Telemetry(STANDSTILL), NOW - for_ns)


def heart_aged(r: Readings, age_ns: int) -> None:
    """Make the last good heart rate so old."""
    r.heart.good_ns = NOW - age_ns


def heart_over(bpm: int) -> Spoil:
    """Return what keeps the heart rate at `bpm` for so long, until now."""

    def spoil(r: Readings, for_ns: int) -> None:
        r.heart = type(r.heart)(r.settings.heart)
        for step in range(20):
            at_ns = NOW - for_ns + seconds(step)
            if at_ns <= NOW:
                r.heart.hear(HeartRateSample(bpm + step % 2), at_ns)

    return spoil


def worked(r: Readings, for_ns: int) -> None:
    """Let the heart work for so long and stay where it was."""
    r.started_ns, r.resting_bpm, r.highest_bpm = NOW - for_ns, 90, 90 + n.HEART_RATE_RISE_BPM - 1


ABOVE, FROM, BELOW, UP_TO = (False, False, True), (False, True, True), (True, False, False), (True, True, False)
TRIPLES: list[tuple[str, Spoil, int, tuple[bool, bool, bool]]] = [
    ("safety_key", aged("key_ns"), n.STRAP_STABLE_NS, UP_TO),
    ("heart_rate_hard", heart_over(160), n.HEART_RATE_HARD_NS, FROM),
    ("heart_rate_soft", heart_over(130), n.HEART_RATE_SOFT_NS, FROM),
    ("telemetry_stale", frame_aged, n.TELEMETRY_TRIP_NS, ABOVE),
    ("stop_unseen", frame_aged, n.TELEMETRY_TRIP_NS, ABOVE),
    ("telemetry_late", frame_aged, n.TELEMETRY_WARN_NS, ABOVE),
    ("telemetry_frozen", clock_stood, n.ELAPSED_FROZEN_NS, ABOVE),
    ("telemetry_frozen", moved_with_standing_clock, n.ELAPSED_FROZEN_NS, ABOVE),
    ("telemetry_frozen", ran_at_one_speed, n.ELAPSED_FROZEN_NS, ABOVE),
    ("starts_on_connect", moved_after_link_up, n.STARTS_ON_CONNECT_NS, UP_TO),
    ("overspeed", aged("overspeed_ns"), n.OVERSPEED_FOR_NS, FROM),
    ("tilted", aged("tilted_ns"), n.TILTED_FOR_NS, FROM),
    ("unexplained_standstill", stood, n.UNEXPLAINED_STANDSTILL_NS, FROM),
    ("loop_lag", aged("lagged_ns"), n.LAG_TRIP_NS, UP_TO),
    ("console_stop", aged("console_stop_ns"), n.UNEXPLAINED_STANDSTILL_NS, UP_TO),
    ("no_motion", aged("started_ns"), seconds(8), ABOVE),
    ("heart_rate_lost", heart_aged, n.HEART_RATE_LOST_NS, ABOVE),
    ("heart_rate_stale", heart_aged, n.HEART_RATE_NO_INCREASE_NS, ABOVE),
    ("absent", aged("presence_ns"), n.PRESENCE_EXPIRES_NS, ABOVE),
    ("start_lockout", aged("linked_ns"), n.START_LOCKOUT_NS, BELOW),
    ("strap_unsettled", aged("strap_ns"), n.STRAP_STABLE_NS, BELOW),
    ("strap_unproven", aged("strap_proven_ns"), n.PRESENCE_EXPIRES_NS, ABOVE),
    ("heart_rate_flat", worked, n.HEART_RATE_RISE_NS, FROM),
]


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize(("name", "spoil", "limit_ns", "expected"), TRIPLES, ids=[row[0] for row in TRIPLES])
def test_times_are_exact(name: str, spoil: Spoil, limit_ns: int, expected: tuple[bool, bool, bool], step: int) -> None:
    """One nanosecond below, at, and above the limit."""
    r = on_the_move(good_readings())
    spoil(r, limit_ns + step)
    assert broken(name, r) is expected[step + 1]


def _set(**values: object) -> Callable[[Readings], None]:
    def spoil(r: Readings) -> None:
        for attribute, value in values.items():
            setattr(r, attribute, value)

    return spoil


def _settings(**values: object) -> Callable[[Readings], None]:
    def spoil(r: Readings) -> None:
        r.settings = replace(r.settings, **values)  # type: ignore[arg-type]  # fields by name

    return spoil


def _machine(**values: object) -> Callable[[Readings], None]:
    def spoil(r: Readings) -> None:
        r.machine = replace(MACHINE, **values)  # type: ignore[arg-type]  # fields by name

    return spoil


def _both(*spoils: Callable[[Readings], None]) -> Callable[[Readings], None]:
    def spoil(r: Readings) -> None:
        for one in spoils:
            one(r)

    return spoil


def _level(level: int) -> Callable[[Readings], None]:
    return _set(plan=at_level(level))


def _runs_at(kmh: float) -> Callable[[Readings], None]:
    return lambda r: setattr(r, "belt", moving(Speed.from_kmh(kmh)))


def _rested(resting_bpm: int | None, highest_bpm: int | None) -> Callable[[Readings], None]:
    """Let the belt have run for an hour, with these heart rates."""
    return _set(started_ns=NOW - seconds(3600), resting_bpm=resting_bpm, highest_bpm=highest_bpm)


FORWARD = _set(plan=plan(forward((2.0, 60))))
LINE, REPORTED, ATTESTED, NONE = (_settings(strap=tier) for tier in StrapTier)
NO_HEART = _settings(heart=None)
EXCUSED = _settings(without_heart_rate=True)
CASES: list[tuple[str, Callable[[Readings], None], bool]] = [
    ("strap_open", _set(strap_closed=False), True),
    ("strap_open", _set(strap_closed=None), True),
    ("strap_open", _both(_set(strap_closed=False), REPORTED), False),
    ("strap_unsettled", _both(_set(strap_ns=NOW), ATTESTED), False),
    ("strap_too_weak", _set(plan=None), False),
    ("strap_too_weak", NONE, True),
    ("strap_too_weak", _both(NONE, FORWARD), False),
    ("strap_too_weak", _both(ATTESTED, _level(1)), False),
    ("strap_too_weak", _both(ATTESTED, _level(2)), True),
    ("strap_too_weak", _both(REPORTED, _level(3)), False),
    ("strap_too_weak", _both(LINE, _level(3)), False),
    ("safety_key", _set(key_ns=None), False),
    ("link_down", _set(linked_ns=None), True),
    ("start_lockout", _set(linked_ns=None), False),
    ("telemetry_stale", lambda r: setattr(r.belt, "frame_ns", None), True),
    ("stop_unseen", lambda r: setattr(r.belt, "frame_ns", None), True),
    ("stop_unseen", _both(_machine(silent_after_stop=True), _runs_at(1), _set(belt=type(moving())())), False),
    ("stop_unseen", _set(machine=None), False),
    ("telemetry_frozen", lambda r: setattr(r.belt, "elapsed_ns", None), False),
    ("telemetry_frozen", lambda r: setattr(r.belt, "frame_ns", None), False),
    ("control_lost", _set(control_lost=True), True),
    ("first_speed", _runs_at(0.89), False),
    ("first_speed", _runs_at(0.9), False),
    ("first_speed", _runs_at(0.91), True),
    ("first_speed", _both(_runs_at(3), _set(highest=Speed(90))), False),
    ("first_speed", _both(_runs_at(3), _set(machine=None)), False),
    ("overspeed", _set(overspeed_ns=None), False),
    ("tilted", _set(tilted_ns=None), False),
    ("starts_on_connect", _both(_runs_at(1), _set(linked_ns=NOW)), False),
    ("starts_on_connect", _both(_runs_at(1), lambda r: setattr(r.belt, "stood", True), _set(linked_ns=None)), False),
    ("uncommanded_motion", _runs_at(1), True),
    ("unexplained_standstill", _runs_at(1), False),
    ("loop_lag", _set(lagged_ns=None), False),
    ("console_stop", _set(console_stop_ns=None), False),
    ("start_refused", _set(start_refused=True), True),
    ("no_motion", _set(started_ns=None), True),
    ("heart_rate_lost", lambda r: setattr(r.heart, "good_ns", None), True),
    ("heart_rate_lost", _both(lambda r: setattr(r.heart, "good_ns", None), EXCUSED), False),
    ("heart_rate_stale", lambda r: setattr(r.heart, "good_ns", None), True),
    ("latched", _set(latched=True), True),
    ("absent", _set(presence_ns=None), True),
    ("absent", _set(presence_ns=None, declared_ns=NOW), False),
    ("absent", _both(_set(presence_ns=None, declared_ns=NOW), _level(2)), True),
    ("standstill_unverified", _runs_at(1), True),
    ("standstill_unverified", lambda r: r.belt.distrust_standstill(), True),
    ("no_handrails", _settings(handrails=False), True),
    ("no_handrails", _both(_settings(handrails=False), FORWARD), False),
    ("no_handrails", _both(_settings(handrails=False), _set(plan=None)), False),
    ("heart_rate_demanded", NO_HEART, True),
    ("heart_rate_demanded", _both(NO_HEART, _set(plan=None)), False),
    ("heart_rate_demanded", _both(NO_HEART, EXCUSED, _level(1)), False),
    ("heart_rate_demanded", _both(NO_HEART, EXCUSED, _level(2)), True),
    ("heart_rate_unsettled", lambda r: setattr(r, "heart", type(r.heart)(SETTINGS.heart)), True),
    ("heart_rate_unsettled", _both(lambda r: setattr(r, "heart", type(r.heart)(None)), EXCUSED), False),
    ("machine_too_fast", _set(plan=None), False),
    ("machine_too_fast", _set(machine=None), False),
    ("machine_too_fast", _machine(slowest=Speed.from_kmh(1.59)), False),
    ("machine_too_fast", _machine(slowest=Speed.from_kmh(1.6)), False),
    ("machine_too_fast", _machine(slowest=Speed.from_kmh(1.61)), True),
    ("machine_too_fast", _both(_machine(slowest=Speed.from_kmh(2)), FORWARD), False),
    ("machine_too_fast", _both(_machine(slowest=Speed.from_kmh(5)), FORWARD), True),
    ("machine_too_fast", _machine(slowest=Speed.from_kmh(1), fastest=Speed.from_kmh(0.9)), True),
    ("single_bout_only", _machine(silent_after_stop=True), True),
    ("single_bout_only", _machine(starts_at_console_only=True), True),
    ("single_bout_only", _both(_machine(silent_after_stop=True), _set(plan=plan(backward((0.5, 20))))), False),
    ("single_bout_only", _set(machine=None), False),
    ("single_bout_only", _set(plan=None), False),
    ("no_marker", _set(marker_stored=False), True),
    ("strap_unproven", _set(strap_proven_ns=None), True),
    ("strap_unproven", _both(_set(strap_proven_ns=None), REPORTED), False),
    ("key_unconfirmed", _set(key_missing=True), True),
    ("uncommissioned", _both(_machine(commissioned=False), _level(1)), True),
    ("uncommissioned", _both(_machine(commissioned=False), _level(0)), False),
    ("uncommissioned", _machine(commissioned=True), False),
    ("uncommissioned", _both(_machine(commissioned=False), _set(plan=plan(forward((2.0, 60)), level=3))), False),
    ("uncommissioned", _both(_level(3), _set(machine=None)), False),
    ("uncommissioned", _both(_machine(commissioned=False), _set(plan=None)), False),
    ("machine_refused", _machine(refused=True), True),
    ("machine_refused", _set(machine=None), False),
    ("low_power", _set(low_power=True), True),
    ("heart_rate_flat", _rested(90, 94), True),
    ("heart_rate_flat", _rested(90, 95), False),
    ("heart_rate_flat", _rested(None, 94), False),
    ("heart_rate_flat", _rested(90, None), False),
    ("heart_rate_flat", _both(_rested(90, 94), _set(started_ns=None)), False),
    ("heart_rate_flat", _both(_rested(90, 94), EXCUSED), False),
]


@pytest.mark.parametrize(("name", "spoil", "expected"), CASES)
def test_each_rule_is_broken_by_its_fault(name: str, spoil: Callable[[Readings], None], expected: bool) -> None:
    """By its fault, and by nothing that only looks like it."""
    r = good_readings()
    spoil(r)
    assert broken(name, r) is expected


def test_a_machine_above_a_walkers_own_cap_is_too_fast() -> None:
    """A minimum within the absolute allowance is still refused where the walker's cap is lower."""
    r = good_readings(
        plan=plan(backward((0.5, 20)), limits=replace(LIMITS, backward=replace(LIMITS.backward, speed=Speed(80))))
    )
    r.machine = replace(MACHINE, slowest=Speed(90))
    assert broken("machine_too_fast", r)


def test_the_clock_counts_from_when_the_belt_began_to_move() -> None:
    """A clock that stood while the belt stood is not frozen; nor is one of a belt that stands."""
    r = good_readings()
    r.belt.elapsed_ns = NOW - seconds(60)
    assert not broken("telemetry_frozen", r)


def test_every_rule_is_tested() -> None:
    """No row without a case that breaks it."""
    breaking = {name for name, _, expected in CASES if expected} | {row[0] for row in TRIPLES}
    assert breaking == set(BY_NAME)


def test_two_bouts_are_what_the_good_day_walks() -> None:
    """The plan of the bench is one that the rules about plans look at."""
    assert good_readings().plan == TWO_BOUTS

"""Defects to plant into the daemon: a campaign that does not find them has shown nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from retrowalk.engine import Engine, Outcome
from retrowalk.interlock import ladder
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.kernel import Interlock
from retrowalk.interlock.ladder import Ladder
from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.readings import Readings
from retrowalk.interlock.rules import APPLYING, Rule
from retrowalk.interlock.watches import older
from retrowalk.model import numbers as n
from retrowalk.model.intent import View
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Kind, Motion
from retrowalk.model.units import Speed, seconds
from retrowalk.mqtt.gate import FreshnessGate
from retrowalk.session.course import Course
from retrowalk.session.session import Session

type Planting = Callable[[], AbstractContextManager[Any]]
type Row = tuple[Rule, Kind]

_given_up = Session._given_up
_ceiling, _toward, _come_to_rest = Drive.ceiling, Ramp.toward, Interlock._come_to_rest
_board, _boot, _cool_down = Session._board, Engine.boot, Session._cool_down
_stop, _boot_latched = Interlock.stop, Interlock.boot


def _rules(change: Callable[[Row], Row | None]) -> AbstractContextManager[Any]:
    changed = {motion: tuple(filter(None, map(change, rows))) for motion, rows in APPLYING.items()}
    return patch.dict(APPLYING, changed)


def _without(*names: str) -> AbstractContextManager[Any]:
    return _rules(lambda row: None if row[0].name in names else row)


def _impatient(row: Row) -> Row:
    rule, kind = row
    soon = older(lambda r: r.belt.frame_ns, seconds(0.9)).broken
    return (replace(rule, broken=soon), kind) if rule.name == "telemetry_stale" else row


def _one_step_higher(drive: Drive, r: Readings) -> Speed:
    return _ceiling(drive, r) + (r.machine.step if r.machine else Speed(0))


def _twice_as_steep(ramp: Ramp, goal: int, *, up: int, down: int, now_ns: int) -> int:
    return _toward(ramp, goal, up=2 * up, down=down, now_ns=now_ns)


def _forget_the_latch(interlock: Interlock) -> None:
    interlock.trip, interlock.readings.latched = None, False
    _come_to_rest(interlock)


def _confirm_for_the_walker(session: Session, view: View, now_ns: int) -> None:
    _board(session, view, now_ns)
    session._accept(None, view, now_ns)


def _boot_as_after_a_crash(engine: Engine, marker: str | None, now_ns: int) -> Outcome:
    return _boot(engine, marker or "restart_in_session", now_ns)


def _run_ramps_on(drive: Drive, *_args: object) -> None:
    drive.set_point, drive.incline = drive._former


def _trust_a_flap(interlock: Interlock, now_ns: int) -> bool:
    ladder, age_ns = interlock._ladder, interlock.readings.belt.age_ns(now_ns)
    waited = ladder is not None and now_ns - ladder.demanded_ns >= n.STOP_ALARM_STAYS_NS
    return waited and (age_ns is None or age_ns > n.TELEMETRY_TRIP_NS)


def _stop_without_countdown(interlock: Interlock, now_ns: int, **how: Any) -> None:
    moving = interlock.motion is Motion.MOVING
    _stop(interlock, now_ns, **how)
    if moving and interlock._ladder:
        interlock._ladder.not_before_ns = 0


def _boot_without_countdown(interlock: Interlock, cause: str | None, now_ns: int) -> None:
    _boot_latched(interlock, cause, now_ns)
    if interlock._ladder:
        interlock._ladder.not_before_ns = 0


def _wait_for_board_speed(session: Session, view: View, now_ns: int) -> None:
    if view.set_point is None or view.set_point <= view.board_speed:
        _cool_down(session, view, now_ns)


def _wait_for_word_over_a_link(session: Session, view: View, now_ns: int) -> bool:
    return not view.linked and _given_up(session, view, now_ns)


def _walk_more_than_planned(course: Course, spent_ns: int) -> bool:
    course.stage_ns, course.walked_ns = course.stage_ns + spent_ns, course.walked_ns + spent_ns
    course.backward_ns += spent_ns if course.bout.facing is Facing.BACKWARD else 0
    return course.stage_left_ns <= 0


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Do what the daemon should, but for everything."""


def _method(where: type, name: str, wrong: Callable[..., Any]) -> Planting:
    return partial(patch.object, where, name, wrong)


PLANTS: Final[Mapping[str, Planting]] = {
    "stop_not_resent": _method(Ladder, "_press_on", _nothing),
    "no_alarm": partial(patch.object, ladder, "_ALARMS", ()),
    "cap_one_step_too_high": _method(Drive, "ceiling", _one_step_higher),
    "ramp_too_steep": _method(Ramp, "toward", _twice_as_steep),
    "latch_clears_itself": _method(Interlock, "_come_to_rest", _forget_the_latch),
    "stale_start_accepted": _method(FreshnessGate, "check_age", _nothing),
    "start_unconfirmed": _method(Session, "_board", _confirm_for_the_walker),
    "strap_ignored": partial(_without, "strap_open"),
    "heart_limit_ignored": _method(HeartRateFilter, "over_hard", lambda *_: False),
    "late_loop_ignored": _method(Readings, "late", _nothing),
    "silence_ignored": partial(_without, "telemetry_stale"),
    "control_loss_ignored": partial(_without, "control_lost"),
    "overspeed_ignored": partial(_without, "overspeed", "first_speed"),
    "stale_too_soon": partial(_rules, _impatient),
    "boots_latched": _method(Engine, "boot", _boot_as_after_a_crash),
    "session_never_ends": _method(Session, "_cool_down", _nothing),
    "failures_not_taken_back": _method(Drive, "take_back", _run_ramps_on),
    "flap_forgets_motion": _method(Interlock, "awaits_word", _trust_a_flap),
    "caps_only_for_bouts": _method(Course, "overdue", lambda *_: False),
    "caps_only_at_rest": _method(Session, "_end_overdue", _nothing),
    "pauses_cost_no_minutes": _method(Course, "run", _nothing),
    "countdown_taken_for_rest": _method(Interlock, "stop", _stop_without_countdown),
    "countdown_lost_in_death": _method(Interlock, "boot", _boot_without_countdown),
    "cool_down_without_end": _method(Session, "_cool_down", _wait_for_board_speed),
    "waits_for_the_silent": _method(Session, "_given_up", _wait_for_word_over_a_link),
    "late_instants_walked": _method(Course, "walk", _walk_more_than_planned),
}
"""Each by its name. What they break: stopping, saying so, limits, latches, confirmations, rules, peace, and an end;
and from `failures_not_taken_back` on what was once wrong, and is mended."""


def planted(name: str | None) -> AbstractContextManager[Any]:
    """Return what plants the defect `name` while it is entered (None: nothing). Raises KeyError for a stranger."""
    return nullcontext() if name is None else PLANTS[name]()

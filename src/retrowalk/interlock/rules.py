"""The table. A condition that can keep a belt from moving stands here and nowhere else; a new fault is a new row.

A rule is *broken* or it is not; what that does depends on what the belt is doing. Stops are looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.reports import Kind, Motion
from retrowalk.model.settings import StrapTier

type Condition = Callable[[Readings, int], bool]

ENTRY: Final = {Motion.IDLE: Kind.NO_ENTRY}
AT_REST: Final = {Motion.IDLE: Kind.NO_ENTRY, Motion.STANDSTILL: Kind.NO_ENTRY}
RUNNING: Final = (Motion.BOARDING, Motion.MOVING)
NOT_YET_STANDING: Final = dict.fromkeys((*RUNNING, Motion.STOPPING), Kind.STOP)


def _running(kind: Kind) -> dict[Motion, Kind]:
    return dict.fromkeys(RUNNING, kind)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what breaks it, what that does in which motion, the hazards it answers, and words for a person."""

    name: str
    broken: Condition
    kinds: Mapping[Motion, Kind]
    hazards: tuple[int, ...]
    words: str
    remedy: str
    ramps: bool = True  # a pause ramps down; False: the belt is stopped at once
    ends: bool = False  # a pause ends the session
    lowers: bool = False  # easing also steps down while it lasts
    waits: bool = False  # it may clear by itself or by a person's hand while arming waits
    ahead: bool = False  # it stops a belt also ahead of the session, while arming waits
    must_clear: bool = False  # a reset is refused while it is broken


def _older(at_ns: int | None, limit_ns: int, now_ns: int) -> bool:
    return at_ns is None or now_ns - at_ns > limit_ns


def _within(at_ns: int | None, limit_ns: int, now_ns: int) -> bool:
    return at_ns is not None and now_ns - at_ns <= limit_ns


def _strap_open(r: Readings, _: int) -> bool:
    return r.settings.strap is StrapTier.LINE and r.strap_closed is not True


def _strap_unsettled(r: Readings, now: int) -> bool:
    return r.settings.strap is StrapTier.LINE and now - r.strap_ns < n.STRAP_STABLE_NS


def _strap_too_weak(r: Readings, _: int) -> bool:
    if r.plan is None or not r.plan.backward:
        return False
    tier = r.settings.strap
    return tier is StrapTier.NONE or (tier is StrapTier.ATTESTED and r.level > n.ATTESTED_STRAP_HIGHEST_LEVEL)


def _heart_rate_demanded(r: Readings, _: int) -> bool:
    if r.plan is None or r.heart_rate_needed:
        return False
    return r.level > n.EXCUSED_HIGHEST_LEVEL or not r.settings.without_heart_rate


def _machine_too_fast(r: Readings, _: int) -> bool:
    if r.plan is None or r.machine is None:
        return False
    facings = {bout.facing for bout in r.plan.bouts}
    backward_minimum = r.plan.backward and r.board_speed > n.BOARD_SPEED_HIGHEST
    return backward_minimum or any(r.board_speed > r.ceiling(facing) for facing in facings)


def _single_bout_only(r: Readings, _: int) -> bool:
    machine, plan = r.machine, r.plan
    if machine is None or plan is None:
        return False
    return len(plan.bouts) > 1 and (machine.starts_at_console_only or machine.silent_after_stop)


def _first_speed_too_high(r: Readings, _: int) -> bool:
    speed, machine = r.belt.speed, r.machine
    if speed is None or machine is None or r.highest > r.board_speed:
        return False
    return speed > r.board_speed + machine.step


def _no_motion(r: Readings, now: int) -> bool:
    return _older(r.started_ns, r.start_patience_ns, now)


def _stop_unseen(r: Readings, now: int) -> bool:
    silent = r.machine is not None and r.machine.silent_after_stop
    return not silent and _older(r.belt.frame_ns, n.TELEMETRY_TRIP_NS, now)


def _frozen(r: Readings, _: int) -> bool:
    """Frames keep coming, the belt moves, and neither its speed nor the machine's clock, seen to advance, changes.

    A changing speed is news: there are machines whose clock stands while they run down.
    """
    belt = r.belt
    if belt.frame_ns is None or belt.elapsed_ns is None or belt.moving_ns is None:
        return False
    news_ns = max(belt.elapsed_ns, belt.moving_ns, belt.changed_ns or 0)
    return belt.frame_ns - news_ns > n.ELAPSED_FROZEN_NS


def _starts_on_connect(r: Readings, _: int) -> bool:
    """The belt was seen to stand on this link, and moves so soon that connecting is the likeliest cause."""
    moving_ns, linked_ns = r.belt.moving_ns, r.linked_ns
    if moving_ns is None or linked_ns is None or not (r.belt.runs and r.belt.stood):
        return False
    return moving_ns - linked_ns <= n.STARTS_ON_CONNECT_NS


def _unexplained_standstill(r: Readings, now: int) -> bool:
    return r.belt.stands and r.belt.zero_ns is not None and now - r.belt.zero_ns >= n.UNEXPLAINED_STANDSTILL_NS


def _heart_rate_older(limit_ns: int) -> Condition:
    return lambda r, now: r.heart_rate_needed and _older(r.heart.good_ns, limit_ns, now)


RULES: Final = (
    # Stops
    Rule(
        "strap_open",
        _strap_open,
        AT_REST | NOT_YET_STANDING,
        (1, 29),
        "the safety strap is open",
        "clip the strap at the back of your waist and put its plug in",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "safety_key",
        lambda r, now: _within(r.key_ns, n.STRAP_STABLE_NS, now),
        AT_REST | NOT_YET_STANDING,
        (1, 22),
        "the treadmill says that its safety key was pulled",
        "put the key back and clip it on",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "heart_rate_hard",
        lambda r, now: r.heart.over_hard(now),
        AT_REST | NOT_YET_STANDING,
        (33, 31),
        "the heart rate is over the hard limit",
        "rest until it is well below the limit; see a doctor if it stays high",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "link_down",
        lambda r, _: not r.linked,
        AT_REST | NOT_YET_STANDING,
        (15, 40),
        "there is no Bluetooth link to the treadmill",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
        waits=True,
    ),
    Rule(
        "telemetry_stale",
        lambda r, now: _older(r.belt.frame_ns, n.TELEMETRY_TRIP_NS, now),
        AT_REST | _running(Kind.STOP),
        (15, 19),
        "the treadmill has not told its speed for three seconds",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
        waits=True,
    ),
    Rule(
        "stop_unseen",
        _stop_unseen,
        {Motion.STOPPING: Kind.STOP},
        (15, 18),
        "the treadmill was to stop, and has not told its speed for three seconds",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
    ),
    Rule(
        "telemetry_frozen",
        _frozen,
        {Motion.MOVING: Kind.STOP},
        (19,),
        "the treadmill repeats itself: its clock stands while the belt runs",
        "switch the treadmill off and on",
    ),
    Rule(
        "control_lost",
        lambda r, _: r.control_lost,
        {Motion.STANDSTILL: Kind.NO_ENTRY} | _running(Kind.STOP),
        (16,),
        "another app or the console took control of the treadmill",
        "close other treadmill apps",
        waits=True,
    ),
    Rule(
        "first_speed",
        _first_speed_too_high,
        _running(Kind.STOP),
        (20, 21),
        "the belt started faster than board speed",
        "check the treadmill's units (km/h or mph) and commission it",
    ),
    Rule(
        "overspeed",
        lambda r, now: r.overspeed_ns is not None and now - r.overspeed_ns >= n.OVERSPEED_FOR_NS,
        {Motion.MOVING: Kind.STOP},
        (16, 20),
        "the belt runs faster than it was told to",
        "do not use this treadmill until it has been checked",
    ),
    Rule(
        "starts_on_connect",
        _starts_on_connect,
        {Motion.IDLE: Kind.STOP},
        (9, 36),
        "the belt began to move when the treadmill was connected to",
        "this treadmill starts by itself: do not use it with Retrowalk",
        ahead=True,
    ),
    Rule(
        "uncommanded_motion",
        lambda r, _: r.belt.runs,
        {Motion.IDLE: Kind.NO_ENTRY, Motion.STANDSTILL: Kind.STOP},
        (9, 36, 43),
        "the belt moves without a command",
        "stop the belt at the console; use the treadmill by hand or with Retrowalk, not both",
    ),
    Rule(
        "unexplained_standstill",
        _unexplained_standstill,
        {Motion.MOVING: Kind.STOP},
        (41,),
        "the belt stopped and nobody said why: the safety key, perhaps",
        "check the safety key and its clip",
    ),
    Rule(
        "loop_lag",
        lambda r, now: _within(r.lagged_ns, n.LAG_TRIP_NS, now),
        {Motion.STANDSTILL: Kind.NO_ENTRY} | _running(Kind.STOP),
        (23, 28),
        "the control loop stood still for more than a second",
        "check the Pi's power supply, card and load",
    ),
    # Pauses
    Rule(
        "console_stop",
        lambda r, now: _within(r.console_stop_ns, n.UNEXPLAINED_STANDSTILL_NS, now),
        _running(Kind.PAUSE),
        (22,),
        "somebody pressed stop or pause on the console",
        "press OK when you want to go on",
        ramps=False,
    ),
    Rule(
        "start_refused",
        lambda r, _: r.start_refused and not r.starts_at_console,
        {Motion.BOARDING: Kind.PAUSE},
        (21,),
        "the treadmill refused to start",
        "is the safety key in? Some machines start only at the console",
        ramps=False,
        ends=True,
    ),
    Rule(
        "no_motion",
        _no_motion,
        {Motion.BOARDING: Kind.PAUSE},
        (18, 21),
        "the belt was told to start and does not move",
        "is the safety key in? Some machines start only at the console",
        ramps=False,
        ends=True,
    ),
    Rule(
        "heart_rate_lost",
        _heart_rate_older(n.HEART_RATE_LOST_NS),
        AT_REST | _running(Kind.PAUSE),
        (30, 31),
        "the heart rate is lost",
        "moisten the chest strap, or check that it is yours and switched on",
        waits=True,
    ),
    # Easing
    Rule(
        "heart_rate_soft",
        lambda r, now: r.heart.over_soft(now),
        {Motion.MOVING: Kind.EASE},
        (33,),
        "the heart rate is over the soft limit",
        "breathe; the belt eases down by itself",
        lowers=True,
    ),
    Rule(
        "heart_rate_stale",
        _heart_rate_older(n.HEART_RATE_NO_INCREASE_NS),
        {Motion.MOVING: Kind.EASE},
        (30,),
        "no good heart rate for five seconds",
        "check the chest strap",
    ),
    Rule(
        "telemetry_late",
        lambda r, now: _older(r.belt.frame_ns, n.TELEMETRY_WARN_NS, now),
        {Motion.MOVING: Kind.EASE},
        (15,),
        "the treadmill's last word is more than a second and a half old",
        "keep the Pi close to the treadmill",
    ),
    # No entry
    Rule(
        "latched",
        lambda r, _: r.latched,
        AT_REST,
        (35,),
        "a stop is latched",
        "see what tripped, mend it, then reset: press and hold the button, or `retrowalk ctl reset`",
    ),
    Rule(
        "absent",
        lambda r, now: not r.present(now),
        ENTRY,
        (13, 36),
        "nobody has shown to be at the treadmill",
        "press the button at the treadmill, or plug the strap in",
        waits=True,
    ),
    Rule(
        "start_lockout",
        lambda r, now: r.linked_ns is not None and now - r.linked_ns < n.START_LOCKOUT_NS,
        AT_REST,
        (22,),
        "the link is only just up",
        "wait three seconds",
        waits=True,
    ),
    Rule(
        "standstill_unverified",
        lambda r, _: not r.belt.stands,
        AT_REST,
        (4, 9),
        "the belt is not known to stand",
        "wait, or switch the treadmill on; a machine that tells no speed at rest cannot be used",
        waits=True,
    ),
    Rule(
        "strap_unsettled",
        _strap_unsettled,
        AT_REST,
        (29,),
        "the strap was closed less than a second ago",
        "wait a moment",
        waits=True,
    ),
    Rule(
        "strap_too_weak",
        _strap_too_weak,
        AT_REST,
        (1, 5),
        "this program walks backward and needs a better safety strap than is configured",
        "see the strap section of the configuration: level 2 and up need a strap line or a reported key",
    ),
    Rule(
        "no_handrails",
        lambda r, _: r.plan is not None and r.plan.backward and not r.settings.handrails,
        AT_REST,
        (2, 5),
        "walking backward needs handrails, and the configuration does not say that there are any",
        "use a treadmill with handrails and set session.handrails = true",
    ),
    Rule(
        "heart_rate_demanded",
        _heart_rate_demanded,
        AT_REST,
        (30, 33),
        "this program needs a heart-rate limit and a live strap",
        "configure the limits and a strap; levels 0 and 1 can go without after an acknowledgement",
    ),
    Rule(
        "heart_rate_unsettled",
        lambda r, now: r.heart_rate_needed and not r.heart.settled(now),
        {Motion.STANDSTILL: Kind.NO_ENTRY},
        (30, 32),
        "the heart rate has not settled",
        "wear the chest strap and wait a few seconds",
        waits=True,
    ),
    Rule(
        "machine_too_fast",
        _machine_too_fast,
        AT_REST,
        (20, 21),
        "this treadmill's slowest speed is too fast for this walk",
        "choose a forward program, or another treadmill",
    ),
    Rule(
        "single_bout_only",
        _single_bout_only,
        AT_REST,
        (4, 18),
        "this treadmill starts only at its console, or goes silent after a stop: it takes single-bout programs only",
        "choose the program single-easy, with a helper at the console",
    ),
    Rule(
        "no_marker",
        lambda r, _: not r.marker_stored,
        {Motion.STANDSTILL: Kind.NO_ENTRY},
        (25, 27),
        "the session marker is not on the disk",
        "check that the disk is not full or read-only",
        waits=True,
    ),
)

_ORDER: Final = {kind: rank for rank, kind in enumerate((Kind.STOP, Kind.PAUSE, Kind.EASE, Kind.NO_ENTRY))}

APPLYING: Final[Mapping[Motion, tuple[tuple[Rule, Kind], ...]]] = {
    motion: tuple(
        sorted(
            ((rule, rule.kinds[motion]) for rule in RULES if motion in rule.kinds),
            key=lambda row: _ORDER[row[1]],
        )
    )
    for motion in Motion
}
"""The rows that apply in each motion, stops first."""

"""The table. A condition that can keep a belt from moving stands here and nowhere else; a new fault is a new row.

A rule is *broken* or it is not; what that does depends on what the belt is doing. Stops are looked at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from retrowalk.interlock import watches as w
from retrowalk.interlock.watches import Condition, Dial
from retrowalk.model import numbers as n
from retrowalk.model.reports import MAY_MOVE, RUNNING, Kind, Motion

ENTRY: Final = {Motion.IDLE: Kind.NO_ENTRY}
AT_REST: Final = {Motion.IDLE: Kind.NO_ENTRY, Motion.STANDSTILL: Kind.NO_ENTRY}
NOT_YET_STANDING: Final = dict.fromkeys(MAY_MOVE, Kind.STOP)


def _running(kind: Kind) -> dict[Motion, Kind]:
    return dict.fromkeys(RUNNING, kind)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what breaks it, what that does in which motion, the hazards it answers, and words for a person."""

    name: str
    broken: Condition
    gauge: Dial
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


RULES: Final = (
    # Stops
    Rule(
        "strap_open",
        *w.strap_open,
        AT_REST | NOT_YET_STANDING,
        (1, 29),
        "the safety strap is open",
        "clip the strap at the back of your waist and put its plug in",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "safety_key",
        *w.key_pulled,
        AT_REST | NOT_YET_STANDING,
        (1, 22),
        "the treadmill says that its safety key was pulled",
        "put the key back and clip it on",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "heart_rate_hard",
        *w.heart_rate_hard,
        AT_REST | NOT_YET_STANDING,
        (33, 31),
        "the heart rate is over the hard limit",
        "rest until it is well below the limit; see a doctor if it stays high",
        must_clear=True,
        waits=True,
    ),
    Rule(
        "link_down",
        *w.link_down,
        AT_REST | NOT_YET_STANDING,
        (15, 40),
        "there is no Bluetooth link to the treadmill",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
        waits=True,
    ),
    Rule(
        "telemetry_stale",
        *w.telemetry_stale,
        AT_REST | _running(Kind.STOP),
        (15, 19),
        "the treadmill has not told its speed for three seconds",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
        waits=True,
    ),
    Rule(
        "stop_unseen",
        *w.stop_unseen,
        {Motion.STOPPING: Kind.STOP},
        (15, 18),
        "the treadmill was to stop, and has not told its speed for three seconds",
        "if the belt moves: feet on the side boards, hold on, pull the cord",
    ),
    Rule(
        "telemetry_frozen",
        *w.telemetry_frozen,
        {Motion.MOVING: Kind.STOP},
        (19,),
        "the treadmill repeats itself: its clock stands while the belt runs",
        "switch the treadmill off and on",
    ),
    Rule(
        "control_lost",
        *w.simply(lambda r: r.control_lost),
        {Motion.STANDSTILL: Kind.NO_ENTRY} | _running(Kind.STOP),
        (16,),
        "another app or the console took control of the treadmill",
        "close other treadmill apps",
        waits=True,
    ),
    Rule(
        "first_speed",
        *w.first_speed,
        _running(Kind.STOP),
        (20, 21),
        "the belt started faster than board speed",
        "check the treadmill's units (km/h or mph) and commission it",
    ),
    Rule(
        "overspeed",
        *w.overspeed,
        {Motion.MOVING: Kind.STOP},
        (16, 20),
        "the belt runs faster than it was told to",
        "do not use this treadmill until it has been checked",
    ),
    Rule(
        "starts_on_connect",
        *w.starts_on_connect,
        {Motion.IDLE: Kind.STOP},
        (9, 36),
        "the belt began to move when the treadmill was connected to",
        "this treadmill starts by itself: do not use it with Retrowalk",
        ahead=True,
    ),
    Rule(
        "uncommanded_motion",
        *w.uncommanded_motion,
        {Motion.IDLE: Kind.NO_ENTRY, Motion.STANDSTILL: Kind.STOP},
        (9, 36, 43),
        "the belt moves without a command",
        "stop the belt at the console; use the treadmill by hand or with Retrowalk, not both",
    ),
    Rule(
        "unexplained_standstill",
        *w.unexplained_standstill,
        {Motion.MOVING: Kind.STOP},
        (41,),
        "the belt stopped and nobody said why: the safety key, perhaps",
        "check the safety key and its clip",
    ),
    Rule(
        "loop_lag",
        *w.loop_lag,
        {Motion.STANDSTILL: Kind.NO_ENTRY} | _running(Kind.STOP),
        (23, 28),
        "the control loop stood still for more than a second",
        "check the Pi's power supply, card and load",
    ),
    # Pauses
    Rule(
        "console_stop",
        *w.within(lambda r: r.console_stop_ns, n.UNEXPLAINED_STANDSTILL_NS),
        _running(Kind.PAUSE),
        (22,),
        "somebody pressed stop or pause on the console",
        "press OK when you want to go on",
        ramps=False,
    ),
    Rule(
        "start_refused",
        *w.simply(lambda r: r.start_refused and not r.starts_at_console),
        {Motion.BOARDING: Kind.PAUSE},
        (21,),
        "the treadmill refused to start",
        "is the safety key in? Some machines start only at the console",
        ramps=False,
        ends=True,
    ),
    Rule(
        "no_motion",
        *w.no_motion,
        {Motion.BOARDING: Kind.PAUSE},
        (18, 21),
        "the belt was told to start and does not move",
        "is the safety key in? Some machines start only at the console",
        ramps=False,
        ends=True,
    ),
    Rule(
        "heart_rate_lost",
        *w.heart_rate_older(n.HEART_RATE_LOST_NS),
        AT_REST | _running(Kind.PAUSE),
        (30, 31),
        "the heart rate is lost",
        "moisten the chest strap, or check that it is yours and switched on",
        waits=True,
    ),
    Rule(
        "tilted",
        *w.tilted,
        AT_REST | _running(Kind.PAUSE),
        (45,),
        "the belt tells that it goes downhill, or is steeper than this program may be",
        "set the incline to 0 at the console, and leave it alone while somebody walks",
        waits=True,
    ),
    # Easing
    Rule(
        "heart_rate_soft",
        *w.heart_rate_soft,
        {Motion.MOVING: Kind.EASE},
        (33,),
        "the heart rate is over the soft limit",
        "breathe; the belt eases down by itself",
        lowers=True,
    ),
    Rule(
        "heart_rate_stale",
        *w.heart_rate_older(n.HEART_RATE_NO_INCREASE_NS),
        {Motion.MOVING: Kind.EASE},
        (30,),
        "no good heart rate for five seconds",
        "check the chest strap",
    ),
    Rule(
        "telemetry_late",
        *w.telemetry_late,
        {Motion.MOVING: Kind.EASE},
        (15,),
        "the treadmill's last word is more than a second and a half old",
        "keep the Pi close to the treadmill",
    ),
    # No entry
    Rule(
        "latched",
        *w.simply(lambda r: r.latched),
        AT_REST,
        (35,),
        "a stop is latched",
        "see what tripped, mend it, then reset: press and hold the button, or `retrowalk ctl reset`",
    ),
    Rule(
        "absent",
        *w.absent,
        ENTRY,
        (13, 36),
        "nobody has shown to be at the treadmill",
        "press the button at the treadmill, or plug the strap in",
        waits=True,
    ),
    Rule(
        "start_lockout",
        *w.start_lockout,
        AT_REST,
        (22,),
        "the link is only just up",
        "wait three seconds",
        waits=True,
    ),
    Rule(
        "standstill_unverified",
        *w.standstill_unverified,
        AT_REST,
        (4, 9),
        "the belt is not known to stand",
        "wait, or switch the treadmill on; a machine that tells no speed at rest cannot be used",
        waits=True,
    ),
    Rule(
        "strap_unsettled",
        *w.strap_unsettled,
        AT_REST,
        (29,),
        "the strap was closed less than a second ago",
        "wait a moment",
        waits=True,
    ),
    Rule(
        "strap_unproven",
        *w.strap_unproven,
        ENTRY,
        (29,),
        "the strap was not seen to open and close: its wire may be shorted",
        "pull the strap's plug out and put it back",
        waits=True,
    ),
    Rule(
        "key_unconfirmed",
        *w.key_unconfirmed,
        AT_REST,
        (1, 22),
        "the treadmill said that its safety key was pulled, and nobody has shown to be there since",
        "put the key back, clip it on and press the button",
        waits=True,
    ),
    Rule(
        "strap_too_weak",
        *w.strap_too_weak,
        AT_REST,
        (1, 5),
        "this program walks backward and needs a better safety strap than is configured",
        "see the strap section of the configuration: level 2 and up need a strap line or a reported key",
    ),
    Rule(
        "no_handrails",
        *w.simply(lambda r: r.plan is not None and r.plan.backward and not r.settings.handrails),
        AT_REST,
        (2, 5),
        "walking backward needs handrails, and the configuration does not say that there are any",
        "use a treadmill with handrails and set session.handrails = true",
    ),
    Rule(
        "heart_rate_demanded",
        *w.heart_rate_demanded,
        AT_REST,
        (30, 33),
        "this program needs a heart-rate limit and a live strap",
        "configure the limits and a strap; levels 0 and 1 can go without after an acknowledgement",
    ),
    Rule(
        "heart_rate_unsettled",
        *w.heart_rate_unsettled,
        {Motion.STANDSTILL: Kind.NO_ENTRY},
        (30, 32),
        "the heart rate has not settled",
        "wear the chest strap and wait a few seconds",
        waits=True,
    ),
    Rule(
        "machine_too_fast",
        *w.machine_too_fast,
        AT_REST,
        (20, 21),
        "this treadmill's slowest speed is too fast for this walk",
        "choose a forward program, or another treadmill",
    ),
    Rule(
        "machine_refused",
        *w.simply(lambda r: r.machine is not None and r.machine.refused),
        AT_REST,
        (18, 20),
        "commissioning found that this treadmill is not safe to use",
        "see why with `retrowalk check`; once it is mended, run `retrowalk commission` again",
    ),
    Rule(
        "uncommissioned",
        *w.uncommissioned,
        AT_REST,
        (20, 21),
        "this treadmill is not commissioned, and walking backward on it goes at level 0 only",
        "choose a program of level 0, or run `retrowalk commission` on the empty belt",
    ),
    Rule(
        "single_bout_only",
        *w.single_bout_only,
        AT_REST,
        (4, 18),
        "this treadmill starts only at its console, or goes silent after a stop: it takes single-bout programs only",
        "choose the program single-easy, with a helper at the console",
    ),
    Rule(
        "no_marker",
        *w.simply(lambda r: not r.marker_stored),
        {Motion.STANDSTILL: Kind.NO_ENTRY},
        (25, 27),
        "the session marker is not on the disk",
        "check that the disk is not full or read-only",
        waits=True,
    ),
    Rule(
        "low_power",
        *w.simply(lambda r: r.low_power),
        AT_REST,
        (28,),
        "the computer's power supply is too weak",
        "use the power supply that belongs to the Raspberry Pi, and a short cable",
        waits=True,
    ),
    # Warnings
    Rule(
        "heart_rate_flat",
        *w.heart_rate_flat,
        {Motion.MOVING: Kind.WARN},
        (32,),
        "the heart rate does not rise with the work",
        "is the chest strap your own, and on you?",
    ),
)

_ORDER: Final = {kind: rank for rank, kind in enumerate((Kind.STOP, Kind.PAUSE, Kind.EASE, Kind.NO_ENTRY, Kind.WARN))}

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

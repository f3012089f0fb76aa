"""What the judge goes by: verdicts, figures and reasons. SAFETY.md's figures, written down a second time on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNSAFE: Final = "unsafe"
NOT_ALARMED: Final = "not_alarmed"
NUISANCE: Final = "nuisance"
STUCK: Final = "stuck"
BROKEN: Final = "broken"

BOARD_KMH: Final = 0.8
CONFIRMED_S: Final = 5.5  # a START belongs to the press that asked for it
PRESENCE_S: Final = 46.0
DOWN_KMH_PER_S: Final = 0.3
LEAD_KMH: Final = 0.5  # of a set-point before a belt that lags
JITTER_S: Final = 0.35  # of writes: two that were permitted apart may arrive closer together
HELD_UP_S: Final = 2.3  # … when an answer was waited for
SLACK_S: Final = 1.0
ALARM_S: Final = 6.0  # without effect, before somebody must be told
SLOWED_KMH: Final = 0.3
ASKED_TO_STOP_S: Final = 120.0
RECENT_S: Final = 60.0
START_PENDING_S: Final = 12.0
OVERSPEED_S: Final = 2.5
SILENT_S: Final = 3.6
HEART_S: Final = 10.0

TOLD_S: Final = 0.3  # from a report that is due until the daemon has heard it
NEWS_S: Final = 1.3  # from a belt that begins to move until a frame has told it: there is one a second
SIGHT_S: Final = 2.0  # from a new link until a frame must have come over it
UNSEEN_S: Final = 28.0  # out of sight for so long, a person's word counts for a standstill
CLAIMED_S: Final = 1.0  # a belt may run out its last hundredths
BACKWARD_S: Final = 1800.0
OVERTIME_S: Final = 120.0  # from a cap on minutes: cool-down and ramp-down, each at its most patient
ASKED_S: Final = 130.0

LONGEST_S: Final[Mapping[str, float]] = {
    "armed": 55.0,
    "board": 50.0,  # without a prompt
    "starting": 85.0,
    "step_on": 130.0,
    "walk": 15.0,  # and its bout
    "slowing": 85.0,
    "rest": 15.0,  # and as planned
    "turn": 30.0,
    "paused": 15.0,
    "cool_down": 75.0,
    "questions": 70.0,
}
"""How long a phase may last whatever goes wrong. `stopping` and `tripped` wait for the belt and for a person."""

AT_REST: Final = frozenset({"idle", "questions", "tripped", "board", "rest", "turn", "paused"})
"""Phases in which the daemon believes that the belt stands."""

REACTION_S: Final[Mapping[str, float]] = {
    "strap open": 0.8,
    "press": 0.8,
    "stop asked": 0.8,
    "sigterm": 1.0,
    "late loop": 1.0,
    "link lost": 1.0,
    "control taken": 1.5,
    "silence": 1.5,
    "overspeed": 3.0,
    "heart": 4.0,
    "daemon died": 2.0,
}
"""From what the world shows until a Stop should be at the machine."""

RECOVERS_S: Final[Mapping[str, float]] = {
    "stall_writes": 8.0,
    "ignore_stop": 1.5,
    "creep": 1.5,
    "control_held": 8.0,
    "link": 4.0,
    "dead": 12.0,
    "stall": 1.0,
    "countdown": 1.5,
    "lose_indications": 0.0,
}
"""What keeps any Stop from working, and how long after it a Stop should be at the machine."""

DISOBEDIENT: Final = frozenset({"ignores-stop"})
LIARS: Final = frozenset({"zero-frames", "last-speed-for-ever", "silent-after-stop", "citysports", "mph-unseen"})
BLURS_SPEED: Final = frozenset({"freeze_values", "garbage_data", "silence", "link_loss", "flapping"})
FALSE_STANDSTILL: Final = frozenset({
    "freeze_values", "garbage_data", "creep", "moved_by_hand", "console_start", "control_taken_and_used",
})  # fmt: skip
BLURS_HEART: Final = frozenset({
    "off_body", "dropout", "frozen_heart", "artefact", "wrong_strap", "heart_link_loss", "garbage_heart",
})  # fmt: skip

_STOPPED_BADLY: Final = frozenset({
    "ignore_stop", "creep", "stall_writes", "control_held", "silence", "freeze_values", "link_loss", "flapping",
    "power_cut", "garbage_data", "runaway", "moved_by_hand", "control_taken_and_used", "console_start", "died",
})  # fmt: skip
_SPEED: Final = frozenset({
    "runaway", "control_taken_and_used", "moved_by_hand", "console_faster", "garbage_data", "console_start", "creep",
    "freeze_values", "ignore_stop", "key_pulled", "console_pause", "unsolicited_refusal", "stall_writes",
    "hang_set_points",
})  # fmt: skip
LINK_TROUBLE: Final = frozenset({"link_loss", "flapping", "power_cut", "stall_writes", "garbage_data"})
LATE_WRITES: Final = LINK_TROUBLE | {
    "lose_indications", "late_indications", "fail_set_points", "refuse_set_points", "hang_set_points",
}  # fmt: skip
EXPLAINS: Final[Mapping[str, frozenset[str]]] = {
    "safety_key": frozenset({"key_pulled", "false_key", "garbage_status"}),
    "link_down": LINK_TROUBLE,
    "telemetry_stale": LINK_TROUBLE | {"silence", "loop_stall"},
    "stop_unseen": LINK_TROUBLE | {"silence", "loop_stall"},
    "telemetry_frozen": frozenset({"freeze_values", "freeze_counters", "garbage_data"}),
    "control_lost": frozenset({
        "control_taken", "control_taken_and_used", "garbage_status", "unsolicited_refusal", "garbage_answer",
        "control_held", "flapping", "link_loss", "power_cut", "died",
    }),
    "first_speed": _SPEED,
    "overspeed": _SPEED,
    "uncommanded_motion": _SPEED | {"died", "link_loss"},
    "starts_on_connect": _SPEED | {"died", "link_loss", "flapping", "power_cut"},
    "unexplained_standstill": frozenset({
        "key_pulled", "console_stop", "console_pause", "console_start", "garbage_data", "freeze_values", "power_cut",
        "control_taken", "control_taken_and_used", "moved_by_hand", "unsolicited_answer", "deaf_countdown",
    }),
    "loop_lag": frozenset({"loop_stall", "disk_slow"}),
    "restart_in_session": frozenset({"died", "crash", "sigterm"}),
    "no_standstill": _STOPPED_BADLY,
}  # fmt: skip
"""By the cause of a trip: what must have happened within a minute. Strap, heart and STOP are looked at themselves."""

EXCUSED: Final[Mapping[str, frozenset[str]]] = {
    "mph": frozenset({"first_speed", "overspeed"}),
    "ignores-stop": frozenset({"no_standstill", "uncommanded_motion"}),
    "silent-after-stop": frozenset({"stop_unseen", "no_standstill", "telemetry_stale"}),
    "last-speed-for-ever": frozenset({"no_standstill", "telemetry_frozen", "stop_unseen"}),
    "zero-frames": frozenset({"telemetry_frozen"}),
    "replays-status": frozenset({"safety_key"}),
    "starts-on-connect": frozenset({"starts_on_connect", "uncommanded_motion"}),
    "range-by-mode": frozenset({"first_speed", "overspeed"}),
    "speed-starts": frozenset({"uncommanded_motion"}),
    "no-ranges": frozenset(),
    "drops-after-stop": frozenset({"link_down"}),
    "drops-unwritten": frozenset({"link_down"}),
    "key-unreported": frozenset({"unexplained_standstill"}),
    "resumes-former": frozenset({"first_speed", "overspeed"}),
    "early-speed": frozenset({"link_down"}),
}
"""What a machine that is not well-behaved does by itself."""

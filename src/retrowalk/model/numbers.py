"""Every number that safety rests on, in one place, with its unit in its name. SAFETY.md gives the reasons.

Times are nanoseconds of a monotonic clock. Nothing in a configuration, a program or a message changes them.
"""

from __future__ import annotations

from typing import Final

from retrowalk.model.units import Incline, Speed, seconds

# The walker is at the machine
PRESENCE_EXPIRES_NS: Final = seconds(45)
AUTO_DISARM_NS: Final = seconds(45)
PROMPT_READABLE_NS: Final = seconds(1)
PROMPT_EXPIRES_NS: Final = seconds(120)

# Starting
BOARD_SPEED: Final = Speed.from_mph(0.5)
BOARD_SPEED_HIGHEST: Final = Speed.from_mph(1.0)
START_LOCKOUT_NS: Final = seconds(3)
START_DELAY_S: Final = 16 / 3  # START to first motion, where commissioning does not know better
START_PATIENCE: Final = 1.5  # times the machine's start delay
START_AT_CONSOLE_NS: Final = seconds(60)  # for a helper to press start, where only the console can
PERMIT_EXPIRES_NS: Final = seconds(1)
CONFIRM_EXPIRES_NS: Final = seconds(5)
CONTROL_RETRY_NS: Final = seconds(5)

# Stopping
STOP_RESEND_NS: Final = seconds(0.5)
STOP_EFFECT_NS: Final = seconds(2.0)
STOP_STALLED_NS: Final = seconds(3)  # without a lower speed, after it fell
STOP_EFFECT_DROP: Final = Speed.from_kmh(0.3)
STOP_ALARM_STAYS_NS: Final = seconds(30)
RELAY_LINK_LOST_NS: Final = seconds(2)  # without a link while the belt may move, before the relay opens
RUN_DOWN_S: Final = 10.0  # Stop to standstill, where commissioning does not know better
RUN_DOWN_PATIENCE: Final = 1.5  # times the machine's run-down
STANDSTILL_FRAMES: Final = 2
FRAME_ECHO_NS: Final = seconds(0.1)  # the same frame again so soon is no second word
STANDSTILL_SETTLED_NS: Final = seconds(3)

# Commissioning
UNITS_TOLERANCE_PERCENT: Final = 12  # between the speed that was told and the one that was measured
START_DELAY_MARGIN_S: Final = 1.0  # on top of the slowest start that was seen
START_DELAY_SHORTEST_S: Final = 2.0
RUN_DOWN_SHORTEST_S: Final = 2.0

# Watching
TELEMETRY_WARN_NS: Final = seconds(1.5)
TELEMETRY_TRIP_NS: Final = seconds(3)
ELAPSED_FROZEN_NS: Final = seconds(3)
OVERSPEED_WINDOW_NS: Final = seconds(5)
OVERSPEED_FOR_NS: Final = seconds(2)
OVERSPEED_MARGIN: Final = Speed.from_kmh(0.5)
OVERSPEED_PERCENT: Final = 15
UNEXPLAINED_STANDSTILL_NS: Final = seconds(2)
STARTS_ON_CONNECT_NS: Final = seconds(8)  # motion sooner than this after the link is taken for its doing
CONSOLE_LOWERED_NS: Final = seconds(5)
ANSWER_PATIENCE_NS: Final = seconds(2)

# Heart rate
HEART_RATE_LOWEST_BPM: Final = 30
HEART_RATE_HIGHEST_BPM: Final = 220
HEART_RATE_JUMP_BPM: Final = 20
HEART_RATE_JUMP_NS: Final = seconds(1)
HEART_RATE_SUSPECT_NS: Final = seconds(3)
HEART_RATE_RR_MISSING_NS: Final = seconds(5)
HEART_RATE_UNCHANGED_NS: Final = seconds(60)
HEART_RATE_NO_INCREASE_NS: Final = seconds(5)
HEART_RATE_LOST_NS: Final = seconds(10)
HEART_RATE_MEDIAN_OF: Final = 5
HEART_RATE_HARD_NS: Final = seconds(3)
HEART_RATE_SOFT_NS: Final = seconds(15)
HEART_RATE_EASE_NS: Final = seconds(20)
HEART_RATE_EASE_STEP: Final = Speed.from_kmh(0.3)
HEART_RATE_ENTRY_SAMPLES: Final = 4
HEART_RATE_ENTRY_NS: Final = seconds(6)
HEART_RATE_RISE_NS: Final = seconds(180)  # of one bout, after which work should show
HEART_RATE_RISE_BPM: Final = 5

# Strap
STRAP_STABLE_NS: Final = seconds(1)

# Ramps
DOWN_RAMP_CENTI_KMH_PER_S: Final = 30
INCLINE_RAMP_TENTHS_PER_S: Final = 5
INCLINE_MARGIN: Final = Incline.from_pct(0.5)  # of what a belt reports, below level and above its cap
TILTED_FOR_NS: Final = seconds(3)
SET_POINT_LEAD: Final = Speed.from_kmh(0.5)  # the highest set-point, above what the belt tells
BOARD_HOLD_NS: Final = seconds(15)
RAMP_NOTICE_NS: Final = seconds(5)

# The control loop
TICK_NS: Final = seconds(0.1)
LAG_LOGGED_NS: Final = seconds(0.25)
LAG_TRIP_NS: Final = seconds(1)

# Session
DECLARED_BUTTON_HIGHEST_LEVEL: Final = 1
ATTESTED_STRAP_HIGHEST_LEVEL: Final = 1
EXCUSED_HIGHEST_LEVEL: Final = 1  # … from wearing a heart-rate strap
UNCOMMISSIONED_HIGHEST_LEVEL: Final = 0
MARKER_RETRY_NS: Final = seconds(5)
STEP_ON_NS: Final = seconds(20)
STEP_ON_AT_BOARD_SPEED_NS: Final = seconds(10)
COOL_DOWN_HOLD_NS: Final = seconds(30)
COOL_DOWN_HOLD_LEVEL_0_NS: Final = seconds(10)
QUESTIONS_EXPIRE_NS: Final = seconds(60)
LINK_PATIENCE_NS: Final = seconds(30)  # a lost link at standstill, before the session ends
CUE_EVERY_NS: Final = seconds(30)
BOARD_SPEED_STEADY_NS: Final = seconds(2)  # before anybody is asked to step on: a belt may be on its way to more
BOARD_SPEED_PATIENCE_NS: Final = seconds(5)  # from first motion, for a belt that never quite says board speed
RAMP_DOWN_PATIENCE_NS: Final = seconds(30)
SECOND_PRESS_NS: Final = seconds(1.5)

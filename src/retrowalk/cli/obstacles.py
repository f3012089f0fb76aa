"""What of a plan a configuration alone refuses, whatever the treadmill says later: for `retrowalk check`.

The rows say ahead what the interlock's rules will say; a test holds them together.
"""

from __future__ import annotations

from retrowalk.model import numbers as n
from retrowalk.model.plan import Plan
from retrowalk.model.settings import EngineSettings, StrapTier
from retrowalk.treadmill.machine import TreadmillSettings

NO_BUTTON = "nobody can show to be at the treadmill: mqtt.declared_buttons names no button, or MQTT is off"


def obstacles(plan: Plan, settings: EngineSettings, treadmill: TreadmillSettings) -> tuple[str, ...]:
    """Return every reason why no session with `plan` can ever open; none = it can, with a treadmill that is able to."""
    strap, level = settings.strap, plan.level
    line = strap is StrapTier.LINE
    button = settings.declared_button and level <= n.DECLARED_BUTTON_HIGHEST_LEVEL
    known = treadmill.expected
    single = known.starts_at_console_only or known.silent_after_stop
    demands_heart_rate = level > n.EXCUSED_HIGHEST_LEVEL and settings.heart is None
    rows = (
        (not line and not settings.declared_button, NO_BUTTON),
        (
            not line and settings.declared_button and level > n.DECLARED_BUTTON_HIGHEST_LEVEL,
            "a declared button is good for levels 0 and 1 only, and this version has no other",
        ),
        (line and not button and not settings.remote_start, "no button can answer, and session.remote_start is false"),
        (plan.backward and strap is StrapTier.NONE, 'strap.tier is "none": nobody walks backward'),
        (
            plan.backward and strap is StrapTier.ATTESTED and level > n.ATTESTED_STRAP_HIGHEST_LEVEL,
            'strap.tier "attested" is good for levels 0 and 1 only',
        ),
        (plan.backward and not settings.handrails, "session.handrails is false: nobody walks backward"),
        (demands_heart_rate, "levels 2 and 3 need heart-rate limits and a strap (walker.heart_rate, heart_rate)"),
        (
            not demands_heart_rate and settings.heart is None and not settings.without_heart_rate,
            'walker.heart_rate is not set: write "limits", "age", or "none" to walk without a heart-rate strap',
        ),
        (
            plan.backward and level > n.UNCOMMISSIONED_HIGHEST_LEVEL and not known.commissioned,
            "the treadmill is not commissioned: backward at level 0 only (run `retrowalk commission`)",
        ),
        (known.refused, "commissioning refused this treadmill: it is not safe to use"),
        (single and len(plan.bouts) > 1, "this treadmill takes single-bout programs only"),
    )
    return tuple(words for holds, words in rows if holds)

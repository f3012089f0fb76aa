from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from retrowalk.cli.obstacles import obstacles
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.readings import Readings
from retrowalk.interlock.rules import RULES
from retrowalk.machines import Machines
from retrowalk.model.settings import EngineSettings, HeartLimits, StrapTier
from retrowalk.treadmill.machine import TreadmillSettings
from support.interlock_bench import NOW, at_level, good_readings
from support.machines import commissioned, record

FORESEEN = (
    "absent",
    "strap_too_weak",
    "no_handrails",
    "heart_rate_demanded",
    "uncommissioned",
    "machine_refused",
    "single_bout_only",
)
TREADMILLS = [
    TreadmillSettings(),
    commissioned(),
    commissioned(starts_at_console_only=True),
    TreadmillSettings(machines=Machines(records=(record(passed=False),))),
]
SETTINGS = [
    EngineSettings(strap, rails, heart, without, remote_start=True, declared_button=button)
    for strap, rails, heart, without, button in product(
        StrapTier, (False, True), (None, HeartLimits(110, 130)), (False, True), (False, True)
    )
]


def refused_by_rules(level: int, settings: EngineSettings, treadmill: TreadmillSettings) -> bool:
    """Ask the interlock, with everything that somebody could do at the treadmill done."""
    bench = good_readings(plan=at_level(level))
    r = Readings(settings, HeartRateFilter(settings.heart), plan=bench.plan)
    assert bench.machine is not None
    known = treadmill.expected
    r.machine = replace(
        bench.machine,
        starts_at_console_only=known.starts_at_console_only,
        commissioned=known.commissioned,
        refused=known.refused,
    )
    r.presence_ns = NOW if settings.strap is StrapTier.LINE else None
    r.declared_ns = NOW if settings.declared_button else None
    return any(rule.broken(r, NOW) for rule in RULES if rule.name in FORESEEN)


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("treadmill", TREADMILLS)
def test_what_the_configuration_refuses_is_what_the_rules_will_refuse(level: int, treadmill: TreadmillSettings) -> None:
    """For every configuration: no obstacle is made up, and none is kept back."""
    plan = at_level(level)
    for settings in SETTINGS:
        assert bool(obstacles(plan, settings, treadmill)) is refused_by_rules(level, settings, treadmill), settings


@pytest.mark.parametrize(
    ("level", "remote", "button", "open_"),
    [
        (0, False, True, True),
        (0, False, False, False),
        (0, True, False, True),
        (2, False, True, False),
        (2, True, True, True),
    ],
)
def test_somebody_must_be_able_to_answer_the_first_prompt(level: int, remote: bool, button: bool, open_: bool) -> None:
    """A strap line shows presence; a declared button answers at levels 0 and 1, a message where it may."""
    settings = EngineSettings(
        StrapTier.LINE, handrails=True, heart=HeartLimits(110, 130), remote_start=remote, declared_button=button
    )
    assert (obstacles(at_level(level), settings, commissioned()) == ()) is open_

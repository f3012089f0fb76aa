"""What the flags of the rules say, row by row, and a machine at the edge of what a plan allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.interlock.rules import RULES
from retrowalk.model.reports import Kind, Motion
from retrowalk.model.units import Speed
from support.ideal_belt import LIMITS, MACHINE, backward, forward, plan
from support.interlock_bench import NOW, good_readings


def test_which_pauses_stop_at_once_and_which_end_the_session() -> None:
    """Somebody at the console, and a belt that would not start; only the latter is the end."""
    assert {rule.name for rule in RULES if not rule.ramps} == {"console_stop", "start_refused", "no_motion"}
    assert {rule.name for rule in RULES if rule.ends} == {"start_refused", "no_motion"}


def test_only_the_soft_limit_lowers_the_ceiling() -> None:
    """What is late or missing keeps the belt from going faster, and no more."""
    assert {rule.name for rule in RULES if rule.lowers} == {"heart_rate_soft"}


def test_what_no_waiting_clears() -> None:
    """Arming is refused at once for a wrong plan, machine, strap or rail, a latch, and a belt that runs."""
    no_entry = [rule for rule in RULES if rule.kinds.get(Motion.IDLE) is Kind.NO_ENTRY]
    assert {rule.name for rule in no_entry if not rule.waits} == {
        "heart_rate_demanded",
        "latched",
        "machine_refused",
        "machine_too_fast",
        "no_handrails",
        "single_bout_only",
        "strap_too_weak",
        "uncommanded_motion",
        "uncommissioned",
    }


@pytest.mark.parametrize(("backward_cap", "broken"), [(149, True), (150, False), (151, False)])
def test_a_machine_may_be_as_slow_as_the_cap_of_each_facing(backward_cap: int, broken: bool) -> None:
    """At the cap is not above it; one facing too fast is too fast."""
    limits = replace(LIMITS, backward=replace(LIMITS.backward, speed=Speed(backward_cap)))
    r = good_readings(plan=plan(backward((0.5, 20)), forward((1.0, 20)), limits=limits))
    r.machine = replace(MACHINE, slowest=Speed(150))
    rule = next(rule for rule in RULES if rule.name == "machine_too_fast")
    assert rule.broken(r, NOW) is broken

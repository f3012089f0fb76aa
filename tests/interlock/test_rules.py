"""The table: what each rule does in each motion, in which order, and in which words."""

from __future__ import annotations

import pytest

from retrowalk.interlock.rules import APPLYING, RULES, Rule
from retrowalk.model.reports import Kind, Motion
from support.interlock_bench import NOW, good_readings, moving

IDLE, STANDSTILL_, BOARDING, MOVING, STOPPING = Motion


def test_a_good_day_breaks_no_rule() -> None:
    """At standstill with everything in order nothing is broken; in motion nothing but what speaks of standstill."""
    r = good_readings()
    assert [rule.name for rule in RULES if rule.broken(r, NOW)] == []
    r.belt = moving()
    moved = [rule.name for rule, _ in APPLYING[MOVING] if rule.broken(r, NOW)]
    assert moved == []


@pytest.mark.parametrize("motion", list(Motion))
def test_stops_are_looked_at_first(motion: Motion) -> None:
    """In each motion: stops, then pauses, then easing, then no entry, then warnings."""
    order = [Kind.STOP, Kind.PAUSE, Kind.EASE, Kind.NO_ENTRY, Kind.WARN]
    ranks = [order.index(kind) for _, kind in APPLYING[motion]]
    assert ranks == sorted(ranks)


EXPECTED_STOPS = {
    IDLE: {"starts_on_connect"},
    STANDSTILL_: {"uncommanded_motion"},
    BOARDING: {"strap_open", "safety_key", "heart_rate_hard", "link_down", "telemetry_stale", "control_lost",
               "first_speed", "loop_lag"},
    MOVING: {"strap_open", "safety_key", "heart_rate_hard", "link_down", "telemetry_stale", "control_lost",
             "first_speed", "loop_lag", "overspeed", "unexplained_standstill", "telemetry_frozen"},
    STOPPING: {"strap_open", "safety_key", "heart_rate_hard", "link_down", "stop_unseen"},
}  # fmt: skip


@pytest.mark.parametrize("motion", list(Motion))
def test_what_stops_in_which_motion(motion: Motion) -> None:
    """The whole of it: while idle only a belt that starts on connect trips, at standstill only a belt that moves."""
    assert {rule.name for rule, kind in APPLYING[motion] if kind is Kind.STOP} == EXPECTED_STOPS[motion]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_names_hazards_and_helps(rule: Rule) -> None:
    """Hazard numbers that exist, words without a full stop to put in a sentence, and a remedy."""
    assert rule.hazards
    assert all(1 <= hazard <= 45 for hazard in rule.hazards)
    assert rule.words
    assert not rule.words.endswith(".")
    assert rule.remedy
    assert rule.kinds


def test_nothing_but_no_entry_happens_while_idle() -> None:
    """Hands off: outside a session a rule can only keep one from opening, but for a belt that starts on connect."""
    assert {rule.name for rule, kind in APPLYING[IDLE] if kind is not Kind.NO_ENTRY} == {"starts_on_connect"}
    assert {rule.name for rule in RULES if rule.ahead} == {"starts_on_connect"}


def test_resets_wait_for_strap_key_and_heart() -> None:
    """These causes must be gone before a reset."""
    assert {rule.name for rule in RULES if rule.must_clear} == {"strap_open", "safety_key", "heart_rate_hard"}

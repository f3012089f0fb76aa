from __future__ import annotations

from itertools import product

import pytest

from retrowalk.app.foresight import TOLD, permissives_ahead
from retrowalk.config import Config, SessionTable, StrapTable
from retrowalk.machines.knowledge import Knowledge
from retrowalk.model.plan import Plan
from retrowalk.walkers import Walker
from support.ideal_belt import TWO_BOUTS
from support.interlock_bench import at_level


def broken(config: Config, plan: Plan | None) -> set[str]:
    return {row.rule for row in permissives_ahead(config, plan) if row.rule in TOLD and row.broken}


def test_the_careful_defaults_refuse_to_walk_backward() -> None:
    """No strap, no handrails, and nobody said anything of the heart."""
    assert broken(Config(), TWO_BOUTS) == {"strap_too_weak", "no_handrails", "heart_rate_demanded"}


def test_without_a_program_nothing_is_held_against_one() -> None:
    """Every rule is there all the same."""
    assert broken(Config(), None) == set()
    assert {row.rule for row in permissives_ahead(Config(), None)} >= TOLD


@pytest.mark.parametrize("level", [0, 2])
def test_what_is_told_ahead_depends_on_the_configuration_alone(level: int) -> None:
    """Handrails and strap, each on its own; a treadmill that was not commissioned is good for level 0."""
    for rails, tier in product((False, True), ("none", "attested", "reported")):
        config = Config(
            strap=StrapTable(tier=tier),  # type: ignore[arg-type]  # one of those there are
            session=SessionTable(handrails=rails),
            walker=Walker(heart_rate="none"),
        )
        weak = tier == "none" or (tier == "attested" and level > 1)
        rows = (
            ("no_handrails", not rails),
            ("strap_too_weak", weak),
            ("heart_rate_demanded", level > 1),
            ("uncommissioned", level > 1),
        )
        assert broken(config, at_level(level)) == {rule for rule, holds in rows if holds}


@pytest.mark.parametrize(
    ("known", "rule"), [("refused", "machine_refused"), ("starts_at_console_only", "single_bout_only")]
)
def test_what_is_known_of_the_treadmill_counts(monkeypatch: pytest.MonkeyPatch, known: str, rule: str) -> None:
    """A record says that it must not be used, or starts at its console only."""
    assert rule not in broken(Config(), TWO_BOUTS)
    monkeypatch.setattr(Knowledge, known, property(lambda _: True))
    assert rule in broken(Config(), TWO_BOUTS)

from __future__ import annotations

import pytest

from retrowalk.machines import CAREFUL_DEFAULT, Facts, Profile
from retrowalk.machines.knowledge import SAID, know
from retrowalk.machines.profile import Match
from support.machines import record


def heard(**facts: object) -> Profile:
    return Profile(title="Make", seen="somewhere", match=Match(name="*"), facts=Facts.model_validate(facts))


def test_without_anything_the_careful_defaults_count() -> None:
    """Each value tells where it comes from."""
    known = know(Facts(), None, None)
    assert {source.source for source in known.facts.values()} == {CAREFUL_DEFAULT}
    assert (known.value("run_down_s"), known.value("units")) == (10.0, None)
    assert not known.commissioned


@pytest.mark.parametrize(
    ("fact", "said", "told", "counts", "source"),
    [
        ("slowest_kmh", 0.5, 1.0, 1.0, "heard of Make"),
        ("slowest_kmh", 1.0, 0.5, 1.0, SAID),
        ("fastest_kmh", 12.0, 6.0, 6.0, "heard of Make"),
        ("fastest_kmh", 6.0, 12.0, 6.0, SAID),
        ("step_kmh", 0.1, 0.5, 0.5, "heard of Make"),
        ("run_down_s", None, 20.0, 20.0, "heard of Make"),
        ("run_down_s", None, 9.9, 10.0, CAREFUL_DEFAULT),
        ("start_delay_s", None, 8.0, 8.0, "heard of Make"),
        ("start_delay_s", None, 1.0, 16 / 3, CAREFUL_DEFAULT),
        ("incline", True, False, False, "heard of Make"),
        ("incline", False, True, False, SAID),
        ("starts_at_console_only", None, True, False, CAREFUL_DEFAULT),
    ],
)
def test_hearsay_counts_where_it_is_more_careful(
    fact: str, said: object, told: object, counts: object, source: str
) -> None:
    """Never where it would allow more."""
    known = know(Facts.model_validate({fact: said}), heard(**{fact: told}), None)
    assert (known.value(fact), known.facts[fact].source) == (counts, source)


def test_a_record_counts_above_all() -> None:
    """It was measured on this very machine."""
    known = know(
        Facts(slowest_kmh=0.5), heard(slowest_kmh=1.0, run_down_s=20.0), record(slowest_kmh=0.8, run_down_s=5.0)
    )
    assert (known.value("slowest_kmh"), known.value("run_down_s")) == (0.8, 5.0)
    assert known.facts["run_down_s"].source == "commissioned 2026-01-31"
    assert known.commissioned


def test_a_record_that_did_not_pass_gives_no_fact() -> None:
    """Its machine is one of which nothing is known, but that it was refused."""
    known = know(Facts(), None, record(passed=False, run_down_s=1.0, after_stop="silence", starts_at_console_only=True))
    assert known.value("run_down_s") == 10.0
    assert not any((known.commissioned, known.silent_after_stop, known.starts_at_console_only))


def test_hearsay_of_silence_excuses_nobody_from_being_watched() -> None:
    """Only a record does."""
    assert not know(Facts(), heard(after_stop="silence"), None).silent_after_stop
    assert know(Facts(), None, record(after_stop="silence")).silent_after_stop


def test_the_table_for_people() -> None:
    """What it is, its value, its source."""
    rows = know(Facts(), None, record(incline=False, slowest_kmh=0.96)).rows()
    assert ("slowest speed, km/h", "0.96", "commissioned 2026-01-31") in rows
    assert ("has an incline", "no", "commissioned 2026-01-31") in rows

"""Hazards that commissioning answers: it reacts, and it lets a sound machine pass."""

from __future__ import annotations

from commissioning.ground import commissioned
from commissioning.hands import HANDS, key_back
from retrowalk.commissioning import Verdict
from virtual_time import run


def test_hazard_06_reaction_a_cord_that_stays_too_long_is_refused() -> None:
    """Three attempts, and the machine is not commissioned."""
    report = run(commissioned("ideal", **HANDS | {"Did it pull": "no"}))
    assert report.verdict is Verdict.REFUSED
    assert "the cord of the safety key is too long" in report.reason
    assert sum("FACING BACKWARD" in text for text in report.helper.asked) == 3


def test_hazard_06_no_nuisance_a_cord_that_was_shortened_passes() -> None:
    """The second attempt counts."""
    attempts = iter(("no", "yes"))
    report = run(commissioned("ideal", **HANDS | {"Did it pull": lambda _: next(attempts)}))
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts["cord_reversed"] == "pulls the key"


def test_hazard_20_reaction_miles_that_look_like_kilometres_are_unmasked() -> None:
    """The machine repeats what it was told; its way gives it away."""
    report = run(commissioned("mph-unseen", **{"key back": key_back}))
    assert report.verdict is Verdict.REFUSED
    assert report.findings.facts["units"] == "mph"


def test_hazard_18_reaction_a_machine_that_does_not_stop_is_not_commissioned() -> None:
    """It fails the first test, and no other is begun."""
    report = run(commissioned("ignores-stop"))
    assert report.verdict is Verdict.REFUSED
    assert report.starts == 1

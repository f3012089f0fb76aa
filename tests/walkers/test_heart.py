from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from retrowalk.model.settings import HeartLimits
from retrowalk.walkers import Walker
from retrowalk.walkers.heart import age_limits


@pytest.mark.parametrize(
    ("age", "resting", "soft", "hard"),
    [
        (40, 60, 132, 153),  # 60 % of the reserve: 60 + 0.6 · (180 − 60)
        (40, 80, 136, 153),  # 76 % of 180 is lower than 60 % of the reserve, 140
        (65, 60, 121, 138),  # 162.5 bpm at the most
    ],
)
def test_limits_from_age_are_the_formulas(age: int, resting: int, soft: int, hard: int) -> None:
    """208 − 0.7·age: hard 85 %, soft the lower of 60 % of the reserve and 76 %, rounded down."""
    assert age_limits(age, resting) == HeartLimits(soft, hard)


@given(st.integers(18, 110), st.integers(30, 90))
def test_the_soft_limit_always_lies_below_the_hard_one(age: int, resting: int) -> None:
    """Whatever the age, there is room for easing before stopping."""
    limits = age_limits(age, resting)
    assert limits.soft_bpm < limits.hard_bpm


def test_explicit_limits_are_taken_as_they_are() -> None:
    """The walker's own or a clinician's numbers, also with a beta blocker."""
    walker = Walker(heart_rate="limits", heart_rate_soft_bpm=100, heart_rate_hard_bpm=115, beta_blocker=True)
    assert walker.heart_limits() == HeartLimits(100, 115)


def test_limits_from_age_come_from_the_walker() -> None:
    """The age method needs age and resting pulse, and then gives the formula's limits."""
    assert Walker(heart_rate="age", age=40, resting_bpm=60).heart_limits() == HeartLimits(132, 153)


def test_walking_without_a_strap_is_an_explicit_answer() -> None:
    """Nothing said is not an acknowledgement; `none` is, and there are no limits then."""
    assert not Walker().without_heart_rate
    assert Walker(heart_rate="none").without_heart_rate
    assert Walker().heart_limits() is Walker(heart_rate="none").heart_limits() is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"heart_rate": "age", "age": 40}, "needs age and resting_bpm"),
        ({"heart_rate": "age", "resting_bpm": 60}, "needs age and resting_bpm"),
        ({"heart_rate": "age", "age": 40, "resting_bpm": 60, "beta_blocker": True}, "ask a clinician"),
        ({"heart_rate": "age", "age": 40, "resting_bpm": 60, "cardiac_condition": True}, "ask a clinician"),
        ({"heart_rate": "limits", "heart_rate_soft_bpm": 120}, "needs heart_rate_soft_bpm and heart_rate_hard_bpm"),
        ({"heart_rate_soft_bpm": 120}, 'need heart_rate = "limits"'),
        ({"heart_rate": "none", "heart_rate_hard_bpm": 120}, 'need heart_rate = "limits"'),
        ({"heart_rate": "limits", "heart_rate_soft_bpm": 130, "heart_rate_hard_bpm": 130}, "must lie below the hard"),
        (
            {"heart_rate": "limits", "heart_rate_soft_bpm": 80, "heart_rate_hard_bpm": 130, "resting_bpm": 80},
            "must lie above resting_bpm",
        ),
        ({"heart_rate": "age", "age": 110, "resting_bpm": 110}, "must lie above resting_bpm"),
        ({"heart_rate": "guess"}, "'limits', 'age' or 'none'"),
    ],
)
def test_heart_rate_answers_that_do_not_fit_are_refused(answers: dict[str, object], words: str) -> None:
    """A half-answered question never becomes a limit."""
    with pytest.raises(ValidationError, match=words):
        Walker.model_validate(answers)

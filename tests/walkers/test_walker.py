from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from retrowalk.model.units import Speed
from retrowalk.walkers import Level, LevelLocked, Walker

FIT: dict[str, Any] = {"level": 3, "age": 40, "comfortable_pace": "5 mph"}


def kmh(value: float) -> Speed:
    return Speed.from_kmh(value)


@pytest.mark.parametrize(
    ("answers", "level", "cap_kmh"),
    [
        ({}, 0, 1.6),
        ({}, 1, 2.0),
        ({}, 2, 3.2),
        ({}, 3, 4.8),
        ({"clinician_consulted": date(2025, 3, 1)}, "clinic", 5.6),
        ({"comfortable_pace": "2.0 mph"}, 0, 1.6),  # half of 3.21
        ({"comfortable_pace": "2.0 mph"}, 2, 2.2),  # 70 %
        ({"comfortable_pace": "2.0 mph"}, 3, 3.2),
        ({"level": 0, "comfortable_pace": None}, 0, 1.6),
        ({"age": 64}, 0, 1.6),
        ({"age": 65}, 0, 1.2),
        ({"age": 65, "backward_walk_test_s": 3.0}, 0, 1.2),
        ({"age": None}, 0, 1.2),
        ({"fell_within_year": True}, 1, 1.6),
        ({"fell_within_year": True, "backward_walk_test_s": 3.6}, 1, 1.6),
        ({"fell_within_year": True, "backward_walk_test_s": 3.5}, 1, 2.0),
        ({"age": 70, "backward_walk_test_s": 3.5}, 2, 3.2),
        ({"age": 70, "backward_walk_test_s": 3.5, "comfortable_pace": "1.5 mph"}, 2, 1.6),
    ],
)
def test_the_strictest_cap_holds(answers: dict[str, object], level: Level, cap_kmh: float) -> None:
    """Level, share of the comfortable pace, and the rows for age and falls: the lowest wins, on the 0.1 km/h grid."""
    walker = Walker.model_validate(FIT | answers)
    assert walker.backward_caps(level).speed == kmh(cap_kmh)


@pytest.mark.parametrize(
    ("answers", "level", "words"),
    [
        ({"level": 0}, 1, "this walker is at level 0"),
        ({"comfortable_pace": None}, 1, "without comfortable_pace only level 0"),
        ({"age": 65}, 2, "needs backward_walk_test_s"),
        ({"age": None}, 2, "unknown age"),
        ({"fell_within_year": True, "backward_walk_test_s": 3.6}, 2, "needs backward_walk_test_s"),
        ({"age": 65, "backward_walk_test_s": 3.0}, 3, "level 3 is closed"),
        ({"severe_balance_or_neurological": True}, 0, "only a clinician's program"),
        ({"injury": True}, 0, "ask a clinician first"),
        ({}, "clinic", "needs clinician_consulted"),
    ],
)
def test_a_level_is_locked_with_the_reason(answers: dict[str, object], level: Level, words: str) -> None:
    """Who may not walk a level is told why and what would unlock it."""
    with pytest.raises(LevelLocked, match=words):
        Walker.model_validate(FIT | answers).backward_caps(level)


def test_every_reason_of_a_lock_is_given_at_once() -> None:
    """The default walker lacks level, pace, age and test for level 2."""
    with pytest.raises(LevelLocked) as locked:
        Walker().backward_caps(2)
    assert len(locked.value.reasons) == 3
    assert locked.value.level == 2


def test_a_consulted_clinician_opens_what_an_injury_closed() -> None:
    """The date is the key."""
    walker = Walker.model_validate(FIT | {"injury": True, "clinician_consulted": "2025-03-01"})
    assert walker.backward_caps(1).speed == kmh(2.0)


@pytest.mark.parametrize(("pace", "cap_kmh"), [(None, 2.4), ("3.0 mph", 4.8), ("4.0 mph", 6.4), ("5 mph", 6.4)])
def test_forward_is_capped_by_the_comfortable_pace_and_4_mph(pace: str | None, cap_kmh: float) -> None:
    """An unmeasured pace counts as a slow one."""
    assert Walker.model_validate({"comfortable_pace": pace}).forward_cap() == kmh(cap_kmh)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"agee": 40}, "agee"),
        ({"level": 4}, "0, 1, 2 or 3"),
        ({"level": True}, "no number"),
        ({"level": "clinic"}, "0, 1, 2 or 3"),
        ({"age": 17}, "greater than or equal to 18"),
        ({"age": 40.5}, "valid integer"),
        ({"comfortable_pace": 3.0}, "has no unit"),
        ({"comfortable_pace": "3.0"}, "is not a speed"),
        ({"comfortable_pace": "0.4 mph"}, "no walking pace"),
        ({"comfortable_pace": "5.1 mph"}, "no walking pace"),
        ({"backward_walk_test_s": 0}, "greater than 0"),
        ({"backward_walk_test_s": float("nan")}, "finite"),
        ({"fell_within_year": "no"}, "valid boolean"),
        ({"weight_kg": 7}, "greater than or equal to 30"),
    ],
)
def test_answers_that_make_no_sense_are_refused(answers: dict[str, object], words: str) -> None:
    """A misspelt key, a missing unit or an impossible number never becomes a default."""
    with pytest.raises(ValidationError, match=words):
        Walker.model_validate(answers)


def test_a_walker_survives_being_written_and_read() -> None:
    """What is dumped with units reads as the same walker."""
    walker = Walker.model_validate(FIT | {"clinician_consulted": "2025-03-01", "weight_kg": 64})
    assert Walker.model_validate_json(walker.model_dump_json()) == walker

"""The question at the end."""

from __future__ import annotations

import pytest

from retrowalk.model import numbers as n
from retrowalk.session.debrief import Debrief


def test_a_long_press_hurts_at_once() -> None:
    """Whatever came before."""
    assert Debrief(0).press(long=True, now_ns=1) == "hurt"


def test_two_presses_are_hard() -> None:
    """The first one alone says nothing yet."""
    debrief = Debrief(0)
    assert debrief.press(long=False, now_ns=1) is None
    assert debrief.press(long=False, now_ns=2) == "hard"


@pytest.mark.parametrize(("after_ns", "answer"), [
    (n.SECOND_PRESS_NS - 1, None), (n.SECOND_PRESS_NS, None), (n.SECOND_PRESS_NS + 1, "fine"),
])  # fmt: skip
def test_one_press_is_fine_once_no_second_can_follow(after_ns: int, answer: str | None) -> None:
    """A second and a half later."""
    debrief = Debrief(0)
    assert debrief.settled(after_ns) is None
    debrief.press(long=False, now_ns=0)
    assert debrief.settled(after_ns) == answer


@pytest.mark.parametrize(("after_ns", "expired"), [
    (n.QUESTIONS_EXPIRE_NS - 1, False), (n.QUESTIONS_EXPIRE_NS, False), (n.QUESTIONS_EXPIRE_NS + 1, True),
])  # fmt: skip
def test_silence_is_an_answer_after_a_minute(after_ns: int, expired: bool) -> None:
    """Nobody has to answer."""
    assert Debrief(0).expired(after_ns) is expired

"""One question at a time."""

from __future__ import annotations

import pytest

from retrowalk.model import numbers as n
from retrowalk.model.reports import PromptClosed, PromptKind, PromptOpened
from retrowalk.session.prompts import PromptDesk


def asked() -> PromptDesk:
    """Return a desk with one open question."""
    desk = PromptDesk()
    desk.ask(PromptKind.BOARD, "Ready?", 0)
    return desk


@pytest.mark.parametrize(("after_ns", "readable"), [
    (n.PROMPT_READABLE_NS - 1, False), (n.PROMPT_READABLE_NS, True), (n.PROMPT_READABLE_NS + 1, True),
])  # fmt: skip
def test_a_question_must_be_open_for_a_second(after_ns: int, readable: bool) -> None:
    """Then it can be answered, by its id or by none."""
    desk = asked()
    assert (desk.refusal(None, after_ns) is None) is readable
    assert (desk.refusal("board-1", after_ns) is None) is readable


def test_an_answer_to_another_question_is_refused_by_name() -> None:
    """An old id answers nothing."""
    desk = asked()
    desk.ask(PromptKind.STEP_ON, "On?", 0)
    refusal = desk.refusal("board-1", n.PROMPT_READABLE_NS)
    assert refusal == "prompt board-1 is closed; the open one is step_on-2"


def test_each_question_is_answered_once() -> None:
    """Closed is closed; closing what is not open does nothing."""
    desk = asked()
    desk.close("ok")
    desk.close("ok")
    desk.withdraw()
    assert desk.refusal(None, n.PROMPT_READABLE_NS) == "no question is open"
    assert [type(r) for r in desk.reports] == [PromptOpened, PromptClosed]
    assert desk.reports[1] == PromptClosed("board-1", "ok")


def test_a_new_question_withdraws_the_one_before() -> None:
    """Withdrawn: no answer."""
    desk = asked()
    desk.ask(PromptKind.BOARD, "Again?", 5)
    assert desk.reports[1] == PromptClosed("board-1", None)
    assert desk.open
    assert desk.open.id == "board-2"

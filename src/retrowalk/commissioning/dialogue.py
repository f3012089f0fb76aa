"""What passes between the procedure and the person at the treadmill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a question is answered."""

    ENTER = "enter"
    YES_NO = "yes_no"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, answered once or never. `default`: what an empty answer means; None = it takes a real one."""

    id: int
    kind: Kind
    text: str
    patience_s: float
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as it was typed."""

    question: int
    text: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody wants to end it: stop the belt first."""


class Tone(StrEnum):
    """What a line is."""

    STEP = "step"  # what comes now
    DO = "do"  # what the person does now; the treadmill shows that it was done
    FOUND = "found"
    ALARM = "alarm"  # act at once
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One line for the person."""

    tone: Tone
    text: str


_YES_NO = {"y": True, "yes": True, "n": False, "no": False}


def understand(question: Question, text: str) -> str | bool | float | None:
    """Return what an answer means; None = it is no answer to this question."""
    word = text.strip().casefold() or (question.default or "")
    match question.kind:
        case Kind.ENTER:
            return None if word else word  # "no" must not start a belt
        case Kind.YES_NO:
            return _YES_NO.get(word)
        case Kind.NUMBER:
            try:
                number = float(word.replace(",", "."))
            except ValueError:
                return None
            return number if 0 <= number < 100_000 else None

"""How was it? One press: fine; two: hard; a long one: hurt. Silence is an answer, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retrowalk.model import numbers as n

ANSWERS: Final = ("fine", "hard", "hurt")


@dataclass(slots=True)
class Debrief:
    """The question at the end of a workout."""

    asked_ns: int
    pressed_ns: int | None = None

    def press(self, long: bool, now_ns: int) -> str | None:
        """Take a press; return the answer once it is known."""
        if long:
            return "hurt"
        if self.pressed_ns is not None:
            return "hard"
        self.pressed_ns = now_ns
        return None

    def settled(self, now_ns: int) -> str | None:
        """Return the answer of a single press, once no second one can follow."""
        waited = self.pressed_ns is not None and now_ns - self.pressed_ns > n.SECOND_PRESS_NS
        return "fine" if waited else None

    def expired(self, now_ns: int) -> bool:
        """Nobody answered in time."""
        return now_ns - self.asked_ns > n.QUESTIONS_EXPIRE_NS

"""What was found wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, when, and in words."""

    kind: str
    at_s: float
    words: str


class Verdicts:
    """All verdicts on one story, in the order in which they were given."""

    def __init__(self) -> None:
        self.given: list[Verdict] = []

    def convict(self, now_s: float, kind: str, words: str) -> None:
        """Give a verdict, the same one once."""
        if not any(verdict.kind == kind and verdict.words == words for verdict in self.given):
            self.given.append(Verdict(kind, round(now_s, 3), words))

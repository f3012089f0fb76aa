"""The log of a story: every line has its time, and the judge hears it."""

from __future__ import annotations

from collections.abc import Callable

from simulation.judge import Judge
from simulation.world.clock import Clock


class Log:
    """Everything that happened, line by line."""

    def __init__(self, clock: Clock, judge: Judge) -> None:
        self.lines: list[str] = []
        self._clock, self._judge = clock, judge
        self._awaited: list[tuple[str, Callable[[], object]]] = []

    def note(self, who: str, what: str, detail: str = "") -> None:
        """Write a line; the judge hears it."""
        now_s = self._clock.now_s
        self.lines.append(f"{now_s:9.3f} {who:<5} {what} {detail}".rstrip())
        self._judge.hear(now_s, who, what, detail)
        if self._awaited:
            self._notice(f"{who} {what} {detail}")

    def when(self, begins: str, do: Callable[[], object]) -> None:
        """Do something once: right after the next line that begins so."""
        self._awaited.append((begins, do))

    def _notice(self, line: str) -> None:
        waiting, self._awaited = self._awaited, []
        for begins, do in waiting:
            if line.startswith(begins):
                self._clock.later(0, do)
            else:
                self._awaited.append((begins, do))

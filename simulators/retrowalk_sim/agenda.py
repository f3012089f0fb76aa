"""What a simulated device is going to do, and when."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf

type Action = Callable[[float], None]
"""Called with the time, in seconds, for which it was planned."""


class Agenda:
    """Planned actions in order of time; those of the same time in the order in which they were planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action]] = []
        self._numbers = count()

    def at(self, due_s: float, action: Action) -> None:
        """Plan `action` for `due_s`."""
        heappush(self._heap, (due_s, next(self._numbers), action))

    @property
    def due_s(self) -> float:
        """When the next action is due (`inf`: none is planned)."""
        return self._heap[0][0] if self._heap else inf

    def do_next(self) -> None:
        """Do what is due next, whatever the time. Raises IndexError when nothing is planned."""
        due_s, _, action = heappop(self._heap)
        action(due_s)

    def clear(self) -> None:
        """Plan nothing."""
        self._heap.clear()

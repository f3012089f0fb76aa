"""The clock of a story: virtual time, and the computer's wall clock, which may be set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from retrowalk.model.units import seconds
from virtual_time import VirtualTimeLoop

STORY_BEGINS_S: Final = 1_767_225_600.0  # by a right wall clock


class Clock:
    """Tells the time, and does things later. Made inside the loop."""

    def __init__(self) -> None:
        self._loop = cast("VirtualTimeLoop", asyncio.get_running_loop())
        self._jumped_s = 0.0

    @property
    def now_s(self) -> float:
        """Seconds since the story began."""
        return self._loop.time()

    def ns(self) -> int:
        """Return the same in nanoseconds."""
        return seconds(self.now_s)

    def right_s(self) -> float:
        """Return what a right wall clock shows: everybody else's."""
        return STORY_BEGINS_S + self.now_s

    def wall_s(self) -> float:
        """Return what the daemon's wall clock shows."""
        return self.right_s() + self._jumped_s

    def at(self, at_s: float, do: Callable[[], object]) -> None:
        """Do something at `at_s`."""
        self._loop.call_at(at_s, do)

    def later(self, delay_s: float, do: Callable[[], object]) -> None:
        """Do something in `delay_s`."""
        self._loop.call_later(delay_s, do)

    def jump(self, by_s: float) -> None:
        """Set the wall clock."""
        self._jumped_s += by_s

    def stall(self, for_s: float) -> None:
        """Hold the loop: time passes in which nobody does anything."""
        self._loop.stall(for_s)

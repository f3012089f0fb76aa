"""An asyncio loop whose clock jumps to the next timer when nothing else is left to do: an hour in a second.

Real file descriptors still work: they are polled without waiting before each jump. What must wait for another process
or thread does not belong under virtual time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    """Polls instead of waiting, and gives the time that would have been waited to the clock."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("virtual time has nothing to wait for: no timer is set and no task can go on")
        if not ready and timeout:
            self.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, from 0. An exception that no task saw is raised when the loop is closed."""

    def __init__(self) -> None:
        self._selector_clock = _JumpingSelector()
        super().__init__(self._selector_clock)
        self.unseen: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _loop, context: self.unseen.append(context))

    def time(self) -> float:
        """Return the virtual time, in seconds since the loop was made."""
        return self._selector_clock.now_s

    def stall(self, for_s: float) -> None:
        """Let time pass in which the loop does nothing, as if the callback that runs now took so long."""
        self._selector_clock.now_s += for_s

    def close(self) -> None:
        """Close the loop. Raises RuntimeError for an exception in a callback that nobody saw."""
        super().close()
        unseen, self.unseen = self.unseen, []
        if unseen:
            raise RuntimeError(f"nobody saw: {unseen[0]['message']}") from unseen[0].get("exception")


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in virtual time and return its result."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)

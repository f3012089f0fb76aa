"""An asyncio loop whose clock jumps to the next timer when nothing else is left to do: an hour in a second.

Real file descriptors still work: they are polled without waiting before each jump. What must wait for another process
or thread does not belong under virtual time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

type Lateness = Callable[[], float]
"""Returns by how many seconds the next timer is late."""


def _punctual() -> float:
    return 0.0


class _JumpingSelector(selectors.DefaultSelector):
    """Polls instead of waiting, and gives the time that would have been waited to the clock."""

    def __init__(self, late_s: Lateness) -> None:
        super().__init__()
        self.now_s = 0.0
        self._late_s = late_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("virtual time has nothing to wait for: no timer is set and no task can go on")
        if not ready and timeout:
            self.now_s += timeout + self._late_s()
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, from 0. An exception that no task saw is raised when the loop is closed."""

    def __init__(self, late_s: Lateness = _punctual) -> None:
        self._selector_clock = _JumpingSelector(late_s)
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


def run[T](main: Coroutine[Any, Any, T], late_s: Lateness = _punctual) -> T:
    """Run `main` to its end in virtual time, whose timers are as late as `late_s` says, and return its result."""
    with asyncio.Runner(loop_factory=partial(VirtualTimeLoop, late_s)) as runner:
        return runner.run(main)

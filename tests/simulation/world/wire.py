"""The wire from the safety strap to the computer: it may break, and it may be shorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from retrowalk.model.observations import StrapLine
from retrowalk_sim.strap_line import SafetyStrap
from simulation.world.clock import Clock
from simulation.world.log import Log

HEARD_S: Final = 0.02  # from its start until a daemon hears how the line stands


class Wire:
    """Tells the daemon of each change of the line, and only of changes."""

    def __init__(self, strap: SafetyStrap, clock: Clock, log: Log) -> None:
        self._strap, self._clock, self._log = strap, clock, log
        self._state = "whole"
        self._told: bool | None = None
        self._observe: Callable[[StrapLine], None] = lambda _: None
        strap.listen(lambda _closed: self._changed())

    def connect(self, observe: Callable[[StrapLine], None]) -> None:
        """Lead to a new daemon, which knows nothing yet."""
        self._observe, self._told = observe, None
        self._clock.later(HEARD_S, self._changed)

    def become(self, state: str) -> None:
        """Be whole, broken or shorted."""
        self._state = state
        self._changed()

    def _changed(self) -> None:
        closed = {"whole": self._strap.closed, "broken": False, "shorted": True}[self._state]
        if closed is not self._told:
            self._told = closed
            self._log.note("line", "closed" if closed else "open")
            self._observe(StrapLine(closed))

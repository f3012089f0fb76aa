"""The session marker's disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from retrowalk.model.observations import MarkerStored

TAKES_S: Final = 0.01


class Disk:
    """The session marker: it outlives the daemon, may be full, and may be slow."""

    def __init__(self) -> None:
        self.content: str | None = None
        self.observe: Callable[[MarkerStored], None] = lambda _: None
        self._full = False
        self._takes_s = TAKES_S

    def behave(self, *, full: bool = False, takes_s: float = TAKES_S) -> None:
        """Be full, or slow; or be well again."""
        self._full, self._takes_s = full, takes_s

    def cause(self) -> str | None:
        """Return what the marker says; None without one."""
        return self.content

    def store(self, _address: str, latch: str | None) -> None:
        """Write the marker; MarkerStored comes when that is done, to whoever asked for it."""
        asyncio.get_running_loop().call_later(self._takes_s, self._stored, latch or "restart_in_session", self.observe)

    def _stored(self, content: str, observe: Callable[[MarkerStored], None]) -> None:
        if not self._full:
            self.content = content
        observe(MarkerStored(ok=not self._full))

    def clear(self) -> None:
        """Remove the marker."""
        self.content = None

    def close(self) -> None:
        """Do nothing: what was asked for is there."""

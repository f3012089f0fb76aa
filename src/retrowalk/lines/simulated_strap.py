"""The simulator's strap line: a Unix socket that says `closed` or `open`, and repeats itself while it lives.

Like a normally closed wire, silence means open: no socket, no word for a second, or an unknown word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from retrowalk.model.observations import Observation, StrapLine

_SILENCE_S: Final = 1.0
_RETRY_S: Final = 0.5
_CLOSED: Final = b"closed"
_WORDS: Final = frozenset({_CLOSED, b"open"})
_LONGEST: Final = max(map(len, _WORDS))

log = structlog.get_logger()


class SimulatedStrap:
    """Reads the simulated strap line and observes its level, whenever it changes."""

    def __init__(self, socket: Path, observe: Callable[[Observation], None]) -> None:
        self._socket = socket
        self._observe = observe
        self._closed: bool | None = None  # the level that was observed last

    async def run(self) -> None:
        """Follow the line until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                transport, line = await loop.create_unix_connection(lambda: _Line(self._level), str(self._socket))
            except OSError as error:
                log.warning("strap_line_unreachable", socket=str(self._socket), error=str(error))
            else:
                try:
                    await line.over.wait()
                finally:
                    transport.abort()
            self._level(closed=False)
            await asyncio.sleep(_RETRY_S)

    def _level(self, *, closed: bool) -> None:
        if closed is not self._closed:
            self._closed = closed
            self._observe(StrapLine(closed))


class _Line(asyncio.Protocol):
    """One connection: each word that it says, until it ends, falls silent or talks nonsense."""

    def __init__(self, level: Callable[..., None]) -> None:
        self.over = asyncio.Event()
        self._level = level
        self._begun = b""  # a word that has not come to its end
        self._silence = self._await_word()

    def _await_word(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(_SILENCE_S, self.over.set)

    def data_received(self, data: bytes) -> None:
        """Take what was said."""
        *words, self._begun = (self._begun + data).split(b"\n")
        for word in words:
            self._hear(word)
        if len(self._begun) > _LONGEST:
            self.over.set()

    def _hear(self, word: bytes) -> None:
        if word not in _WORDS:
            self.over.set()
        if self.over.is_set():
            return
        self._level(closed=word == _CLOSED)
        self._silence.cancel()
        self._silence = self._await_word()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - why does not matter
        """Take note of the end."""
        self._silence.cancel()
        self.over.set()

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

log = structlog.get_logger()


class SimulatedStrap:
    """Reads the simulated strap line and observes its level, whenever it changes."""

    def __init__(self, socket: Path, observe: Callable[[Observation], None]) -> None:
        self._socket = socket
        self._observe = observe
        self._closed: bool | None = None  # the level that was observed last

    async def run(self) -> None:
        """Follow the line until cancelled."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._socket)
            except OSError as error:
                log.warning("strap_line_unreachable", socket=str(self._socket), error=str(error))
            else:
                try:
                    await self._follow(reader)
                finally:
                    writer.close()
            self._level(closed=False)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                async with asyncio.timeout(_SILENCE_S):
                    word = (await reader.readline()).strip()
            except (TimeoutError, OSError, ValueError):
                return
            if word not in (b"closed", b"open"):
                return
            self._level(closed=word == b"closed")

    def _level(self, *, closed: bool) -> None:
        if closed is not self._closed:
            self._closed = closed
            self._observe(StrapLine(closed))

"""The safety strap and the line that tells of it: a Unix socket that says "open" or "closed", again and again.

Normally closed: a reader that hears nothing for longer than a few heartbeats must take the line for open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

HEARTBEAT_S: Final = 0.4  # a wire costs its reader nothing, so that this should cost little; silence is a second


class SafetyStrap:
    """A strap between a walker and a switch. `closed` while it is clipped."""

    def __init__(self, *, closed: bool = True) -> None:
        self.closed = closed
        self._listeners: list[Callable[[bool], None]] = []

    def pull(self) -> None:
        """Open the line."""
        self._turn(closed=False)

    def clip(self) -> None:
        """Close the line."""
        self._turn(closed=True)

    def listen(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Give each change to `listener`, as whether the line is closed; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _turn(self, *, closed: bool) -> None:
        if closed is not self.closed:
            self.closed = closed
            for listener in tuple(self._listeners):
                listener(closed)


@asynccontextmanager
async def serve_strap(strap: SafetyStrap, path: Path) -> AsyncIterator[None]:
    """Tell every client of the socket at `path` the state at once, upon each change, and as a heartbeat."""
    tasks: set[asyncio.Task[None]] = set()

    async def welcome(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task
        tasks.add(task)
        with suppress(ConnectionError):
            await _tell(strap, writer)
        tasks.discard(task)

    server = await asyncio.start_unix_server(welcome, path)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _tell(strap: SafetyStrap, writer: asyncio.StreamWriter) -> None:
    changes: asyncio.Queue[bool] = asyncio.Queue()
    forget = strap.listen(changes.put_nowait)
    closed = strap.closed
    try:
        while True:
            writer.write(b"closed\n" if closed else b"open\n")
            await writer.drain()
            with suppress(TimeoutError):
                closed = await asyncio.wait_for(changes.get(), HEARTBEAT_S)
    finally:
        forget()
        writer.close()

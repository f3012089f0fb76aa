"""Keeps a connection while one is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from retrowalk.bluetooth.words import in_words

RETRY_S: Final = (0.25, 0.5, 1.0, 2.0)  # pauses between attempts; the last one for ever


class Held(Protocol):
    """A connection that a Keeper keeps."""

    async def ended(self) -> str:
        """Wait until it is lost or given up; return why, for a person."""
        ...

    async def close(self) -> None:
        """Disconnect. Never raises."""
        ...


class Keeper[C: Held]:
    """Keeps a connection while one is wanted: makes it, and tries again, 2 s apart at most, when it fails or is lost.

    `connect` makes one; `up` hears of each, `down` hears once of its end, and of each new reason why there is none.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[C]], up: Callable[[C], None], down: Callable[[str], None]
    ) -> None:
        self.current: C | None = None
        self._connect = connect
        self._up = up
        self._down = down
        self._told: str | None = None
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()

    @property
    def wanted(self) -> bool:
        """Whether a connection is to be kept."""
        return self._wanted.is_set()

    def want(self, *, wanted: bool) -> None:
        """Begin to keep a connection, or let it go. Returns at once."""
        (self._wanted if wanted else self._unwanted).set()
        (self._unwanted if wanted else self._wanted).clear()

    async def run(self) -> None:
        """Live until cancelled. Cancelling leaves a connection as it is: only being unwanted and `close` end it."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wanted.wait()
                keeping = tasks.create_task(self._keep(), name="keeper")
                await self._unwanted.wait()
                keeping.cancel()
                await asyncio.wait([keeping])
                await self._let_go()

    async def close(self) -> None:
        """Let the device go for good."""
        self.want(wanted=False)
        await self._let_go()

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever fails, it is tried again
                self._tell(in_words(error))
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1
            else:
                failures = 0
                await self._hold(connection)

    async def _hold(self, connection: C) -> None:
        self.current, self._told = connection, None
        self._up(connection)
        reason = await connection.ended()
        self.current = None
        self._tell(reason)
        await connection.close()

    async def _let_go(self) -> None:
        connection, self.current = self.current, None
        if connection is not None:
            self._tell("it was let go")
            await connection.close()

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self._down(reason)

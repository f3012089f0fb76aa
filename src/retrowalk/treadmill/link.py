"""The treadmill link: keeps a connection while one is wanted, and executes the engine's commands on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, assert_never

from retrowalk.bluetooth import Bluetooth, Keeper
from retrowalk.model.commands import Connect, Disconnect, LinkCommand, PermittedCommand, Rebuild, RequestControl, Stop
from retrowalk.model.observations import LinkDown, WriteFailed
from retrowalk.treadmill.claim import Claim
from retrowalk.treadmill.connection import Connection, Observe
from retrowalk.treadmill.machine import TreadmillSettings

NO_LINK: Final = "there is no link to the treadmill"
REBUILT: Final = "the link to the treadmill was dropped to make a new one"


class TreadmillLink:
    """Tells `observe` what the treadmill does, one observation at a time, on the loop and never from within `execute`.

    A lost link is made again until Disconnect, and to the same machine: another one's standstill proves nothing.
    `stays`: so is any later link. `left` is the address of the machine that a daemon before may have left running,
    None = there is none. Nothing is ever written but what was executed.
    """

    def __init__(
        self,
        settings: TreadmillSettings,
        observe: Observe,
        bluetooth: Bluetooth,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        left: str | None = None,
        stays: bool = False,
    ) -> None:
        self._bluetooth = bluetooth
        self._settings = settings
        self._observe = observe
        self._clock_ns = clock_ns
        self._stays = stays
        self._address = left  # of the machine to stay with; None = whichever the settings mean
        self._claim = Claim()
        self._keeper = Keeper(self._connect, Connection.tell_up, lambda reason: observe(LinkDown(reason)))

    def execute(self, command: LinkCommand) -> None:
        """Begin `command` and return at once. Never blocks, never raises; what comes of it is observed."""
        connection = self._keeper.current
        match command:
            case Connect():
                self._keeper.want(wanted=True)
            case Disconnect():
                self._keeper.want(wanted=False)
                self._forget_if_unwanted()
            case Rebuild():
                if connection:
                    connection.end(REBUILT)
            case Stop() if connection:
                connection.stop(command)
            case RequestControl() | PermittedCommand() if connection:
                connection.submit(command)
            case Stop() | RequestControl() | PermittedCommand():
                asyncio.get_running_loop().call_soon(self._observe, WriteFailed(command.number, NO_LINK))
            case _:
                assert_never(command)

    async def run(self) -> None:
        """Live until cancelled. Cancelling leaves a link as it is: only Disconnect and `close` end one."""
        await self._keeper.run()

    async def close(self) -> None:
        """Let the treadmill go: for an orderly way out, after a verified standstill."""
        await self._keeper.close()
        self._claim.release()

    async def _connect(self) -> Connection:
        settings = replace(self._settings, address=self._address) if self._address else self._settings
        try:
            connection = await Connection.open(self._bluetooth, settings, self._observe, self._clock_ns, self._claim)
            self._address = connection.machine.address
            return connection
        finally:
            self._forget_if_unwanted()  # a Disconnect may have overtaken it

    def _forget_if_unwanted(self) -> None:
        """Leave the treadmill to others, and the next link to whichever the settings mean."""
        if not (self._keeper.wanted or self._stays):
            self._claim.release()
            self._address = None

"""The bare way: bleak alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bleak import BleakClient

from benchmarks.client import Client
from benchmarks.machine import Machine
from retrowalk.treadmill.assigned import (
    CONTROL_POINT,
    MACHINE_STATUS,
    REQUEST_CONTROL_FRAME,
    START_FRAME,
    STOP_FRAME,
    TREADMILL_DATA,
)

_SLOWLY: Final = b"\x02" + (80).to_bytes(2, "little")


class BareClient(Client):
    """A script of ten lines over bleak. It hears what the machine sends, and heeds none of it."""

    name = "bare"

    def __init__(self, machine: Machine, bleak: BleakClient) -> None:
        super().__init__(machine)
        self._bleak = bleak
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def connect(self) -> None:
        """Connect and subscribe."""
        await self._bleak.connect()
        await self._bleak.start_notify(CONTROL_POINT, lambda _, frame: self._answers.put_nowait(bytes(frame)))
        await self._bleak.start_notify(MACHINE_STATUS, lambda _, __: None)
        await self._bleak.start_notify(TREADMILL_DATA, lambda _, __: None)

    async def start(self) -> None:
        """Request control, start."""
        for frame in (REQUEST_CONTROL_FRAME, START_FRAME):
            await self._ask(frame)

    async def command(self, number: int) -> None:
        """Write that many set-points, one after the other."""
        for _ in range(number):
            await self._write(_SLOWLY)

    async def set_point(self) -> None:
        """Write one and wait for the answer."""
        await self._ask(_SLOWLY)

    def begin_set_point(self) -> None:
        """Begin to write one."""
        self.spawn(self._write(_SLOWLY))

    def stop(self) -> None:
        """Write a Stop."""
        self.spawn(self._write(STOP_FRAME))

    def stop_asking_first(self) -> None:
        """Request control and write a Stop, without waiting in between: what a client must do that lost control."""
        self.spawn(self._write(REQUEST_CONTROL_FRAME))
        self.stop()

    async def _ask(self, frame: bytes) -> None:
        while not self._answers.empty():
            self._answers.get_nowait()
        await self._write(frame)
        while (await self._answers.get())[1] != frame[0]:
            pass

    async def _write(self, frame: bytes) -> None:
        await self._bleak.write_gatt_char(CONTROL_POINT, frame, response=True)


@asynccontextmanager
async def bare_client(machine: Machine) -> AsyncIterator[BareClient]:
    """A connected one."""
    device, _ = await machine.found()
    bleak = BleakClient(device)
    client = BareClient(machine, bleak)
    try:
        await client.connect()
        yield client
    finally:
        await client.rest()
        await bleak.disconnect()

"""The way of pyftms's own client."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from pyftms import get_client  # type: ignore[import-untyped]

from benchmarks.client import Client
from benchmarks.machine import Machine


class PyftmsClient(Client):
    """pyftms's own client, by its documented methods."""

    name = "pyftms"

    def __init__(self, machine: Machine, ftms: Any) -> None:
        super().__init__(machine)
        self._ftms = ftms

    async def start(self) -> None:
        """Start; it requests control by itself."""
        await self._ftms.start_resume()

    async def command(self, number: int) -> None:
        """Set that many speeds; only the first is written, the others wait for its answer."""
        since_s = time.monotonic()
        for _ in range(number):
            self.begin_set_point()
        await self.machine.saw("written", since_s)

    async def set_point(self) -> None:
        """Set a speed."""
        await self._ftms.set_target_speed(0.8)

    def begin_set_point(self) -> None:
        """Begin to set a speed."""
        self.spawn(self._ftms.set_target_speed(0.8))

    def stop(self) -> None:
        """Stop."""
        self.spawn(self._ftms.stop())


@asynccontextmanager
async def pyftms_client(machine: Machine) -> AsyncIterator[PyftmsClient]:
    """A connected one."""
    ftms = get_client(*await machine.found())
    client = PyftmsClient(machine, ftms)
    try:
        await ftms.connect()
        yield client
    finally:
        await client.rest()
        with suppress(Exception):
            await ftms.disconnect()

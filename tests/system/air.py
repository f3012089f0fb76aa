"""Devices on the air behind the kernel's HCI, in a thread of this process: whoever waits here must not hold them up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from retrowalk_sim.gatt import Peripheral
from system.line import TRANSPORT, attached

READY_S: Final = 60.0


@contextmanager
def on_air(*peripherals: Peripheral) -> Iterator[None]:
    """Put devices on the air; an adapter appears with them, and takes seconds to come up."""
    from retrowalk_sim.hci import serve  # noqa: PLC0415 - Bumble is in the guest alone

    loop, end, ready = asyncio.new_event_loop(), asyncio.Event(), Event()

    async def live() -> None:
        async with serve(peripherals, TRANSPORT):
            ready.set()
            await end.wait()

    thread = Thread(target=loop.run_until_complete, args=(live(),), name="air")
    thread.start()
    try:
        assert ready.wait(READY_S), "the devices did not come up"
        with attached():
            yield
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()

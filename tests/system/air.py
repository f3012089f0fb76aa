"""Devices on the air behind the kernel's HCI, in a thread of this process or in a process of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, synchronize
from threading import Event, Thread
from typing import Final

from retrowalk_sim.gatt import Peripheral
from system.line import TRANSPORT, attached

READY_S: Final = 60.0


@contextmanager
def on_air(*peripherals: Peripheral) -> Iterator[None]:
    """Put devices on the air; an adapter appears with them, and takes seconds to come up.

    They live in a thread of this process: whoever waits here must not hold them up, nor measure time.
    """
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


@contextmanager
def on_air_apart(make: Callable[[], Peripheral]) -> Iterator[None]:
    """Put a device on the air in a process of its own, which shares no interpreter with whoever measures."""
    spawning = get_context("spawn")
    ready, end = spawning.Event(), spawning.Event()
    process = spawning.Process(target=_live, args=(make, ready, end))
    process.start()
    try:
        assert ready.wait(READY_S), "the device did not come up"
        yield
    finally:
        end.set()
        process.join()


def _live(make: Callable[[], Peripheral], ready: synchronize.Event, end: synchronize.Event) -> None:
    with on_air(make()):
        ready.set()
        end.wait()

"""Simulated devices behind a fake org.bluez on a private bus: bleak and dbus-fast as they are shipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bleak.backends.bluezdbus import manager as bleak_manager

from retrowalk_sim.bluez import Bluez, Timing, private_bus, serve
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from retrowalk_sim.gatt import Peripheral

QUICK = Timing(unreachable_s=0.2, loss_noticed_s=0.1)


@asynccontextmanager
async def air(*peripherals: Peripheral, timing: Timing = QUICK) -> AsyncIterator[Bluez]:
    """Let the peripherals be in range of this process, and of those that inherit its environment."""
    with pytest.MonkeyPatch.context() as environment:
        async with private_bus() as address:
            environment.setenv(ADDRESS_VARIABLE, address)
            async with serve(peripherals, address, timing) as bluez:
                yield bluez
                await forget_bleak()


async def forget_bleak() -> None:
    """Close what bleak keeps open for the running loop."""
    manager = bleak_manager._global_instances.pop(asyncio.get_running_loop(), None)
    if manager is not None and manager._bus is not None and manager._bus_watcher_task is not None:
        manager._bus.disconnect()
        await manager._bus_watcher_task

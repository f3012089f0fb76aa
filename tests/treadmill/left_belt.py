"""A belt that was left running: its owner does nothing any more; its link stays, or bluetoothd never saw it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bleak import BleakScanner
from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from retrowalk.bluetooth import Bluetooth
from retrowalk.treadmill.failsafe.bluez import DEVICE, call
from retrowalk_sim.bluez import Bluez, Timing
from retrowalk_sim.profiles import Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import QUICK, air
from treadmill.bench import running, up

USUAL = replace(profiles()["citysports"], up_kmh_per_s=50.0, run_down_kmh_per_s=1.0)  # seen to run, and to stop soon
STRICT = replace(profiles()["enforces-cccd"], run_down_kmh_per_s=3.0)


@asynccontextmanager
async def running_belt(profile: Profile | str = USUAL) -> AsyncIterator[tuple[Treadmill, Bluez]]:
    """A belt that runs at 2 km/h with somebody's link to it, whose owner does nothing any more."""
    treadmill = Treadmill(profile)
    async with air(treadmill) as bluez, running(treadmill, Bluetooth()) as owner:
        await up(owner)
        treadmill.move_by_hand(2.0)
        yield treadmill, bluez


@asynccontextmanager
async def forgotten_belt(profile: Profile = USUAL, timing: Timing = QUICK) -> AsyncIterator[tuple[Treadmill, Bluez]]:
    """A belt that runs, and a bluetoothd that has never seen it."""
    treadmill = Treadmill(profile)
    async with air(treadmill, timing=timing) as bluez:
        treadmill.move_by_hand(2.0)
        yield treadmill, bluez


@asynccontextmanager
async def known_belt(timing: Timing = QUICK) -> AsyncIterator[tuple[Treadmill, Bluez]]:
    """A belt that runs, and a bluetoothd that knows it from a link that was ended."""
    treadmill = Treadmill("citysports")
    async with air(treadmill, timing=timing) as bluez:
        async with running(treadmill, Bluetooth()) as owner:
            await up(owner)
        treadmill.move_by_hand(2.0)
        yield treadmill, bluez


async def somebody_connects(address: str) -> None:
    """Have a client find and connect the device, and go."""
    device = await BleakScanner.find_device_by_address(address)
    assert device is not None
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    await call(bus, device.details["path"], DEVICE, "Connect")
    bus.disconnect()


async def written_to(treadmill: Treadmill, request: str = "0801") -> None:
    """Wait until a request reached the machine."""
    while request not in [event.detail for event in treadmill.witness.of("written")]:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)

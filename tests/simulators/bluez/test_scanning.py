"""Scanning with real bleak: devices appear, fall silent while connected, and are forgotten."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakBluetoothNotAvailableError, BleakError

from retrowalk_sim.bluez import Bluez, Timing
from retrowalk_sim.bluez.echo import SERVICE, Echo

if TYPE_CHECKING:
    from simulators.bluez.conftest import RawClient, Vanish


FOUND_S = 20.0  # the real bluetoothd needed more than 3 once, on a busy host


async def _find(echo: Echo) -> BLEDevice:
    device = await BleakScanner.find_device_by_address(echo.advertisement.address, timeout=FOUND_S)
    assert device is not None
    return device


async def test_a_scan_tells_what_a_device_advertises(bluez: Bluez, echo: Echo) -> None:
    """Name, service, service data and a signal strength arrive as BlueZ words them."""
    async with BleakScanner() as scanner:
        async for device, seen in scanner.advertisement_data():
            assert (device.address, device.name) == (echo.advertisement.address, "Echo")
            assert seen.service_uuids == [SERVICE]
            assert seen.service_data == {SERVICE: b"\x01\x02"}
            assert -100 < seen.rssi < 0
            break


async def test_a_scan_keeps_telling(bluez: Bluez) -> None:
    """A device in range is reported again and again, each time with another signal strength."""
    strengths: list[int] = []
    async with BleakScanner() as scanner:
        async for _, seen in scanner.advertisement_data():
            strengths.append(seen.rssi)
            if len(strengths) == 3:
                break
    assert strengths == [-55, -56, -55]


async def test_a_second_scan_reports_a_device_that_the_first_one_left_in_the_tree(bluez: Bluez, echo: Echo) -> None:
    """It is told by its signal strength then, no longer as a new object."""
    first = await _find(echo)
    second = await _find(echo)
    assert first.details["path"] == second.details["path"]


async def test_a_device_out_of_reach_is_not_seen(bluez: Bluez, echo: Echo, vanish: Vanish, looked_s: float) -> None:
    """Who does not answer does not advertise either; the same look finds it when it is back."""
    await vanish()
    assert await _seen(looked_s) == []
    echo.reachable = True
    assert await _seen(looked_s) == [echo.advertisement.address]


async def test_a_connected_device_does_not_advertise(bluez: Bluez, echo: Echo, looked_s: float) -> None:
    """So a second process cannot find it by scanning, only in the object tree; it can once the link is gone."""
    async with BleakClient(await _find(echo)):
        assert await _seen(looked_s) == []
    assert await _seen(looked_s) == [echo.advertisement.address]


async def _seen(looked_s: float) -> list[str]:
    return [device.address for device in await BleakScanner.discover(timeout=looked_s)]


@pytest.mark.parametrize("timing", [Timing(forgotten_s=0.1)])
async def test_a_device_nobody_connected_is_forgotten(bluez: Bluez, echo: Echo, raw: RawClient) -> None:
    """It leaves the tree some time after it was last seen (30 s on a real machine), and cannot be connected then."""
    device = await _find(echo)
    assert raw.device_path in await raw.tree()
    async with asyncio.timeout(3):
        while raw.device_path in await raw.tree():
            pass
    reply = await raw.call(raw.device_path, "org.bluez.Device1.Connect")
    assert reply.error_name == "org.freedesktop.DBus.Error.UnknownObject"
    with pytest.raises(BleakError, match="not found"):
        await BleakClient(device).connect()


async def test_an_adapter_without_power_cannot_scan(bluez: Bluez) -> None:
    """Bleak says so in its own words, whether it knew before or not."""
    bluez.power(False)
    with pytest.raises(BleakBluetoothNotAvailableError):
        await BleakScanner.discover(timeout=0.1)


async def test_power_off_ends_a_running_scan(bluez: Bluez, echo: Echo) -> None:
    """The scan can be stopped afterwards without an error, and a new one works when the power is back."""
    async with BleakScanner():
        bluez.power(False)
    bluez.power(True)
    async with asyncio.timeout(3):
        while True:
            with suppress(BleakBluetoothNotAvailableError):  # until bleak has heard of it
                await _find(echo)
                break
            await asyncio.sleep(0)

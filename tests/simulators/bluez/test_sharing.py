"""One link, several clients: what each of them does to the others, and what they leave behind when they die."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bleak import BleakClient, BleakScanner
from bleak_retry_connector.bluez import get_device

from retrowalk_sim.bluez import Bluez
from retrowalk_sim.bluez.echo import INDICATED, NOTIFIED, Echo

if TYPE_CHECKING:
    from simulators.bluez.conftest import Ear, RawClient, Until


@pytest.fixture
async def other_process(bluez: Bluez, echo: Echo) -> AsyncIterator[Process]:
    """A process that holds the link and listens to indications."""
    script = str(Path(__file__).with_name("client_process.py"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, echo.advertisement.address, INDICATED, stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listening\n"
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_the_link_outlives_a_killed_client(
    other_process: Process, bluez: Bluez, echo: Echo, until: Until
) -> None:
    """Its subscriptions are written off at the device; the link stays up, and the belt would run on."""
    assert echo.subscriptions == {INDICATED}
    other_process.kill()
    async with asyncio.timeout(0.3):
        await until(lambda: not echo.subscriptions)
    assert bluez.connected(echo.advertisement.address)
    assert echo.diary[-1] == "unsubscribed ff01"


async def test_a_client_that_ends_in_order_takes_the_link_with_it(
    other_process: Process, bluez: Bluez, echo: Echo, until: Until
) -> None:
    """Bleak disconnects when its tasks are cancelled: afterwards nobody can write any more."""
    other_process.send_signal(signal.SIGINT)
    await until(lambda: not bluez.connected(echo.advertisement.address))


async def test_a_second_process_can_write_over_the_link_of_a_first(
    other_process: Process, raw: RawClient, echo: Echo
) -> None:
    """By the object tree, without scanning or connecting: the failsafe's way."""
    path = await raw.path_of(INDICATED)
    await raw.call(path, "org.bluez.GattCharacteristic1.StartNotify")
    reply = await raw.call(path, "org.bluez.GattCharacteristic1.WriteValue", "aya{sv}", b"\x08\x01", {})
    assert reply.error_name is None
    assert echo.diary[-1] == "request 0801"


async def test_a_device_that_is_connected_elsewhere_is_found_only_in_the_tree(
    other_process: Process, echo: Echo, looked_s: float
) -> None:
    """Scanning by address finds nothing; the tree gives a device that bleak connects to at once.

    The same scan finds it once nobody is connected.
    """
    address = echo.advertisement.address
    assert await BleakScanner.find_device_by_address(address, timeout=looked_s) is None
    device = await get_device(address)
    assert device is not None
    client = BleakClient(device)
    await client.connect()
    await client.write_gatt_char(INDICATED, b"\x08\x01", response=True)
    assert echo.diary.count("connected") == 1
    await client.disconnect()
    assert await BleakScanner.find_device_by_address(address, timeout=looked_s) is not None


async def test_one_client_disconnects_for_all(client: BleakClient, raw: RawClient, echo: Echo, until: Until) -> None:
    """A link has no owner."""
    await raw.call(raw.device_path, "org.bluez.Device1.Disconnect")
    await until(lambda: not client.is_connected)
    assert echo.diary[-1] == "disconnected"


async def test_connecting_twice_is_connecting_once(client: BleakClient, raw: RawClient, echo: Echo) -> None:
    """The second Connect returns at once."""
    reply = await raw.call(raw.device_path, "org.bluez.Device1.Connect")
    assert reply.error_name is None
    assert echo.diary == ["connected"]


async def test_with_two_sessions_each_listener_hears_each_value_twice(
    client: BleakClient, raw: RawClient, ear: Ear, echo: Echo
) -> None:
    """Each session makes a signal, and signals go to everybody; the device sends but once."""
    await client.start_notify(INDICATED, ear)
    await raw.call(await raw.path_of(INDICATED), "org.bluez.GattCharacteristic1.StartNotify")
    for value in (b"\x01", b"\x02"):
        await client.write_gatt_char(INDICATED, value, response=True)
    assert await ear.hear(4) == [b"\x01", b"\x01", b"\x02", b"\x02"]
    assert echo.diary.count("subscribed ff01") == 1


async def test_a_subscription_stays_until_its_last_session_ends(
    client: BleakClient, raw: RawClient, ear: Ear, echo: Echo, until: Until
) -> None:
    """One of two listeners may leave without the other noticing."""
    await client.start_notify(NOTIFIED, ear)
    await raw.call(await raw.path_of(NOTIFIED), "org.bluez.GattCharacteristic1.StartNotify")
    await client.stop_notify(NOTIFIED)
    assert echo.subscriptions == {NOTIFIED}
    raw.bus.disconnect()
    await until(lambda: not echo.subscriptions)

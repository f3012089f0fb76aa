"""Behaviours of bleak on BlueZ that the links count on, or guard against. A failure here means: read the link again."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner

from retrowalk_sim.bluez import Bluez
from retrowalk_sim.treadmill import CONTROL_POINT, FITNESS_MACHINE, Treadmill
from treadmill.air import air


async def connect(treadmill: Treadmill) -> BleakClient:
    """Connect and listen to answers, as the link does."""
    device = await BleakScanner.find_device_by_address(treadmill.advertisement.address, timeout=3)
    assert device is not None
    client = BleakClient(device)
    await client.connect()
    await client.start_notify(CONTROL_POINT, lambda *_: None)
    return client


async def lost(client: BleakClient, bluez: Bluez, treadmill: Treadmill) -> None:
    """Lose the link and wait until bleak knows."""
    bluez.lose_link(treadmill.advertisement.address)
    async with asyncio.timeout(3):
        while client.is_connected:  # noqa: ASYNC110 - bleak offers no event for it
            await asyncio.sleep(0.01)


async def test_a_lost_client_that_is_not_closed_leaves_its_subscription_behind() -> None:
    """It comes back with the next link and doubles every value; after `disconnect` it does not. Hence Wire.close."""
    treadmill = Treadmill()
    address = treadmill.advertisement.address
    async with air(treadmill) as bluez:
        first = await connect(treadmill)
        await lost(first, bluez, treadmill)
        second = await connect(treadmill)
        assert bluez.listeners(address, CONTROL_POINT) == 2
        await lost(second, bluez, treadmill)
        for client in (first, second):
            await client.disconnect()
        third = await connect(treadmill)
        assert bluez.listeners(address, CONTROL_POINT) == 1
        await third.disconnect()


async def test_a_write_goes_out_at_once_while_an_answer_is_outstanding() -> None:
    """Bleak does not wait for indications, so neither does a Stop."""
    treadmill = Treadmill()
    treadmill.faults.lose_indications = True
    async with air(treadmill):
        client = await connect(treadmill)
        await client.write_gatt_char(CONTROL_POINT, b"\x00", response=True)
        begun_s = perf_counter()
        await client.write_gatt_char(CONTROL_POINT, b"\x08\x01", response=True)
        assert perf_counter() - begun_s < 0.5
        assert [event.detail for event in treadmill.witness.of("written")] == ["00", "0801"]
        await client.disconnect()


async def test_a_write_behind_a_stalled_one_is_polled_until_bluez_takes_it() -> None:
    """BlueZ says InProgress and bleak asks again; the link may start a Stop beside a stuck set-point."""
    treadmill = Treadmill()
    async with air(treadmill) as bluez:
        client = await connect(treadmill)
        bluez.hold_writes(treadmill.advertisement.address)
        writes = [
            asyncio.create_task(client.write_gatt_char(CONTROL_POINT, frame, response=True))
            for frame in (b"\x00", b"\x08\x01")
        ]
        await asyncio.sleep(0.1)
        assert not any(write.done() for write in writes)
        bluez.hold_writes(treadmill.advertisement.address, held=False)
        await asyncio.gather(*writes)
        assert [event.detail for event in treadmill.witness.of("written")] == ["00", "0801"]
        await client.disconnect()


async def test_a_link_that_ends_while_there_is_no_bluetoothd_is_not_told_but_can_be_asked_for() -> None:
    """The client believes in its link; the adapter knows better. Hence Wire.ended asks."""
    treadmill = Treadmill()
    async with air(treadmill) as bluez:
        client = await connect(treadmill)
        adapter = await BleakAdapter.get()
        assert [device.address for device in await adapter.get_connected_devices([FITNESS_MACHINE])]
        await bluez.restart(down_s=0.05, links_last=False)
        await asyncio.sleep(0.2)
        assert client.is_connected
        assert not await adapter.get_connected_devices([FITNESS_MACHINE])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.disconnect()

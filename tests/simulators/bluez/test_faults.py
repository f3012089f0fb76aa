"""What goes wrong with radios, adapters and daemons, as bleak comes to know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from dbus_fast import Message, Variant

from retrowalk_sim.bluez import Bluez, Timing
from retrowalk_sim.bluez.echo import DROP, INDICATED, NOTIFIED, READ, STALL, Echo

if TYPE_CHECKING:
    from simulators.bluez.conftest import Ear, RawClient, Until, Vanish


async def _connect(echo: Echo, on_lost: Callable[[BleakClient], None] | None = None) -> BleakClient:
    device = await BleakScanner.find_device_by_address(echo.advertisement.address, timeout=3)
    assert device is not None
    client = BleakClient(device, on_lost)
    await client.connect()
    return client


async def test_a_lost_link_is_noticed_only_after_a_while(bluez: Bluez, echo: Echo) -> None:
    """Until then bleak believes itself connected, and its requests hang; then they fail."""
    lost = asyncio.Event()
    client = await _connect(echo, lambda _client: lost.set())
    begun_s = perf_counter()
    bluez.lose_link(echo.advertisement.address)
    assert client.is_connected
    with pytest.raises(BleakGATTProtocolError):
        await client.write_gatt_char(INDICATED, b"\x01", response=True)
    async with asyncio.timeout(3):
        await lost.wait()
    assert perf_counter() - begun_s > 0.9 * Timing().loss_noticed_s
    assert not client.is_connected
    assert "request 01" not in echo.diary
    await client.disconnect()


@pytest.mark.parametrize(("method", "arguments"), [("StartNotify", []), ("AcquireNotify", ["a{sv}", {}])])
async def test_a_subscription_that_the_link_took_with_it_is_refused(
    bluez: Bluez, echo: Echo, raw: RawClient, method: str, arguments: list[Any]
) -> None:
    """And leaves nothing behind that the next link would enable again."""
    client = await _connect(echo)
    path = await raw.path_of(NOTIFIED)
    bluez.hold_writes(echo.advertisement.address)
    subscribing = asyncio.create_task(raw.call(path, f"org.bluez.GattCharacteristic1.{method}", *arguments))
    await raw.tree()
    bluez.lose_link(echo.advertisement.address)
    assert (await subscribing).body == ["Operation failed with ATT error: 0x0e"]
    bluez.hold_writes(echo.advertisement.address, False)
    await client.disconnect()
    await client.connect()
    assert await client.read_gatt_char(READ) == b"hello"
    assert echo.subscriptions == set()
    await client.disconnect()


async def test_a_device_may_drop_the_link_itself(bluez: Bluez, echo: Echo, until: Until) -> None:
    """It looks the same from here."""
    client = await _connect(echo)
    await client.write_gatt_char(INDICATED, bytes([DROP]), response=True)
    await until(lambda: not client.is_connected)
    assert echo.diary[-1] == "disconnected"
    await client.disconnect()


async def _old_and_new(bluez: Bluez, echo: Echo, ear: Ear, until: Until) -> tuple[BleakClient, BleakClient]:
    """Lose a link that was listened to, and listen over the next one; the old client is not closed."""
    old = await _connect(echo)
    await old.start_notify(INDICATED, lambda _characteristic, _value: None)
    bluez.lose_link(echo.advertisement.address)
    await until(lambda: not old.is_connected)
    new = await _connect(echo)
    await new.start_notify(INDICATED, ear)
    return old, new


async def test_an_old_client_doubles_the_values_of_a_new_one(bluez: Bluez, echo: Echo, ear: Ear, until: Until) -> None:
    """After an unexpected disconnect bleak keeps the old D-Bus connection, whose sessions bluetoothd enables again."""
    old, new = await _old_and_new(bluez, echo, ear, until)
    for value in (b"\x01", b"\x02"):
        await new.write_gatt_char(INDICATED, value, response=True)
    assert await ear.hear(4) == [b"\x01", b"\x01", b"\x02", b"\x02"]
    await old.disconnect()
    await new.disconnect()


async def test_an_old_client_that_is_closed_takes_its_sessions_along(
    bluez: Bluez, echo: Echo, ear: Ear, until: Until
) -> None:
    """With its D-Bus connection; the new one hears each value once."""
    old, new = await _old_and_new(bluez, echo, ear, until)
    await old.disconnect()
    await until(lambda: bluez.listeners(echo.advertisement.address, INDICATED) == 1)
    for value in (b"\x02", b"\x03"):
        await new.write_gatt_char(INDICATED, value, response=True)
    assert await ear.hear(2) == [b"\x02", b"\x03"]
    await new.disconnect()


async def test_an_unreachable_device_refuses_after_a_while(
    bluez: Bluez, echo: Echo, raw: RawClient, vanish: Vanish
) -> None:
    """The error is the one that BlueZ gives for most failures to connect."""
    client = await _connect(echo)
    await client.disconnect()
    await vanish()
    reply = await raw.call(raw.device_path, "org.bluez.Device1.Connect")
    assert (reply.error_name, reply.body) == ("org.bluez.Error.Failed", ["le-connection-abort-by-local"])


async def test_bleak_waits_out_its_own_time_for_an_unreachable_device(bluez: Bluez, echo: Echo, vanish: Vanish) -> None:
    """It takes that error for a link that is just ending, and waits for the end."""
    client = await _connect(echo)
    await client.disconnect()
    await vanish()
    with pytest.raises(TimeoutError):
        await client.connect(timeout=0.5)


async def test_a_device_that_comes_back_while_connecting_is_connected(
    bluez: Bluez, echo: Echo, raw: RawClient, vanish: Vanish
) -> None:
    """The controller keeps trying until its time is over."""
    client = await _connect(echo)
    await client.disconnect()
    await vanish()
    connecting = asyncio.create_task(raw.call(raw.device_path, "org.bluez.Device1.Connect"))
    await raw.tree()
    refused = await raw.call(raw.device_path, "org.bluez.Device1.Connect")
    assert refused.error_name == "org.bluez.Error.InProgress"
    echo.reachable = True
    assert (await connecting).error_name is None


async def test_disconnect_ends_an_attempt_to_connect(bluez: Bluez, echo: Echo, raw: RawClient, vanish: Vanish) -> None:
    """The one who waits is told that it was cancelled."""
    client = await _connect(echo)
    await client.disconnect()
    await vanish()
    connecting = asyncio.create_task(raw.call(raw.device_path, "org.bluez.Device1.Connect"))
    await raw.tree()
    await raw.call(raw.device_path, "org.bluez.Device1.Disconnect")
    assert (await connecting).body == ["br-connection-canceled"]


async def test_a_disconnect_ends_a_stalled_write(client: BleakClient, raw: RawClient) -> None:
    """So a stop that starves behind a stalled write is freed by rebuilding the link."""
    stalled = asyncio.create_task(client.write_gatt_char(INDICATED, bytes([STALL]), response=True))
    await raw.tree()
    await raw.call(raw.device_path, "org.bluez.Device1.Disconnect")
    with pytest.raises(BleakGATTProtocolError):
        await stalled


async def test_power_off_ends_every_link_and_power_on_lets_it_be_rebuilt(
    bluez: Bluez, echo: Echo, raw: RawClient, until: Until
) -> None:
    """The device stays in the tree, as bluetoothd keeps what was once connected."""
    client = await _connect(echo)
    bluez.power(False)
    await until(lambda: not client.is_connected)
    await client.disconnect()
    assert raw.device_path in await raw.tree()
    with pytest.raises(BleakDBusError):
        await client.connect()
    bluez.power(True)
    await client.connect()
    assert await client.read_gatt_char(READ) == b"hello"
    await client.disconnect()


async def test_an_adapter_can_be_powered_by_its_property(bluez: Bluez, raw: RawClient) -> None:
    """As bluetoothctl does it; other properties are not writable."""
    adapter, method = "/org/bluez/hci0", "org.freedesktop.DBus.Properties.Set"
    await raw.call(adapter, method, "ssv", "org.bluez.Adapter1", "Powered", Variant("b", False))
    assert (await raw.tree())[adapter]["org.bluez.Adapter1"]["Powered"].value is False
    refused = await raw.call(adapter, method, "ssv", "org.bluez.Adapter1", "Name", Variant("s", "x"))
    assert refused.error_name == "org.freedesktop.DBus.Error.PropertyReadOnly"


async def test_a_killed_daemon_takes_its_links_along(bluez: Bluez, echo: Echo, until: Until) -> None:
    """Two seconds later, on the real one, whether its successor is there by then or not; and nothing is written."""
    client = await _connect(echo)
    await bluez.restart(down_s=0.05)
    await until(lambda: echo.diary[-1] == "disconnected")
    with pytest.raises(BleakError):
        await client.write_gatt_char(INDICATED, b"\x01", response=True)
    with suppress(BleakError, TimeoutError):
        await client.disconnect()


async def test_a_successor_tells_of_links_that_lasted_until_it_came(
    bluez: Bluez, echo: Echo, raw: RawClient, until: Until
) -> None:
    """It drops them; a new one works without a scan."""
    client = await _connect(echo)
    await bluez.restart(down_s=0.05)
    await until(lambda: not client.is_connected)
    assert echo.diary[-1] == "disconnected"
    assert (await raw.call(raw.device_path, "org.bluez.Device1.Connect")).error_name is None
    await client.disconnect()


async def test_a_link_that_does_not_outlast_a_killed_daemon_ends_without_a_word(
    bluez: Bluez, echo: Echo, raw: RawClient
) -> None:
    """Bleak goes on believing in it; what it asks for fails, until there is another."""
    client = await _connect(echo)
    await bluez.restart(down_s=0.05, links_last=False)
    assert echo.diary[-1] == "disconnected"
    assert client.is_connected
    with pytest.raises(BleakDBusError):
        await client.write_gatt_char(INDICATED, b"\x01", response=True)
    assert (await raw.call(raw.device_path, "org.bluez.Device1.Connect")).error_name is None
    await client.disconnect()


async def test_while_the_daemon_is_down_nobody_owns_its_name(bluez: Bluez, raw: RawClient) -> None:
    """Callers are told so by the bus."""
    restarting = asyncio.create_task(bluez.restart(down_s=0.05))
    owner = Message(
        "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", signature="s", body=["org.bluez"]
    )
    async with asyncio.timeout(3):
        while (await raw.bus.call(owner)).body[0]:
            pass
    await restarting
    assert (await raw.bus.call(owner)).body[0]


async def test_removing_a_device_disconnects_it(client: BleakClient, bluez: Bluez, echo: Echo, raw: RawClient) -> None:
    """It leaves the tree with its services, and only a scan brings it back."""
    await raw.call("/org/bluez/hci0", "org.bluez.Adapter1.RemoveDevice", "o", raw.device_path)
    assert not bluez.connected(echo.advertisement.address)
    assert not [path for path in await raw.tree() if path.startswith(raw.device_path)]

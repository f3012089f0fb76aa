"""What a client without bleak is told: properties, refusals, and their words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from bleak import BleakClient
from dbus_fast.aio import MessageBus

from retrowalk_sim.bluez import Bluez, Timing, serve
from retrowalk_sim.bluez.echo import INDICATED, NOTIFIED, READ, SERVICE, Echo
from retrowalk_sim.gatt import uuid16

if TYPE_CHECKING:
    from simulators.bluez.conftest import Ear, RawClient

ADAPTER = "/org/bluez/hci0"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
PROPERTIES = "org.freedesktop.DBus.Properties"


async def test_a_connected_device_tells_its_services(client: BleakClient, raw: RawClient) -> None:
    """In the tree and by its properties, the same."""
    in_tree = (await raw.tree())[raw.device_path]["org.bluez.Device1"]
    asked = (await raw.call(raw.device_path, f"{PROPERTIES}.GetAll", "s", "org.bluez.Device1")).body[0]
    assert asked == in_tree
    assert in_tree["Connected"].value
    assert in_tree["ServicesResolved"].value
    assert in_tree["UUIDs"].value == [uuid16(0x1800), uuid16(0x1801), SERVICE]
    service = (await raw.path_of(READ)).rsplit("/", 1)[0]
    assert (await raw.tree())[service]["org.bluez.GattService1"]["Device"].value == raw.device_path


async def test_a_value_is_empty_until_it_is_known(client: BleakClient, raw: RawClient) -> None:
    """And then the last one that was read or notified."""
    path = await raw.path_of(READ)
    unknown = await raw.call(path, f"{PROPERTIES}.Get", "ss", CHARACTERISTIC, "Value")
    await client.read_gatt_char(READ)
    known = await raw.call(path, f"{PROPERTIES}.Get", "ss", CHARACTERISTIC, "Value")
    assert [reply.body[0].value for reply in (unknown, known)] == [b"", b"hello"]


async def test_a_property_that_is_not_there_is_refused(client: BleakClient, raw: RawClient) -> None:
    """As every D-Bus object does it."""
    reply = await raw.call(await raw.path_of(READ), f"{PROPERTIES}.Get", "ss", CHARACTERISTIC, "Colour")
    assert reply.error_name == "org.freedesktop.DBus.Error.InvalidArgs"


@pytest.mark.parametrize(
    ("path", "method", "error"),
    [
        (ADAPTER, "org.bluez.Adapter1.Dance", "org.freedesktop.DBus.Error.UnknownMethod"),
        (ADAPTER, "org.bluez.Device1.Connect", "org.freedesktop.DBus.Error.UnknownMethod"),
        ("/org/bluez/hci7", "org.bluez.Adapter1.StartDiscovery", "org.freedesktop.DBus.Error.UnknownObject"),
        (ADAPTER, "org.bluez.Adapter1.StopDiscovery", "org.bluez.Error.Failed"),
    ],
)
async def test_what_is_not_there_is_refused(raw: RawClient, path: str, method: str, error: str) -> None:
    """Unknown methods, interfaces and objects; and a scan that nobody started."""
    assert (await raw.call(path, method)).error_name == error


async def test_a_client_scans_once(raw: RawClient) -> None:
    """A second StartDiscovery of the same client is refused, until it has stopped the first."""
    start, stop = "org.bluez.Adapter1.StartDiscovery", "org.bluez.Adapter1.StopDiscovery"
    replies = [(await raw.call(ADAPTER, method)).error_name for method in (start, start, stop, start)]
    assert replies == [None, "org.bluez.Error.InProgress", None, None]


async def test_a_scan_ends_with_its_client(bus_address: str, raw: RawClient) -> None:
    """Discovering is a property that all clients share."""
    other = await MessageBus(bus_address=bus_address).connect()
    await type(raw)(other, raw.device_path).call(ADAPTER, "org.bluez.Adapter1.StartDiscovery")
    assert (await raw.tree())[ADAPTER]["org.bluez.Adapter1"]["Discovering"].value
    other.disconnect()
    async with asyncio.timeout(3):
        while (await raw.tree())[ADAPTER]["org.bluez.Adapter1"]["Discovering"].value:
            pass


async def test_an_adapter_without_power_is_not_ready(bluez: Bluez, raw: RawClient) -> None:
    """For scanning, nor for the end of a scan."""
    bluez.power(False)
    bluez.power(False)
    for method in ("StartDiscovery", "StopDiscovery"):
        assert (await raw.call(ADAPTER, f"org.bluez.Adapter1.{method}")).error_name == "org.bluez.Error.NotReady"


async def test_a_device_that_is_not_there_cannot_be_removed(raw: RawClient) -> None:
    """Bleak makes a device-not-found of this error."""
    reply = await raw.call(ADAPTER, "org.bluez.Adapter1.RemoveDevice", "o", raw.device_path)
    assert reply.error_name == "org.bluez.Error.DoesNotExist"


@pytest.mark.parametrize("uuid", [INDICATED, NOTIFIED])
async def test_a_write_without_a_type_is_a_request_where_that_is_possible(
    client: BleakClient, raw: RawClient, echo: Echo, uuid: str
) -> None:
    """As `busctl call … WriteValue aya{sv} 1 1 0` writes."""
    await raw.call(await raw.path_of(uuid), f"{CHARACTERISTIC}.WriteValue", "aya{sv}", b"\x01", {})
    assert echo.diary[-1] == "request 01"


async def test_a_characteristic_that_cannot_be_written_says_so(client: BleakClient, raw: RawClient) -> None:
    """Without a word to the device."""
    reply = await raw.call(await raw.path_of(READ), f"{CHARACTERISTIC}.WriteValue", "aya{sv}", b"\x01", {})
    assert reply.error_name == "org.bluez.Error.NotSupported"


@pytest.mark.parametrize(
    ("method", "signature", "body"),
    [("ReadValue", "a{sv}", [{}]), ("WriteValue", "aya{sv}", [b"\x01", {}]), ("AcquireNotify", "a{sv}", [{}])],
)
async def test_without_a_link_there_is_nothing_to_do(
    client: BleakClient, raw: RawClient, method: str, signature: str, body: list[object]
) -> None:
    """The objects of a device stay after its link."""
    path = await raw.path_of(NOTIFIED)
    await client.disconnect()
    reply = await raw.call(path, f"{CHARACTERISTIC}.{method}", signature, *body)
    assert (reply.error_name, reply.body) == ("org.bluez.Error.Failed", ["Not connected"])


async def test_a_session_may_begin_before_the_link(client: BleakClient, raw: RawClient, echo: Echo) -> None:
    """It waits for the link, and is enabled with it."""
    path = await raw.path_of(NOTIFIED)
    await client.disconnect()
    assert (await raw.call(path, f"{CHARACTERISTIC}.StartNotify")).error_name is None
    assert (await raw.call(path, f"{CHARACTERISTIC}.StartNotify")).error_name == "org.bluez.Error.InProgress"
    assert echo.subscriptions == set()
    await client.connect()
    assert echo.subscriptions == {NOTIFIED}


@pytest.mark.parametrize("timing", [Timing(disconnect_s=0.2)])
async def test_a_link_that_is_ending_takes_no_new_sessions(client: BleakClient, raw: RawClient) -> None:
    """But it still carries writes, for as long as it takes to end: 2 s on a real machine."""
    path = await raw.path_of(NOTIFIED)
    ending = asyncio.create_task(raw.call(raw.device_path, "org.bluez.Device1.Disconnect"))
    await raw.tree()
    assert (await raw.call(path, f"{CHARACTERISTIC}.StartNotify")).error_name == "org.bluez.Error.NotConnected"
    await client.write_gatt_char(NOTIFIED, b"\x01", response=True)
    assert not ending.done()
    await ending


async def test_an_acquired_socket_ends_by_stop_notify_and_with_the_link(
    client: BleakClient, raw: RawClient, ear: Ear
) -> None:
    """Either way the characteristic is free again."""
    path = await raw.path_of(NOTIFIED)

    async def acquired() -> bool:
        got = await raw.call(path, f"{PROPERTIES}.Get", "ss", CHARACTERISTIC, "NotifyAcquired")
        return bool(got.body[0].value)

    await client.start_notify(NOTIFIED, ear, bluez={"use_start_notify": False})
    assert await acquired()
    await raw.call(path, f"{CHARACTERISTIC}.StopNotify")
    assert not await acquired()
    await client.start_notify(NOTIFIED, ear, bluez={"use_start_notify": False})
    await client.disconnect()
    assert not await acquired()


async def test_the_name_is_taken_once(bluez: Bluez, bus_address: str) -> None:
    """A second daemon on the same bus says so and leaves."""
    with pytest.raises(RuntimeError, match=r"org\.bluez is taken"):
        async with serve([], bus_address):
            pass

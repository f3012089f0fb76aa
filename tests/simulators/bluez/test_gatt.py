"""Reading, writing and listening with real bleak over a real D-Bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError, BleakGATTProtocolError, BleakGATTProtocolErrorCode

from retrowalk_sim.bluez import Bluez, Timing
from retrowalk_sim.bluez.echo import DELAY, INDICATED, NOTIFIED, PLAIN, READ, REFUSE, SERVICE, STALL, Echo

if TYPE_CHECKING:
    from simulators.bluez.conftest import Ear, RawClient

type Until = Callable[[Callable[[], bool]], Awaitable[None]]


async def test_services_are_as_the_device_has_them(client: BleakClient) -> None:
    """UUIDs and properties survive the way through the object tree."""
    service = client.services.get_service(SERVICE)
    assert service is not None
    assert {char.uuid: set(char.properties) for char in service.characteristics} == {
        INDICATED: {"write", "indicate"},
        NOTIFIED: {"write", "write-without-response", "notify"},
        READ: {"read", "notify"},
        PLAIN: {"read"},
    }


async def test_reading(client: BleakClient, echo: Echo) -> None:
    """The value is the device's, also after it changed."""
    assert await client.read_gatt_char(READ) == b"hello"
    echo.value = b"other"
    assert await client.read_gatt_char(READ) == b"other"


async def test_what_is_read_is_told_to_listeners_too(client: BleakClient, ear: Ear) -> None:
    """Bluetoothd makes no difference between a value read and a value notified."""
    await client.start_notify(READ, ear)
    await client.read_gatt_char(READ)
    assert await ear.hear() == [b"hello"]


@pytest.mark.parametrize(("response", "kind"), [(True, "request"), (False, "command")])
async def test_writing(client: BleakClient, echo: Echo, until: Until, response: bool, kind: str) -> None:
    """With response is a request, without is a command: bluetoothd may answer the caller before it has sent one."""
    await client.write_gatt_char(NOTIFIED, b"\x01\x02", response=response)
    await until(lambda: echo.diary[-1] == f"{kind} 0102")


@pytest.mark.parametrize("uuid", [INDICATED, NOTIFIED])
@pytest.mark.parametrize("by_signal", [True, False])
async def test_listening(
    client: BleakClient, echo: Echo, until: Until, ear: Ear, *, uuid: str, by_signal: bool
) -> None:
    """Signals and acquired sockets both bring each value once and in order; stopping tells the device."""
    await client.start_notify(uuid, ear, bluez={"use_start_notify": by_signal})
    for value in (b"\x01", b"\x02", b"\x02"):
        await client.write_gatt_char(uuid, value, response=True)
    assert await ear.hear(3) == [b"\x01", b"\x02", b"\x02"]
    assert ear.values.empty()
    await client.stop_notify(uuid)
    await until(lambda: not echo.subscriptions)
    assert echo.diary[-1] == f"unsubscribed {uuid[4:8]}"


async def test_an_acquired_characteristic_is_taken(client: BleakClient, raw: RawClient, ear: Ear) -> None:
    """Nobody else can listen to it, and the property says so."""
    await client.start_notify(NOTIFIED, ear, bluez={"use_start_notify": False})
    path = await raw.path_of(NOTIFIED)
    refused = [await raw.call(path, "org.bluez.GattCharacteristic1.StartNotify")]
    refused.append(await raw.call(path, "org.bluez.GattCharacteristic1.AcquireNotify", "a{sv}", {}))
    assert [reply.error_name for reply in refused] == ["org.bluez.Error.NotPermitted"] * 2
    got = await raw.call(
        path, "org.freedesktop.DBus.Properties.Get", "ss", "org.bluez.GattCharacteristic1", "NotifyAcquired"
    )
    assert got.body[0].value is True


async def test_a_characteristic_with_listeners_cannot_be_acquired(
    client: BleakClient, raw: RawClient, ear: Ear
) -> None:
    """Bluetoothd says InProgress, for as long as they listen."""
    await client.start_notify(NOTIFIED, ear)
    reply = await raw.call(await raw.path_of(NOTIFIED), "org.bluez.GattCharacteristic1.AcquireNotify", "a{sv}", {})
    assert reply.error_name == "org.bluez.Error.InProgress"


@pytest.mark.parametrize("code", [0x02, 0x03, 0x06, 0x07, 0x08, 0x0D, 0x0E, 0x80, 0xFD, 0xFE])
async def test_refused_writes_reach_the_caller_as_att_errors(client: BleakClient, code: int) -> None:
    """Bleak gets the code back out of bluetoothd's words."""
    with pytest.raises(BleakGATTProtocolError) as caught:
        await client.write_gatt_char(NOTIFIED, bytes([REFUSE, code]), response=True)
    assert caught.value.code == BleakGATTProtocolErrorCode(code)


@pytest.mark.parametrize("code", [0x05, 0x0C, 0x0F])
async def test_missing_encryption_is_one_error_of_three_causes(client: BleakClient, code: int) -> None:
    """Bluetoothd's words have lost the code."""
    with pytest.raises(BleakDBusError, match="Not paired"):
        await client.write_gatt_char(NOTIFIED, bytes([REFUSE, code]), response=True)


async def test_a_refused_command_is_heard_by_nobody(client: BleakClient) -> None:
    """There is no response that could carry the error."""
    await client.write_gatt_char(NOTIFIED, bytes([REFUSE, 0x80]), response=False)


async def test_an_unreadable_characteristic_is_refused_as_such(client: BleakClient) -> None:
    """Bleak makes an ATT error of bluetoothd's words."""
    with pytest.raises(BleakGATTProtocolError) as caught:
        await client.read_gatt_char(INDICATED)
    assert caught.value.code == BleakGATTProtocolErrorCode.READ_NOT_PERMITTED


async def test_listening_to_what_does_not_notify_is_refused(client: BleakClient, raw: RawClient) -> None:
    """By signals or by a socket; nor can a session be stopped that nobody started."""
    path = await raw.path_of(PLAIN)
    refused = [await raw.call(path, "org.bluez.GattCharacteristic1.StartNotify")]
    refused.append(await raw.call(path, "org.bluez.GattCharacteristic1.AcquireNotify", "a{sv}", {}))
    assert [reply.error_name for reply in refused] == ["org.bluez.Error.NotSupported"] * 2
    reply = await raw.call(path, "org.bluez.GattCharacteristic1.StopNotify")
    assert reply.body == ["No notify session started"]


async def test_one_write_at_a_time_per_characteristic(client: BleakClient, raw: RawClient) -> None:
    """Until its response comes, any other write is refused, a command too; bleak asks again until it passes."""
    slow = asyncio.create_task(client.write_gatt_char(NOTIFIED, bytes([DELAY, 60]), response=True))
    path = await raw.path_of(NOTIFIED)
    reply = await raw.call(path, "org.bluez.GattCharacteristic1.WriteValue", "aya{sv}", b"\x01", {})
    assert reply.error_name == "org.bluez.Error.InProgress"
    await client.write_gatt_char(NOTIFIED, b"\x02", response=False)
    assert slow.done()
    await slow


async def test_requests_on_other_characteristics_wait_their_turn(client: BleakClient, echo: Echo) -> None:
    """The bearer carries one request at a time: a slow write delays every other request, but no command."""
    slow = asyncio.create_task(client.write_gatt_char(INDICATED, bytes([DELAY, 60]), response=True))
    await asyncio.sleep(0)
    await client.write_gatt_char(NOTIFIED, b"\x01", response=False)
    assert not slow.done()
    assert await client.read_gatt_char(READ) == b"hello"
    assert slow.done()


async def test_an_indication_may_come_before_the_response(client: BleakClient, ear: Ear) -> None:
    """A listener hears the value of a slow write while its writer still waits."""
    await client.start_notify(INDICATED, ear)
    slow = asyncio.create_task(client.write_gatt_char(INDICATED, bytes([DELAY, 100]), response=True))
    assert await ear.hear() == [bytes([DELAY, 100])]
    assert not slow.done()
    await slow


@pytest.mark.parametrize("timing", [Timing(att_timeout_s=0.1)])
async def test_a_stalled_write_ends_with_the_link(client: BleakClient, bluez: Bluez, echo: Echo) -> None:
    """After the ATT timeout (30 s by the specification) the bearer is closed, for everybody."""
    with pytest.raises(BleakGATTProtocolError) as caught:
        await client.write_gatt_char(INDICATED, bytes([STALL]), response=True)
    assert caught.value.code == BleakGATTProtocolErrorCode.UNLIKELY_ERROR
    assert not bluez.connected(echo.advertisement.address)
    assert echo.diary[-1] == "disconnected"


async def test_held_writes_reach_the_device_when_they_are_released(
    client: BleakClient, bluez: Bluez, echo: Echo
) -> None:
    """In their order, commands among them; meanwhile the device hears nothing."""
    bluez.hold_writes(echo.advertisement.address)
    held = asyncio.create_task(client.write_gatt_char(INDICATED, b"\x01", response=True))
    await asyncio.sleep(0)
    await client.write_gatt_char(NOTIFIED, b"\x02", response=False)
    assert "request 01" not in echo.diary
    bluez.hold_writes(echo.advertisement.address, False)
    await held
    assert echo.diary[-2:] == ["request 01", "command 02"]


async def test_a_write_takes_little_time(client: BleakClient) -> None:
    """A few milliseconds on an idle machine; the median here may be ten times that on a busy one."""
    durations = []
    for _ in range(31):
        begun_s = perf_counter()
        await client.write_gatt_char(NOTIFIED, b"\x01", response=True)
        durations.append(perf_counter() - begun_s)
    assert sorted(durations)[15] < 0.03

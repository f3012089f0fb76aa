"""Raw D-Bus to bluetoothd: reaching it, calls, and what it tells of its objects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError

from retrowalk.treadmill.failsafe.words import Say, in_words

BUS_S: Final = 3.0
CONNECT_S: Final = 10.0
AGAIN_S: Final = 0.2

ADAPTER: Final = "org.bluez.Adapter1"
DEVICE: Final = "org.bluez.Device1"
CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"

_DBUS: Final = "org.freedesktop.DBus"
_BLUEZ: Final = "org.bluez"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
_MATCH: Final = f"type='signal',sender='{_BLUEZ}',interface='{PROPERTIES}',member='PropertiesChanged'"

type Tree = Mapping[str, Mapping[str, Mapping[str, Variant]]]


class BusError(Exception):
    """bluetoothd, or the bus, answered with an error; the message names it."""


class BusGoneError(BusError):
    """There is no bus any more, and so no bluetoothd behind it."""


async def reached(say: Say, ends_at_s: float) -> tuple[MessageBus, Tree]:
    """Return a connection to bluetoothd; one that hangs or is being restarted is waited for. Raises its last error.

    A bus that is not there at all, or lets nobody in, is not waited for so long: without it nothing comes back.
    """
    loop, told = asyncio.get_running_loop(), False
    no_bus_since_s: float | None = None
    while True:
        try:
            async with asyncio.timeout_at(min(ends_at_s, loop.time() + BUS_S)):
                return await _asked()
        except (OSError, BusError, EOFError, AuthError) as error:  # the last: one that died meanwhile, too
            no_bus = isinstance(error, (OSError, AuthError)) and not isinstance(error, TimeoutError)
            no_bus_since_s = (no_bus_since_s or loop.time()) if no_bus else None
            patient_until_s = min(ends_at_s, no_bus_since_s + BUS_S) if no_bus_since_s else ends_at_s
            if loop.time() + AGAIN_S >= patient_until_s:
                raise
            if not told:
                say(f"Bluetooth does not answer yet: {in_words(error)}. PULL THE SAFETY KEY if the belt moves.")
            told = True
        await asyncio.sleep(AGAIN_S)


async def _asked() -> tuple[MessageBus, Tree]:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        return bus, await objects(bus)
    except BaseException:
        bus.disconnect()
        raise


async def objects(bus: MessageBus) -> Tree:
    """Return the properties of each object of bluetoothd, by path and interface. Raises BusError."""
    tree: Tree = (await call(bus, "/", _OBJECTS, "GetManagedObjects")).body[0]
    return tree


def value(properties: Mapping[str, Variant], name: str, default: Any) -> Any:
    """Return what a property tells; `default` = there is no such property."""
    return properties[name].value if name in properties else default


async def call(
    bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: Any, to: str = _BLUEZ
) -> Message:
    """Call bluetoothd, or the bus itself. Raises BusError."""
    if not bus.connected:  # its descriptor may be another's by now, and dbus-fast would stop listening to that
        raise BusGoneError(f"{member}: the bus is gone")
    try:
        reply = await bus.call(Message(to, path, interface, member, signature=signature, body=list(body)))
    except (EOFError, OSError) as error:
        raise BusGoneError(f"{member}: the bus is gone") from error
    if reply.message_type is MessageType.ERROR:
        raise BusError(f"{member}: {reply.error_name} {' '.join(map(str, reply.body))}")
    return reply


async def attempt(
    bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: Any, say: Say
) -> bool:
    """Call bluetoothd; what fails, or takes too long, is told, and done without. Return whether it was done."""
    try:
        async with asyncio.timeout(CONNECT_S):
            await call(bus, path, interface, member, signature, *body)
    except (BusError, TimeoutError) as error:
        say(f"goes on without {member}: {in_words(error)}")
        return False
    return True


async def hear_changes(bus: MessageBus) -> None:
    """Have the bus bring PropertiesChanged, which telemetry comes in, to the handlers of `bus`. Raises BusError."""
    await call(bus, "/", _DBUS, "AddMatch", "s", _MATCH, to=_DBUS)

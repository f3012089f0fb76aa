"""The Stop of last resort: a fresh process, raw D-Bus, no bleak, no configuration, as little code as can be.

bluetoothd keeps a treadmill's link when its client dies, and the belt runs on. Whoever comes next can write over the
same link. It is never dropped here, unless it was made here and the belt was seen to stand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from enum import IntEnum
from itertools import cycle
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from retrowalk.frames import FrameUnreadable
from retrowalk.treadmill.assigned import (
    CONTROL_POINT,
    FITNESS_MACHINE,
    REQUEST_CONTROL_FRAME,
    STOP_FRAME,
    TREADMILL_DATA,
)
from retrowalk.treadmill.frames import read_treadmill_data

RESEND_S: Final = 0.5
PATIENCE_S: Final = 25.0  # the slowest belt known takes 21 s
CONNECT_S: Final = 10.0
BUS_S: Final = 5.0
ZERO_FRAMES: Final = 2

_BLUEZ: Final = "org.bluez"
_DEVICE: Final = "org.bluez.Device1"
_CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
_MATCH: Final = f"type='signal',sender='{_BLUEZ}',interface='{_PROPERTIES}',member='PropertiesChanged'"

type Tree = dict[str, dict[str, dict[str, Any]]]
type Say = Callable[[str], None]


class Verdict(IntEnum):
    """How it ended; the value is the exit status. Higher is worse."""

    VERIFIED = 0
    NO_MACHINE = 3
    NOT_CONFIRMED = 5


class BusError(Exception):
    """bluetoothd, or the bus, answered with an error; the message names it."""


async def stop_belts(address: str | None, say: Say, patience_s: float = PATIENCE_S) -> Verdict:
    """Stop the treadmill with `address`; None = each one that is connected, else each one that is known."""
    try:
        async with asyncio.timeout(BUS_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
            found = _treadmills(await _tree(bus), address)
    except (OSError, TimeoutError, BusError, EOFError) as error:
        say(f"Bluetooth cannot be reached: {error}. PULL THE SAFETY KEY if the belt moves.")
        return Verdict.NO_MACHINE
    try:
        if not found:
            which = f"the treadmill {address} is not" if address else "no treadmill is"
            say(f"{which} connected or known. PULL THE SAFETY KEY if a belt moves.")
            return Verdict.NO_MACHINE
        return max(await asyncio.gather(*(_Stopper(bus, path, say).stop(patience_s) for path in found)))
    finally:
        bus.disconnect()


def _treadmills(tree: Tree, address: str | None) -> list[str]:
    """Return the object paths of the devices to stop."""
    devices = {path: interfaces[_DEVICE] for path, interfaces in tree.items() if _DEVICE in interfaces}
    if address:
        return [path for path, device in devices.items() if device["Address"].value.upper() == address.upper()]
    fitting = {path: device for path, device in devices.items() if FITNESS_MACHINE in _value(device, "UUIDs", [])}
    connected = [path for path, device in fitting.items() if _value(device, "Connected", default=False)]
    return connected or list(fitting)


def _value(properties: dict[str, Variant], name: str, default: Any) -> Any:
    return properties[name].value if name in properties else default


async def _tree(bus: MessageBus) -> Tree:
    tree: Tree = (await _call(bus, "/", _OBJECTS, "GetManagedObjects")).body[0]
    return tree


async def _call(bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Message:
    """Call bluetoothd. Raises BusError."""
    reply = await bus.call(Message(_BLUEZ, path, interface, member, signature=signature, body=list(body)))
    if reply.message_type is MessageType.ERROR:
        raise BusError(f"{member}: {reply.error_name} {' '.join(map(str, reply.body))}")
    return reply


class _Stopper:
    """Stops one treadmill and watches it stand."""

    def __init__(self, bus: MessageBus, device: str, say: Say) -> None:
        self._bus = bus
        self._device = device
        self._say = say
        self._zeros = 0
        self._written = False
        self._stands = asyncio.Event()
        self._writes: set[asyncio.Task[None]] = set()

    async def stop(self, patience_s: float) -> Verdict:
        """Connect if need be, then write Stop until the belt stands or patience ends."""
        try:
            made_here = await self._connect()
            characteristics = await self._characteristics()
        except (BusError, TimeoutError) as error:
            self._say(f"the treadmill cannot be connected: {error}. PULL THE SAFETY KEY if the belt moves.")
            return Verdict.NOT_CONFIRMED
        if CONTROL_POINT not in characteristics:
            self._say("the device has no treadmill control point. PULL THE SAFETY KEY if the belt moves.")
            return Verdict.NO_MACHINE
        await self._listen(characteristics)
        verified = await self._press(*characteristics[CONTROL_POINT], patience_s)
        if not verified:
            self._say("STOP WAS WRITTEN, BUT THE BELT WAS NOT SEEN TO STAND. PULL THE SAFETY KEY.")
            return Verdict.NOT_CONFIRMED
        self._say("the belt stands, verified")
        if made_here:
            await self._attempt(_DEVICE, "Disconnect")
        return Verdict.VERIFIED

    async def _connect(self) -> bool:
        """Return whether a link had to be made."""
        device = (await _tree(self._bus)).get(self._device, {}).get(_DEVICE, {})
        connected = bool(_value(device, "Connected", default=False))
        async with asyncio.timeout(CONNECT_S):
            if not connected:
                await _call(self._bus, self._device, _DEVICE, "Connect")
            while not await self._resolved():  # noqa: ASYNC110 - asking is simpler than listening, and soon done
                await asyncio.sleep(0.05)
        return not connected

    async def _resolved(self) -> bool:
        device = (await _tree(self._bus)).get(self._device, {}).get(_DEVICE, {})
        return bool(_value(device, "ServicesResolved", default=False))

    async def _characteristics(self) -> dict[str, tuple[str, list[str]]]:
        """Return path and flags of each characteristic, by UUID."""
        return {
            interfaces[_CHARACTERISTIC]["UUID"].value: (path, _value(interfaces[_CHARACTERISTIC], "Flags", []))
            for path, interfaces in (await _tree(self._bus)).items()
            if path.startswith(self._device + "/") and _CHARACTERISTIC in interfaces
        }

    async def _listen(self, characteristics: dict[str, tuple[str, list[str]]]) -> None:
        """Subscribe: to answers because some machines refuse a write without, to telemetry to see the belt stand."""
        data_path, _ = characteristics.get(TREADMILL_DATA, ("", []))
        self._bus.add_message_handler(lambda message: self._hear(message, data_path))
        add = Message("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "AddMatch", signature="s", body=[_MATCH])
        await self._bus.call(add)
        for uuid in (CONTROL_POINT, TREADMILL_DATA):
            if uuid in characteristics:
                await self._attempt(_CHARACTERISTIC, "StartNotify", characteristics[uuid][0])

    async def _attempt(self, interface: str, member: str, path: str | None = None) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await _call(self._bus, path or self._device, interface, member)
        except (BusError, TimeoutError) as error:
            self._say(f"goes on without {member}: {error}")

    def _hear(self, message: Message, data_path: str) -> None:
        if message.path != data_path or message.member != "PropertiesChanged" or "Value" not in message.body[1]:
            return
        try:
            speed_kmh = read_treadmill_data(bytes(message.body[1]["Value"].value), as_far_as_sound=True).speed_kmh
        except FrameUnreadable:
            return
        if speed_kmh is None or not self._written:
            return  # a belt that stands before the Stop may be counting down to its start
        self._zeros = 0 if speed_kmh else self._zeros + 1
        if self._zeros >= ZERO_FRAMES:
            self._stands.set()

    async def _press(self, path: str, flags: list[str], patience_s: float) -> bool:
        """Write Stop every half second; return whether the belt was seen to stand.

        Every other one goes without asking for control: a machine that takes one procedure at a time refuses a Stop
        while its answer about control is under way.
        """
        kind = "request" if "write" in flags or "write-without-response" not in flags else "command"
        try:
            async with asyncio.timeout(patience_s):
                for frames in cycle(((REQUEST_CONTROL_FRAME, STOP_FRAME), (STOP_FRAME,))):
                    if not self._writes:
                        for frame in frames:
                            self._spawn(self._write(path, frame, kind))
                    if await self._stands_soon():
                        break
        except TimeoutError:
            return False
        finally:
            for write in self._writes:
                write.cancel()
        return True

    async def _stands_soon(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stands.wait(), RESEND_S)
        return self._stands.is_set()

    def _spawn(self, write: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _write(self, path: str, frame: bytes, kind: str) -> None:
        """Write once bluetoothd accepts it: it takes one write at a time, and says InProgress to others."""
        while True:
            try:
                body = (frame, {"type": Variant("s", kind)})
                await _call(self._bus, path, _CHARACTERISTIC, "WriteValue", "aya{sv}", *body)
            except BusError as error:
                if "InProgress" in str(error):
                    await asyncio.sleep(0.02)
                    continue
                self._say(f"write {frame.hex()}: {error}")
                return
            self._written = self._written or frame == STOP_FRAME
            return

"""The Stop of last resort: a fresh process, raw D-Bus, no bleak, no configuration, as little code as can be.

bluetoothd keeps a treadmill's link when its client dies, and the belt runs on. Whoever comes next can write over the
same link. It is never dropped here, unless it was made here and the belt was seen to stand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from enum import IntEnum
from itertools import chain, cycle
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from retrowalk.treadmill.assigned import (
    CONTROL_POINT,
    FITNESS_MACHINE,
    REQUEST_CONTROL_FRAME,
    STOP_FRAME,
    TREADMILL_DATA,
)

RESEND_S: Final = 0.5
PATIENCE_S: Final = 35.0  # the slowest belt known takes 21 s; systemd kills after 45 s
BUS_S: Final = 3.0
SEEK_S: Final = 10.0
CONNECT_S: Final = 10.0
SUBSCRIBED_S: Final = 1.0
ZERO_FRAMES: Final = 2
ECHO_S: Final = 0.1  # FRAME_ECHO_NS; the same frame again so soon is no second word
COUNTDOWN_S: Final = 8.0  # START_DELAY_S × START_PATIENCE of the interlock, which would take time to import

_AGAIN_S: Final = 0.2
_LOOK_S: Final = 0.05
_WITH_CONTROL: Final = (REQUEST_CONTROL_FRAME, STOP_FRAME)
_MORE_DATA: Final = 1 << 0
_FRAME_WITH_SPEED: Final = 4
_NOT_AVAILABLE: Final = 0xFFFF

_DBUS: Final = "org.freedesktop.DBus"
_BLUEZ: Final = "org.bluez"
_ADAPTER: Final = "org.bluez.Adapter1"
_DEVICE: Final = "org.bluez.Device1"
_CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_OBJECTS: Final = "org.freedesktop.DBus.ObjectManager"
_MATCH: Final = f"type='signal',sender='{_BLUEZ}',interface='{_PROPERTIES}',member='PropertiesChanged'"

type Tree = Mapping[str, Mapping[str, Mapping[str, Variant]]]
type Say = Callable[[str], None]


class Verdict(IntEnum):
    """How it ended; the value is the exit status. Higher is worse."""

    VERIFIED = 0
    NO_MACHINE = 3
    NOT_CONFIRMED = 5


class BusError(Exception):
    """bluetoothd, or the bus, answered with an error; the message names it."""


class NoMachineError(Exception):
    """There is nothing to stop, or nothing that can be reached; the message says which."""


async def stop_belts(
    addresses: Collection[str],
    say: Say,
    patience_s: float = PATIENCE_S,
    *,
    connected: bool = False,
    let_go: Callable[[], bool] = lambda: True,
) -> Verdict:
    """Stop the treadmills with these addresses, and with `connected` each that is connected; if none, each known one.

    One that bluetoothd does not know is looked for in the air. The verdict is the worst of all. It takes `patience_s`
    at most. `let_go`, asked when a belt stands, tells whether a link to it that was made here may be ended.
    """
    loop = asyncio.get_running_loop()
    ends_at_s = loop.time() + patience_s
    try:
        bus, tree = await _reached(say, ends_at_s)
    except (OSError, BusError, EOFError, DBusFastError) as error:  # the last: the bus lets this user not in
        say(f"Bluetooth cannot be reached: {_words(error)}. PULL THE SAFETY KEY if the belt moves.")
        return Verdict.NO_MACHINE
    try:
        sought = {address.upper() for address in addresses}
        if connected:
            sought |= _treadmills(tree, connected=True)
        sought = sought or _treadmills(tree)
        if not sought:
            say("no treadmill is connected or known. PULL THE SAFETY KEY if a belt moves.")
            return Verdict.NO_MACHINE
        several = len(sought) > 1
        stoppers = [_Stopper(bus, one, _named(one, say) if several else say, let_go) for one in sought]
        return max(await asyncio.gather(*(stopper.stop(tree, ends_at_s - loop.time()) for stopper in stoppers)))
    finally:
        bus.disconnect()


async def _reached(say: Say, ends_at_s: float) -> tuple[MessageBus, Tree]:
    """Return a connection to bluetoothd; one that hangs or is being restarted is waited for. Raises its last error.

    A bus that is not there at all is not waited for so long: without it nothing comes back.
    """
    loop, told = asyncio.get_running_loop(), False
    no_bus_at_s = min(ends_at_s, loop.time() + BUS_S)
    while True:
        try:
            async with asyncio.timeout_at(min(ends_at_s, loop.time() + BUS_S)):
                return await _asked()
        except (OSError, BusError, EOFError) as error:
            no_bus = isinstance(error, OSError) and not isinstance(error, TimeoutError)
            if loop.time() + _AGAIN_S >= (no_bus_at_s if no_bus else ends_at_s):
                raise
            if not told:
                say(f"Bluetooth does not answer yet: {_words(error)}. PULL THE SAFETY KEY if the belt moves.")
            told = True
        await asyncio.sleep(_AGAIN_S)


def _words(error: Exception) -> str:
    return str(error) or "no answer"


async def _asked() -> tuple[MessageBus, Tree]:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        return bus, await _tree(bus)
    except BaseException:
        bus.disconnect()
        raise


def _named(address: str, say: Say) -> Say:
    return lambda words: say(f"{address}: {words}")


def _treadmills(tree: Tree, *, connected: bool = False) -> set[str]:
    """Return the addresses of the treadmills that bluetoothd knows, or is `connected` to."""
    devices = [interfaces[_DEVICE] for interfaces in tree.values() if _DEVICE in interfaces]
    return {
        device["Address"].value.upper()
        for device in devices
        if FITNESS_MACHINE in _value(device, "UUIDs", [])
        and (not connected or _value(device, "Connected", default=False))
    }


def _value(properties: Mapping[str, Variant], name: str, default: Any) -> Any:
    return properties[name].value if name in properties else default


async def _tree(bus: MessageBus) -> Tree:
    tree: Tree = (await _call(bus, "/", _OBJECTS, "GetManagedObjects")).body[0]
    return tree


async def _call(
    bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *body: Any, to: str = _BLUEZ
) -> Message:
    """Call bluetoothd, or the bus itself. Raises BusError."""
    try:
        reply = await bus.call(Message(to, path, interface, member, signature=signature, body=list(body)))
    except (EOFError, OSError) as error:
        raise BusError(f"{member}: the bus is gone") from error
    if reply.message_type is MessageType.ERROR:
        raise BusError(f"{member}: {reply.error_name} {' '.join(map(str, reply.body))}")
    return reply


class _Stopper:
    """Stops one treadmill and watches it stand."""

    def __init__(self, bus: MessageBus, address: str, say: Say, let_go: Callable[[], bool]) -> None:
        self._bus = bus
        self._address = address
        self._say = say
        self._let_go = let_go
        self._device = ""
        self._data_path = ""
        self._made_here = False
        self._written = False  # over the link that there is now
        self._watched_until_s: float | None = None  # for the end of a countdown; None = no Stop was ever written
        self._ran = False
        self._refused = False
        self._frame, self._frame_s = b"", 0.0
        self._zeros = self._speeds = 0
        self._stands = asyncio.Event()
        self._told = ""
        self._writes: set[asyncio.Task[None]] = set()
        self._subscriptions: set[asyncio.Task[None]] = set()

    async def stop(self, tree: Tree, patience_s: float) -> Verdict:
        """Find and connect the treadmill if need be, then write Stop until the belt stands or patience ends."""
        self._bus.add_message_handler(self._hear)
        try:
            async with asyncio.timeout(patience_s):
                await self._until_it_stands(tree)
        except NoMachineError as error:
            self._say(f"{error}. PULL THE SAFETY KEY if the belt moves.")
            return Verdict.NO_MACHINE
        except TimeoutError:
            return self._given_up()
        finally:
            for call in self._writes | self._subscriptions:
                call.cancel()
        self._say("the belt stands, verified")
        if self._made_here and self._let_go():
            await self._attempt(self._device, _DEVICE, "Disconnect")
        return Verdict.VERIFIED

    def _given_up(self) -> Verdict:
        if not self._device:
            self._say("the treadmill was not found. PULL THE SAFETY KEY if the belt moves.")
            return Verdict.NO_MACHINE
        written = self._watched_until_s is not None
        what = "WAS WRITTEN, BUT THE BELT WAS NOT SEEN TO STAND" if written else "COULD NOT BE WRITTEN"
        self._say(f"STOP {what}. PULL THE SAFETY KEY.")
        return Verdict.NOT_CONFIRMED

    async def _until_it_stands(self, tree: Tree | None) -> None:
        """Begin again as often as it takes: connecting fails at times, and links get lost."""
        while True:
            try:
                await self._press(await self._linked(tree or await _tree(self._bus)))
            except NoMachineError:
                raise
            except Exception as error:  # noqa: BLE001 - BusError and TimeoutError are usual; no defect ends the last Stop
                self._tell(f"not stopped yet: {_words(error)}. PULL THE SAFETY KEY if the belt moves.")
            else:
                return
            tree = None
            await asyncio.sleep(_AGAIN_S)

    def _tell(self, words: str) -> None:
        """Say it, but not again and again."""
        if words != self._told:
            self._say(words)
        self._told = words

    async def _linked(self, tree: Tree) -> Tree:
        """Return the objects once the treadmill is among them with its services. Raises NoMachineError, BusError."""
        if not (path := self._path(tree)):
            tree = await self._sought(tree)
            path = self._path(tree)
        self._device = path
        async with asyncio.timeout(CONNECT_S):
            if not _value(tree[path][_DEVICE], "Connected", default=False):
                await self._switch_on(tree, path.rpartition("/")[0])
                await _call(self._bus, path, _DEVICE, "Connect")
                self._made_here = True
                tree = await _tree(self._bus)
            while not _value(tree.get(path, {}).get(_DEVICE, {}), "ServicesResolved", default=False):
                await asyncio.sleep(_LOOK_S)  # asking is simpler than listening, and soon done
                tree = await _tree(self._bus)
        return tree

    def _path(self, tree: Tree) -> str:
        """Return the treadmill's object, the connected one if two adapters know it; empty = there is none."""
        paths = [
            path
            for path, interfaces in tree.items()
            if _DEVICE in interfaces and interfaces[_DEVICE]["Address"].value.upper() == self._address
        ]
        return max(paths, key=lambda path: bool(_value(tree[path][_DEVICE], "Connected", default=False)), default="")

    async def _sought(self, tree: Tree) -> Tree:
        """Look for the treadmill in the air; return the objects when it is one. Raises NoMachineError, BusError."""
        self._tell(
            f"the treadmill {self._address} is not known: looking for it. PULL THE SAFETY KEY if the belt moves."
        )
        looking: set[str] = set()
        try:
            async with asyncio.timeout(SEEK_S):
                while not self._path(tree):
                    for adapter in {path for path, interfaces in tree.items() if _ADAPTER in interfaces} - looking:
                        looking.add(adapter)  # one that bluetoothd has only just found, too
                        await self._look_from(tree, adapter)
                    await asyncio.sleep(_LOOK_S)
                    tree = await _tree(self._bus)
        except TimeoutError:
            why = f"the treadmill {self._address} was not found within {SEEK_S:g} s"
            why += "" if looking else ": there is no Bluetooth adapter"
            raise (BusError if self._device else NoMachineError)(why) from None  # one that was there is not given up
        finally:
            for adapter in looking:
                await self._attempt(adapter, _ADAPTER, "StopDiscovery")
        return tree

    async def _look_from(self, tree: Tree, adapter: str) -> None:
        await self._switch_on(tree, adapter)
        await self._attempt(adapter, _ADAPTER, "SetDiscoveryFilter", "a{sv}", {"Transport": Variant("s", "le")})
        await self._attempt(adapter, _ADAPTER, "StartDiscovery")

    async def _switch_on(self, tree: Tree, adapter: str) -> None:
        if not _value(tree.get(adapter, {}).get(_ADAPTER, {}), "Powered", default=False):
            await self._attempt(adapter, _PROPERTIES, "Set", "ssv", _ADAPTER, "Powered", Variant("b", value=True))

    def _characteristics(self, tree: Tree) -> dict[str, tuple[str, list[str]]]:
        """Return path and flags of each characteristic, by UUID."""
        return {
            interfaces[_CHARACTERISTIC]["UUID"].value: (path, _value(interfaces[_CHARACTERISTIC], "Flags", []))
            for path, interfaces in tree.items()
            if path.startswith(self._device + "/") and _CHARACTERISTIC in interfaces
        }

    async def _attempt(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await _call(self._bus, path, interface, member, signature, *body)
        except (BusError, TimeoutError) as error:
            self._say(f"goes on without {member}: {_words(error)}")

    async def _listen(self, characteristics: Mapping[str, tuple[str, list[str]]]) -> None:
        """Subscribe: to answers first, because some machines refuse a write without; and to see the belt stand."""
        await _call(self._bus, "/", _DBUS, "AddMatch", "s", _MATCH, to=_DBUS)
        self._data_path, _ = characteristics.get(TREADMILL_DATA, ("", []))
        answers = self._subscribe(characteristics[CONTROL_POINT][0])
        if self._data_path:
            self._subscribe(self._data_path)
        await asyncio.wait({answers}, timeout=SUBSCRIBED_S)  # and not longer: a Stop must not wait for it

    def _subscribe(self, path: str) -> asyncio.Task[None]:
        return _begun(self._subscriptions, self._attempt(path, _CHARACTERISTIC, "StartNotify"))

    def _hear(self, message: Message) -> None:
        if message.path != self._data_path or message.member != "PropertiesChanged" or "Value" not in message.body[1]:
            return
        frame, now_s = bytes(message.body[1]["Value"].value), asyncio.get_running_loop().time()
        speed, former, former_s = told_speed(frame), self._frame, self._frame_s
        if speed is None or (frame == former and now_s - former_s < ECHO_S):
            return  # bluetoothd tells each frame as often as somebody listens
        self._frame, self._frame_s = frame, now_s
        self._speeds = self._speeds + 1 if speed else 0
        self._ran = self._ran or self._speeds >= ZERO_FRAMES  # a single one may be the target of a countdown
        self._zeros = 0 if speed or not self._written else self._zeros + 1
        if self._zeros >= ZERO_FRAMES and self._counts_no_more_down():
            self._stands.set()

    def _counts_no_more_down(self) -> bool:
        """Tell whether a belt that stands will not start: the last word of whoever died may have been START.

        Stop cancels a countdown, but not every machine's; a belt that ran has its countdown behind it.
        """
        if self._ran or asyncio.get_running_loop().time() >= (self._watched_until_s or 0):
            return True
        self._tell(f"its speed is told as 0: watching for {COUNTDOWN_S:g} s whether it is counting down to a start")
        return False

    async def _press(self, tree: Tree) -> None:
        """Write Stop every half second until the belt is seen to stand. Raises BusError if the link is lost.

        Every other one goes without asking for control, and so does the first over a link that was left here: a machine
        that takes one procedure at a time refuses a Stop while its answer about control is under way.
        """
        characteristics = self._characteristics(tree)
        if CONTROL_POINT not in characteristics:
            raise NoMachineError("the device has no treadmill control point")
        self._zeros, self._speeds, self._written = 0, 0, False
        await self._listen(characteristics)
        path, flags = characteristics[CONTROL_POINT]
        kind = "request" if "write" in flags or "write-without-response" not in flags else "command"
        held = () if self._made_here else (STOP_FRAME,)  # whoever made this link may have had control, and so have we
        for frames in chain([(*held, *_WITH_CONTROL)], cycle(((STOP_FRAME,), _WITH_CONTROL))):
            if not self._writes:
                for frame in frames:
                    _begun(self._writes, self._write(path, frame, kind))
            if await self._stands_soon():
                return
            if self._refused and not await self._connected():
                raise BusError("the link was lost")

    async def _stands_soon(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stands.wait(), RESEND_S)
        return self._stands.is_set()

    async def _connected(self) -> bool:
        self._refused = False
        device = (await _tree(self._bus)).get(self._device, {}).get(_DEVICE, {})
        return bool(_value(device, "Connected", default=False))

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
                self._refused = True
                self._say(f"write {frame.hex()}: {error}")
                return
            if frame == STOP_FRAME:
                self._written = True
                self._watched_until_s = self._watched_until_s or asyncio.get_running_loop().time() + COUNTDOWN_S
            return


def _begun(tasks: set[asyncio.Task[None]], call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(call)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


def told_speed(frame: bytes) -> int | None:
    """Return a 2ACD frame's speed in hundredths of km/h; None = it tells none. The decoder costs time to import."""
    if len(frame) < _FRAME_WITH_SPEED or frame[0] & _MORE_DATA:
        return None
    speed = int.from_bytes(frame[2:_FRAME_WITH_SPEED], "little")
    return None if speed == _NOT_AVAILABLE else speed

"""One belt: Stop is written until it is seen to stand, over as many links as that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from enum import IntEnum
from itertools import chain, cycle
from typing import Any, Final

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from retrowalk.treadmill.assigned import CONTROL_POINT, REQUEST_CONTROL_FRAME, STOP_FRAME, TREADMILL_DATA
from retrowalk.treadmill.failsafe.bluez import (
    AGAIN_S,
    CHARACTERISTIC,
    BusError,
    BusGoneError,
    Tree,
    attempt,
    call,
    hear_changes,
    objects,
)
from retrowalk.treadmill.failsafe.link import Link
from retrowalk.treadmill.failsafe.standstill import Standstill
from retrowalk.treadmill.failsafe.words import Say, in_words, unrepeated

RESEND_S: Final = 0.5
SUBSCRIBED_S: Final = 1.0
STUCK_S: Final = 2.0  # as SAFETY.md says of the ladder; bluetoothd itself waits 30 s for a response

_WITH_CONTROL: Final = (REQUEST_CONTROL_FRAME, STOP_FRAME)


class Verdict(IntEnum):
    """How it ended; the value is the exit status. Higher is worse."""

    VERIFIED = 0
    NO_MACHINE = 3
    NOT_CONFIRMED = 5


class Stopper:
    """Stops one treadmill and watches it stand."""

    def __init__(self, bus: MessageBus, address: str, say: Say, let_go: Callable[[], bool]) -> None:
        self._bus = bus
        self._say = say
        self._tell = unrepeated(say)
        self._let_go = let_go
        self._link = Link(bus, address, say, self._tell)
        self._standstill = Standstill(self._tell)
        self._data_path = ""
        self._refused = False
        self._writes: set[asyncio.Task[None]] = set()
        self._writes_since_s = 0.0
        self._subscriptions: dict[str, asyncio.Task[bool]] = {}  # by characteristic

    @property
    def found(self) -> bool:
        """Whether the treadmill was ever among the objects of bluetoothd."""
        return bool(self._link.device)

    async def stop(self, tree: Tree, patience_s: float) -> Verdict:
        """Find and connect the treadmill if need be, then write Stop until the belt stands or patience ends."""
        self._bus.add_message_handler(self._hear)
        try:
            async with asyncio.timeout(patience_s):
                await self._until_it_stands(tree)
        except TimeoutError:
            return self._given_up()
        finally:
            self._forget_what_is_pending()
        self._say("the belt stands, verified")
        if self._link.made_here and self._let_go():
            await self._link.end()
        return Verdict.VERIFIED

    def _given_up(self) -> Verdict:
        if not self.found:
            self._say("the treadmill was not found. PULL THE SAFETY KEY if the belt moves.")
            return Verdict.NO_MACHINE
        written = self._standstill.stop_written
        what = "WAS WRITTEN, BUT THE BELT WAS NOT SEEN TO STAND" if written else "COULD NOT BE WRITTEN"
        self._say(f"STOP {what}. PULL THE SAFETY KEY.")
        return Verdict.NOT_CONFIRMED

    async def _until_it_stands(self, tree: Tree | None) -> None:
        """Begin again as often as it takes: connecting fails at times, and links get lost. Raises BusGoneError."""
        while True:
            try:
                await self._press(await self._link.up(tree or await objects(self._bus)))
            except BusGoneError:
                raise
            except Exception as error:  # noqa: BLE001 - BusError and TimeoutError are usual; no defect ends the last Stop
                self._tell(f"not stopped yet: {in_words(error)}. PULL THE SAFETY KEY if the belt moves.")
            else:
                return
            tree = None
            await asyncio.sleep(AGAIN_S)

    async def _press(self, tree: Tree) -> None:
        """Write Stop every half second until the belt is seen to stand. Raises BusError if the link is of no more use.

        Every other one goes without asking for control, and so does the first over a link that was left here: a machine
        that takes one procedure at a time refuses a Stop while its answer about control is under way.
        """
        self._forget_what_is_pending()
        characteristics = self._link.characteristics(tree)
        if CONTROL_POINT not in characteristics:
            await self._link.end()  # bluetoothd says that it knows the services when it failed to ask for them, too
            raise BusError("the device tells no treadmill control point")
        self._standstill.begin()
        await self._listen(characteristics)
        path, flags = characteristics[CONTROL_POINT]
        kind = "request" if "write" in flags or "write-without-response" not in flags else "command"
        held = () if self._link.made_here else (STOP_FRAME,)  # whoever made it may have had control, and so have we
        for frames in chain([(*held, *_WITH_CONTROL)], cycle(((STOP_FRAME,), _WITH_CONTROL))):
            if not self._writes:
                self._writes_since_s = _now_s()
                for frame in frames:
                    self._begin(self._write(path, frame, kind))
            if await self._standstill.seen_within(RESEND_S):
                return
            await self._give_up_a_useless_link()
            self._subscribe_again()

    async def _listen(self, characteristics: Mapping[str, tuple[str, list[str]]]) -> None:
        """Subscribe: to answers first, because some machines refuse a write without; and to see the belt stand."""
        await hear_changes(self._bus)
        self._data_path, _ = characteristics.get(TREADMILL_DATA, ("", []))
        for uuid in (CONTROL_POINT, TREADMILL_DATA):
            path, flags = characteristics.get(uuid, ("", []))
            if {"indicate", "notify"} & set(flags):
                self._subscribe(path)
        if answers := self._subscriptions.get(characteristics[CONTROL_POINT][0]):
            await asyncio.wait({answers}, timeout=SUBSCRIBED_S)  # and not longer: a Stop must not wait for it

    def _subscribe(self, path: str) -> None:
        asking = attempt(self._bus, path, CHARACTERISTIC, "StartNotify", say=self._tell)
        self._subscriptions[path] = asyncio.create_task(asking)

    def _subscribe_again(self) -> None:
        for path, asked in self._subscriptions.items():
            if asked.done() and not asked.result():
                self._subscribe(path)

    def _hear(self, message: Message) -> None:
        if message.path != self._data_path or message.member != "PropertiesChanged" or "Value" not in message.body[1]:
            return
        self._standstill.hear(bytes(message.body[1]["Value"].value))

    def _begin(self, write: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _write(self, path: str, frame: bytes, kind: str) -> None:
        """Write once bluetoothd accepts it: it takes one write at a time, and says InProgress to others."""
        while True:
            try:
                body = (frame, {"type": Variant("s", kind)})
                await call(self._bus, path, CHARACTERISTIC, "WriteValue", "aya{sv}", *body)
            except BusError as error:
                if "InProgress" in str(error):
                    await asyncio.sleep(0.02)
                    continue
                self._refused = True
                self._say(f"write {frame.hex()}: {error}")
                return
            if frame == STOP_FRAME:
                self._standstill.note_stop()
            return

    def _forget_what_is_pending(self) -> None:
        for pending in (*self._writes, *self._subscriptions.values()):
            pending.cancel()
        self._writes.clear()
        self._subscriptions.clear()

    async def _give_up_a_useless_link(self) -> None:
        """Raise BusError if it was lost, or if a write is stuck on it; never while the belt slows down or stands."""
        refused, self._refused = self._refused, False
        if refused and not await self._link.is_up():
            raise BusError("the link was lost")
        if self._writes and _now_s() - self._writes_since_s >= STUCK_S and not self._standstill.slows_down:
            await self._link.end()
            raise BusError("the Stop's write is stuck: the link is dropped to make a new one")


def _now_s() -> float:
    return asyncio.get_running_loop().time()

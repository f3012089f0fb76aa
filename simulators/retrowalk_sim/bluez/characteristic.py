"""org.bluez.GattService1 and GattCharacteristic1: reads, writes, and who listens.

Sessions are bluetoothd's idea of listeners: one per D-Bus client and characteristic. Each session makes every value a
signal of its own, and signals go to everybody: with n sessions each listener hears each value n times. Sessions survive
a lost link and are enabled again on the next one, as long as their client stays on the bus.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final, override

from dbus_fast import Variant

from retrowalk_sim import gatt
from retrowalk_sim.bluez.bearer import Done
from retrowalk_sim.bluez.errors import UNLIKELY, bluez_error, failed, from_att, in_progress, not_supported
from retrowalk_sim.bluez.link import Link
from retrowalk_sim.bluez.wire import Call, Exported, Properties, Tree

MTU: Final = 247


class Service(Exported):
    """One primary service."""

    interface = "org.bluez.GattService1"

    def __init__(self, path: str, device_path: str, uuid: str) -> None:
        super().__init__(path)
        self._device_path = device_path
        self._uuid = uuid

    @override
    def properties(self) -> Properties:
        return {
            "UUID": Variant("s", self._uuid),
            "Device": Variant("o", self._device_path),
            "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        }


class _Acquired:
    """The one listener that holds a characteristic by a socket instead of signals."""

    def __init__(self, owner: str, on_hang_up: Callable[[], None]) -> None:
        self.owner = owner
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ours, on_hang_up)  # nobody writes to it: readable means closed

    def send(self, value: bytes) -> None:
        with suppress(BlockingIOError, BrokenPipeError):  # a listener that is late or gone loses the value
            self._ours.send(value)

    def close(self) -> None:
        self._loop.remove_reader(self._ours)
        self._ours.close()
        self.theirs.close()


class Characteristic(Exported):
    """One characteristic, as every client of the bus shares it."""

    interface = "org.bluez.GattCharacteristic1"

    def __init__(self, path: str, service_path: str, spec: gatt.Characteristic, link: Link, tree: Tree) -> None:
        super().__init__(path)
        self.uuid = spec.uuid
        self.sessions: dict[str, bool] = {}  # D-Bus client → enabled on the present link
        self.disconnecting = False
        self._service_path = service_path
        self._flags = spec.properties
        self._link = link
        self._tree = tree
        self._value = b""
        self._reads: list[Call] = []
        self._write: Call | None = None
        self._enabling: list[Done] = []
        self._acquired: _Acquired | None = None

    @override
    def properties(self) -> Properties:
        found = {
            "UUID": Variant("s", self.uuid),
            "Service": Variant("o", self._service_path),
            "Flags": Variant("as", sorted(self._flags)),
            "MTU": Variant("q", MTU),
            "Value": Variant("ay", self._value),
        }
        if self._notifies:
            found["Notifying"] = Variant("b", bool(self.sessions))
        if "notify" in self._flags:
            found["NotifyAcquired"] = Variant("b", self._acquired is not None)
        if "write-without-response" in self._flags:
            found["WriteAcquired"] = Variant("b", False)
        return found

    @property
    def listeners(self) -> int:
        """How often each value is told on the bus; an acquired socket counts as one."""
        return sum(self.sessions.values()) + (self._acquired is not None)

    @property
    def _notifies(self) -> bool:
        return bool(self._flags & {"notify", "indicate"})

    # What the device and the bus tell

    def deliver(self, value: bytes) -> None:
        """Take a notification or an indication."""
        if self._acquired is not None:
            self._acquired.send(value)
        for _ in range(sum(self.sessions.values())):
            self._tell(value)

    def link_up(self) -> None:
        """Enable again every session that is left over from before."""
        for owner in list(self.sessions):
            self._enable(owner, lambda _error: None)

    def link_down(self) -> None:
        """Keep the sessions; sockets end with the link."""
        self.disconnecting = False
        self.sessions = dict.fromkeys(self.sessions, False)
        if self._acquired is not None:
            self._release()

    def forget(self) -> None:
        """Drop every session: the object leaves the tree."""
        self.sessions.clear()

    def client_gone(self, client: str) -> None:
        """End what a dead client left."""
        if client in self.sessions:
            self._end_session(client)
        if self._acquired is not None and self._acquired.owner == client:
            self._release()

    # Methods

    def _read_value(self, call: Call) -> None:
        self._require_link()
        self._reads.append(call)
        if len(self._reads) == 1:
            self._link.read(self.uuid, self._read_done)

    def _read_done(self, outcome: bytes | gatt.AttError) -> None:
        calls, self._reads = self._reads, []
        if isinstance(outcome, gatt.AttError):
            for call in calls:
                call.refuse(from_att(outcome))
            return
        self._tell(outcome)  # a value that was read is told to listeners too: bluetoothd makes no difference
        for call in calls:
            call.answer("ay", outcome)

    def _write_value(self, call: Call) -> None:
        self._require_link()
        if self._write is not None:  # it refuses writes without response too
            raise in_progress()
        value, options = call.body
        kind = options["type"].value if "type" in options else self._own_kind()
        if kind == "command":
            self._link.command(self.uuid, value)
            call.answer()
        elif kind == "request":
            self._write = call
            self._link.write(self.uuid, value, self._write_done)
        else:
            raise not_supported()

    def _own_kind(self) -> str | None:
        kinds = {"write": "request", "write-without-response": "command"}
        return next((kind for flag, kind in kinds.items() if flag in self._flags), None)

    def _write_done(self, error: gatt.AttError | None) -> None:
        call, self._write = self._write, None
        if call is not None:
            _conclude(call, error)

    def _start_notify(self, call: Call) -> None:
        if self.disconnecting:
            raise bluez_error("NotConnected", "Not Connected")
        if self._acquired is not None:
            raise bluez_error("NotPermitted", "Notify acquired")
        if not self._notifies:
            raise not_supported()
        if call.sender not in self.sessions:
            self.sessions[call.sender] = False
            self._tree.changed(self, "Notifying")
        elif not self.sessions[call.sender]:
            raise in_progress()
        if self._link.up:
            self._enable(call.sender, lambda error: _conclude(call, error))
        else:
            call.answer()  # enabled when the link comes

    def _stop_notify(self, call: Call) -> None:
        if self._acquired is not None:
            self._release()
        elif call.sender in self.sessions:
            self._end_session(call.sender)
        else:
            raise failed("No notify session started")
        call.answer()

    def _acquire_notify(self, call: Call) -> None:
        self._require_link()
        if self._acquired is not None:
            raise bluez_error("NotPermitted", "Notify acquired")
        if self.sessions:
            raise in_progress()
        if not self._notifies:
            raise not_supported()
        acquired = self._acquired = _Acquired(call.sender, self._release)
        self._link.subscribe(self.uuid, True, lambda error: self._acquire_done(call, acquired, error))

    def _acquire_done(self, call: Call, acquired: _Acquired, error: gatt.AttError | None) -> None:
        if error is None and self._acquired is acquired:
            call.answer("hq", 0, MTU, hand_over=acquired.theirs)
            self._tree.changed(self, "NotifyAcquired")
        else:
            _conclude(call, error or gatt.AttError(UNLIKELY))

    methods: ClassVar = {
        "ReadValue": _read_value,
        "WriteValue": _write_value,
        "StartNotify": _start_notify,
        "StopNotify": _stop_notify,
        "AcquireNotify": _acquire_notify,
    }

    # Sessions

    def _enable(self, owner: str, then: Done) -> None:
        def done(error: gatt.AttError | None) -> None:
            if error is not None:
                self.sessions.pop(owner, None)
            elif owner in self.sessions:
                self.sessions[owner] = True
            then(error)

        if any(self.sessions.values()):
            done(None)
            return
        self._enabling.append(done)
        if len(self._enabling) == 1:
            self._link.subscribe(self.uuid, True, self._enabled)

    def _enabled(self, error: gatt.AttError | None) -> None:
        waiting, self._enabling = self._enabling, []
        for done in waiting:
            done(error)

    def _end_session(self, owner: str) -> None:
        self.sessions.pop(owner)
        if not any(self.sessions.values()):
            self._link.subscribe(self.uuid, False, lambda _error: None)
        self._tree.changed(self, "Notifying")

    def _release(self) -> None:
        if self._acquired is not None:
            self._acquired.close()
            self._acquired = None
            self._link.subscribe(self.uuid, False, lambda _error: None)
            self._tree.changed(self, "NotifyAcquired")

    def _tell(self, value: bytes) -> None:
        self._value = value
        self._tree.changed(self, "Value")

    def _require_link(self) -> None:
        if not self._link.up:
            raise failed("Not connected")


def _conclude(call: Call, error: gatt.AttError | None) -> None:
    if error is None:
        call.answer()
    else:
        call.refuse(from_att(error))

"""org.bluez.Device1: seen, connected, resolved, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final, override

from dbus_fast import Variant

from retrowalk_sim.bluez.characteristic import Characteristic, Service
from retrowalk_sim.bluez.errors import failed, in_progress
from retrowalk_sim.bluez.link import Link
from retrowalk_sim.bluez.wire import Call, Exported, Properties, Tree
from retrowalk_sim.gatt import uuid16

UNREACHABLE: Final = "le-connection-abort-by-local"
CANCELED: Final = "br-connection-canceled"
NO_POWER: Final = "Input/output error"
EVERYBODYS: Final = (uuid16(0x1800), uuid16(0x1801))
"""Generic Access and Generic Attribute: every device has them, and bluetoothd keeps their objects to itself."""


class Device(Exported):
    """One device as clients see it. `kept` devices were connected once and stay; others are forgotten in time."""

    interface = "org.bluez.Device1"

    def __init__(self, adapter_path: str, link: Link, tree: Tree, powered: Callable[[], bool]) -> None:
        self._advertisement = link.peripheral.advertisement
        super().__init__(f"{adapter_path}/dev_{self._advertisement.address.replace(':', '_')}")
        self.kept = False
        self._adapter_path = adapter_path
        self._link = link
        self._tree = tree
        self._powered = powered
        self._loop = asyncio.get_running_loop()
        self._rssi: int | None = None
        self._resolved = False
        self._connecting: Call | None = None
        self._disconnecting: list[Call] = []
        self._step: asyncio.TimerHandle | None = None
        self._forgetting: asyncio.TimerHandle | None = None
        self._services, self.characteristics = self._objects()
        link.on_value = self._on_value
        link.on_down = self._on_down

    @override
    def properties(self) -> Properties:
        seen = self._advertisement
        found = {
            "Address": Variant("s", seen.address),
            "AddressType": Variant("s", "public"),
            "Name": Variant("s", seen.name),
            "Alias": Variant("s", seen.name),
            "Paired": Variant("b", False),
            "Bonded": Variant("b", False),
            "Trusted": Variant("b", False),
            "Blocked": Variant("b", False),
            "LegacyPairing": Variant("b", False),
            "Connected": Variant("b", self._link.up),
            "ServicesResolved": Variant("b", self._resolved),
            "UUIDs": Variant("as", self._uuids()),
            "Adapter": Variant("o", self._adapter_path),
            "ServiceData": Variant("a{sv}", {uuid: Variant("ay", data) for uuid, data in seen.service_data.items()}),
        }
        if self._rssi is not None:
            found["RSSI"] = Variant("n", self._rssi)
        return found

    def _uuids(self) -> list[str]:
        if self._services and self._services[0] in self._tree:
            return sorted({*EVERYBODYS, *(service.uuid for service in self._link.peripheral.services)})
        return list(self._advertisement.service_uuids)

    # What the adapter tells

    def seen(self) -> None:
        """Take an advertisement, if it sends one: neither a connected nor an unreachable device does."""
        if self._link.up or not self._link.peripheral.connectable:
            return
        nominal = self._advertisement.rssi
        self._rssi = nominal if self._rssi != nominal else nominal - 1  # no two are alike on a real radio
        self._forget_later()
        if self in self._tree:
            self._tree.changed(self, "RSSI")
        else:
            self._tree.add(self)

    def inherited(self) -> None:
        """Drop the link that a killed bluetoothd left behind, if there is one."""
        if self._link.up:
            self._then(self._link.timing.inherited_s, self._link.close)

    def scan_ended(self) -> None:
        """Forget the signal strength, which holds only while somebody scans."""
        if self._rssi is not None:
            self._rssi = None
            self._tree.changed(self, "RSSI")

    def power_lost(self) -> None:
        """Give up connecting, and lose the link at once."""
        self._refuse_connect(CANCELED)
        self._link.close()

    def remove(self) -> None:
        """Disconnect, and vanish from the tree."""
        self._refuse_connect(CANCELED)
        self._link.close()
        self.stop()
        self.kept = False
        for characteristic in self.characteristics:
            characteristic.forget()
        self._tree.remove(*self.characteristics, *self._services, self)

    def stop(self) -> None:
        """End the timers."""
        self._cancel(self._step)
        self._cancel(self._forgetting)

    # Methods

    def _connect(self, call: Call) -> None:
        if self._connecting is not None:
            raise in_progress()
        if self._link.up:
            call.answer()
            return
        if not self._powered():
            raise failed(NO_POWER)
        self.kept = True
        self._connecting = call
        self._try(self._loop.time() + self._link.timing.unreachable_s)

    def _try(self, deadline_s: float) -> None:
        timing = self._link.timing
        if self._link.peripheral.connectable:
            self._then(timing.connect_s, self._established)
        elif self._loop.time() < deadline_s:
            self._then(timing.advertise_s, lambda: self._try(deadline_s))
        else:
            self._refuse_connect(UNREACHABLE)

    def _established(self) -> None:
        self._link.open()
        self._tree.changed(self, "Connected")
        call, self._connecting = self._connecting, None
        if call is not None:
            call.answer()
        self._then(self._link.timing.resolve_s, self._discovered)

    def _discovered(self) -> None:
        self._resolved = True
        new = [item for item in (*self._services, *self.characteristics) if item not in self._tree]
        self._tree.add(*new)
        for characteristic in self.characteristics:
            characteristic.link_up()
        self._tree.changed(self, "UUIDs", "ServicesResolved")

    def _disconnect(self, call: Call) -> None:
        self._refuse_connect(CANCELED)
        if not self._link.up:
            call.answer()
            return
        self._disconnecting.append(call)
        if len(self._disconnecting) == 1:
            for characteristic in self.characteristics:
                characteristic.disconnecting = True
            self._then(self._link.timing.disconnect_s, self._link.close)

    methods: ClassVar = {"Connect": _connect, "Disconnect": _disconnect}

    def _refuse_connect(self, why: str) -> None:
        call, self._connecting = self._connecting, None
        if call is not None:
            self._cancel(self._step)
            call.refuse(failed(why))

    # What the link tells

    def _on_value(self, uuid: str, value: bytes) -> None:
        for characteristic in self.characteristics:
            if characteristic.uuid == uuid:
                characteristic.deliver(value)

    def _on_down(self) -> None:
        self.stop()
        self._resolved = False
        for characteristic in self.characteristics:
            characteristic.link_down()
        self._tree.changed(self, "ServicesResolved")
        self._tree.changed(self, "Connected")
        calls, self._disconnecting = self._disconnecting, []
        for call in calls:
            call.answer()

    # Helpers

    def _then(self, delay_s: float, step: Callable[[], None]) -> None:
        self._cancel(self._step)
        self._step = self._loop.call_later(delay_s, step)

    def _forget_later(self) -> None:
        self._cancel(self._forgetting)
        if not self.kept:
            self._forgetting = self._loop.call_later(self._link.timing.forgotten_s, self._forget)

    def _forget(self) -> None:
        if not self.kept:
            self.remove()

    @staticmethod
    def _cancel(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()

    def _objects(self) -> tuple[list[Service], list[Characteristic]]:
        """Number the attributes as a GATT server does: declaration, value and configuration are handles each."""
        services: list[Service] = []
        characteristics: list[Characteristic] = []
        handle = 1
        for spec in self._link.peripheral.services:
            service = Service(f"{self.path}/service{handle:04x}", self.path, spec.uuid)
            services.append(service)
            handle += 1
            for char in spec.characteristics:
                path = f"{service.path}/char{handle:04x}"
                characteristics.append(Characteristic(path, service.path, char, self._link, self._tree))
                handle += 3
        return services, characteristics

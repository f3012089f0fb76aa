"""org.bluez.Adapter1: power, and scanning. Discovery filters are accepted and not applied: bleak filters for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, override

from dbus_fast import Variant

from retrowalk_sim.bluez.device import Device
from retrowalk_sim.bluez.errors import bluez_error, failed, not_ready
from retrowalk_sim.bluez.link import Link
from retrowalk_sim.bluez.timing import Timing
from retrowalk_sim.bluez.wire import Call, Exported, Properties, Tree


class Adapter(Exported):
    """The one Bluetooth adapter, hci0."""

    interface = "org.bluez.Adapter1"

    def __init__(self, links: Sequence[Link], tree: Tree, timing: Timing) -> None:
        super().__init__("/org/bluez/hci0")
        self._tree = tree
        self._timing = timing
        self._powered = True
        self._scanners: set[str] = set()
        self._scan: asyncio.TimerHandle | None = None
        self.devices = [Device(self.path, link, tree, lambda: self._powered) for link in links]

    @override
    def properties(self) -> Properties:
        return {
            "Address": Variant("s", "00:00:5E:00:53:00"),
            "AddressType": Variant("s", "public"),
            "Name": Variant("s", "simulated"),
            "Alias": Variant("s", "simulated"),
            "Class": Variant("u", 0),
            "Powered": Variant("b", self._powered),
            "Discoverable": Variant("b", False),
            "Pairable": Variant("b", False),
            "Discovering": Variant("b", bool(self._scanners)),
            "UUIDs": Variant("as", []),
            "Roles": Variant("as", ["central", "peripheral"]),
        }

    def power(self, on: bool) -> None:
        """Switch the radio. Off ends every link and scan; known devices stay in the tree, as bluetoothd has it."""
        if on == self._powered:
            return
        self._powered = on
        self._tree.changed(self, "Powered")
        if not on:
            self._end_scan()
            for device in self.devices:
                device.power_lost()

    def client_gone(self, client: str) -> None:
        """End what a dead client left: its scan and its sessions. Links stay."""
        self._leave_scan(client)
        for device in self.devices:
            for characteristic in device.characteristics:
                characteristic.client_gone(client)

    def stop(self) -> None:
        """End the timers."""
        if self._scan is not None:
            self._scan.cancel()
        for device in self.devices:
            device.stop()

    def _start_discovery(self, call: Call) -> None:
        self._require_power()
        if call.sender in self._scanners:
            raise bluez_error("InProgress", "Operation already in progress")
        self._scanners.add(call.sender)
        if len(self._scanners) == 1:
            self._tree.changed(self, "Discovering")
            self._scan_later()
        call.answer()

    def _stop_discovery(self, call: Call) -> None:
        self._require_power()
        if call.sender not in self._scanners:
            raise failed("No discovery started")
        self._leave_scan(call.sender)
        call.answer()

    def _set_discovery_filter(self, call: Call) -> None:
        self._require_power()
        call.answer()

    def _remove_device(self, call: Call) -> None:
        device = next((device for device in self.devices if device.path == call.body[0] and device in self._tree), None)
        if device is None:
            raise bluez_error("DoesNotExist", "Does Not Exist")
        self._require_power()
        device.remove()
        call.answer()

    methods: ClassVar = {
        "StartDiscovery": _start_discovery,
        "StopDiscovery": _stop_discovery,
        "SetDiscoveryFilter": _set_discovery_filter,
        "RemoveDevice": _remove_device,
    }
    settable: ClassVar = {"Powered": power}

    def _require_power(self) -> None:
        if not self._powered:
            raise not_ready()

    def _scan_later(self) -> None:
        self._scan = asyncio.get_running_loop().call_later(self._timing.advertise_s, self._scan_now)

    def _scan_now(self) -> None:
        for device in self.devices:
            device.seen()
        self._scan_later()

    def _leave_scan(self, client: str) -> None:
        if client in self._scanners:
            self._scanners.discard(client)
            if not self._scanners:
                self._end_scan()

    def _end_scan(self) -> None:
        self._scanners.clear()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
            for device in self.devices:
                device.scan_ended()
            self._tree.changed(self, "Discovering")

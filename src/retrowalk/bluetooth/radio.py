"""The one module that knows bleak's client and scanner: find a device, connect afresh, close for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from retrowalk.bluetooth.words import in_words

_log = structlog.get_logger(__name__)

SCAN_S: Final = 5.0
CONNECT_S: Final = 10.0
CLOSE_S: Final = 3.0
CLOSE_DEAD_S: Final = 0.2  # where bluetoothd itself knows of no link: nobody answers, and a Stop may be waiting
HOLD_CHECK_S: Final = 1.0


class NotFound(Exception):  # noqa: N818 - a word of the domain; "Error" would add nothing
    """No such device is in range. The message is for a person."""


@dataclass(frozen=True, slots=True)
class Sought:
    """The device to look for: by address, else by name, else the first one that `suits`. `what` is for people."""

    what: str
    service: str
    suits: Callable[[AdvertisementData], bool]
    address: str | None = None
    name: str | None = None

    def is_device(self, device: BLEDevice) -> bool:
        """Whether a device that is already connected is the pinned one; anything does when none is pinned."""
        if self.address is not None:
            return device.address.upper() == self.address.upper()
        return self.name is None or device.name == self.name

    def is_advertised(self, device: BLEDevice, advertisement: AdvertisementData) -> bool:
        """Whether this is it. A pinned device needs no suitable advertisement: some send none."""
        if self.address is None and self.name is None:
            return self.suits(advertisement)
        return self.is_device(device) or (self.address is None and advertisement.local_name == self.name)

    def __str__(self) -> str:
        if self.address is not None:
            return f"{self.what} with the address {self.address}"
        return f"{self.what} named {self.name!r}" if self.name is not None else self.what


@dataclass(frozen=True, slots=True)
class Bluetooth:
    """An adapter (None = the first one that is on). Backends of bleak other than the platform's are for simulators."""

    adapter: str | None = None
    client_backend: type[BaseBleakClient] | None = None
    scanner_backend: type[BaseBleakScanner] | None = None
    adapter_backend: type[BaseBleakAdapter] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether other processes of this machine use the same radio; a simulator's own backend is nobody else's."""
        return self.client_backend is None

    async def find(self, sought: Sought) -> BLEDevice:
        """Return the device: from the object tree when it is connected already, for then it does not advertise.

        Raises NotFound, or what bleak raises for want of Bluetooth.
        """
        for device in await self._connected(sought.service):
            if sought.is_device(device):
                return device
        found = await BleakScanner.find_device_by_filter(
            sought.is_advertised,
            timeout=SCAN_S,
            bluez=self._bluez,
            backend=cast("Any", self.scanner_backend),  # None is fine, bleak only does not say so here
        )
        if found is None:
            raise NotFound(f"no {sought} is in range, or it is switched off or connected to something else")
        return found

    async def connect(self, device: BLEDevice, service: str, lost: str) -> Wire:
        """Return a fresh client, connected. `lost` is what is told when the link is lost. Raises what bleak raises."""
        wire = Wire(self, device, service, lost, await self._host(_adapter_of(device)))
        try:
            async with asyncio.timeout(CONNECT_S):
                await wire.client.connect()
        except BaseException:
            await wire.close()
            raise
        return wire

    async def scan(self, duration_s: float) -> list[tuple[BLEDevice, AdvertisementData]]:
        """Return what advertises within `duration_s`. Raises what bleak raises for want of Bluetooth."""
        scanner = BleakScanner(bluez=self._bluez, backend=self.scanner_backend)
        async with scanner:
            await asyncio.sleep(duration_s)
        return list(scanner.discovered_devices_and_advertisement_data.values())

    @property
    def _bluez(self) -> Any:
        return {"adapter": self.adapter} if self.adapter else {}

    async def _connected(self, service: str) -> list[BLEDevice]:
        return await (await self._host(self.adapter)).get_connected_devices([service])

    async def _host(self, adapter: str | None) -> BleakAdapter:
        bluez: Any = {"adapter": adapter} if adapter else self._bluez
        return await BleakAdapter.get(bluez=bluez, backend=self.adapter_backend)


def _adapter_of(device: BLEDevice) -> str | None:
    """Return the adapter in BlueZ's path of the device, /org/bluez/hci0/dev_…; None = it is not BlueZ's."""
    path = device.details.get("path") if isinstance(device.details, dict) else None
    return path.split("/")[3] if path else None


class Wire:
    """A fresh client, and its end: lost, given up, or gone with bluetoothd, which bleak does not notice."""

    def __init__(self, bluetooth: Bluetooth, device: BLEDevice, service: str, lost: str, host: BleakAdapter) -> None:
        self.client = BleakClient(
            device,
            lambda _: self.end(lost),
            timeout=CONNECT_S,
            bluez=cast("Any", {}),  # the device knows its adapter
            backend=bluetooth.client_backend,
        )
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._dead = False
        self._lost = lost
        self._host = host
        self._address, self._service = device.address, service

    @property
    def over(self) -> bool:
        """Whether it has ended; what arrives now arrives too late."""
        return self._ended.done()

    def end(self, reason: str) -> None:
        """Take note that the link is gone, or is to be given up. The first reason counts."""
        if not self.over:
            self._ended.set_result(reason)

    async def ended(self) -> str:
        """Wait for the end; return why, for a person."""
        loop, done = asyncio.get_running_loop(), set[asyncio.Future[str]]()
        while not done:
            next_s = HOLD_CHECK_S - loop.time() % HOLD_CHECK_S  # all wires in one turn of the loop
            done, _ = await asyncio.wait([self._ended], timeout=next_s)
            if not done and not await self._is_held():
                self._dead = True
                self.end(self._lost)
        return self._ended.result()

    async def _is_held(self) -> bool:
        """Whether the host has a link to the device; also when it cannot say."""
        try:
            connected = await self._host.get_connected_devices([self._service])
        except Exception as error:  # noqa: BLE001 - no news is no reason to drop a link that may carry a belt
            _log.debug("connection_unknown", address=self._address, error=str(error))
            return True
        return any(device.address == self._address for device in connected)

    async def close(self) -> None:
        """Close the client, above all one whose link is lost: its D-Bus connection would revive old subscriptions.

        Never raises; gives up after a moment, and bleak has let go of the bus even then.
        """
        self.end("it was let go")
        try:
            async with asyncio.timeout(CLOSE_DEAD_S if self._dead else CLOSE_S):
                await self.client.disconnect()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is nothing left to do with this client
            _log.warning("client_close_failed", address=self.client.address, error=in_words(error))

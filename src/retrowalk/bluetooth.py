"""The one door to bleak: find a device, connect with a fresh client, close the old one for good, connect again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import structlog
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

_log = structlog.get_logger(__name__)

SCAN_S: Final = 5.0
CONNECT_S: Final = 10.0
CLOSE_S: Final = 3.0
RETRY_S: Final = (0.25, 0.5, 1.0, 2.0)  # pauses between attempts; the last one for ever


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

    async def connect(self, device: BLEDevice, lost: Callable[[], None]) -> BleakClient:
        """Return a fresh client, connected. `lost` is called once when the link has gone. Raises what bleak raises."""
        client = BleakClient(
            device,
            lambda _: lost(),
            timeout=CONNECT_S,
            bluez=self._bluez,
            backend=self.client_backend,
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.connect()
        except BaseException:
            await close(client)
            raise
        return client

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
        adapter = await BleakAdapter.get(bluez=self._bluez, backend=self.adapter_backend)
        return await adapter.get_connected_devices([service])


async def close(client: BleakClient) -> None:
    """Close a client, above all one whose link is lost: its open D-Bus connection would revive old subscriptions.

    Never raises; gives up after a moment, and bleak has let go of the bus even then.
    """
    try:
        async with asyncio.timeout(CLOSE_S):
            await client.disconnect()
    except Exception as error:  # noqa: BLE001 - whatever it is, there is nothing left to do with this client
        _log.warning("client_close_failed", address=client.address, error=in_words(error))


_UNAVAILABLE: Final = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "there is no Bluetooth adapter",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "the Bluetooth adapter does not speak Bluetooth LE",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "the Bluetooth adapter is switched off",
}
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (BleakDeviceNotFoundError, "the device went out of range while connecting"),
    (TimeoutError, "the device did not answer in time"),
    (FileNotFoundError, "there is no D-Bus system bus: is the service dbus running?"),
    (ConnectionError, "the D-Bus system bus does not answer"),
)


def in_words(error: Exception) -> str:
    """Say for a person what went wrong with Bluetooth."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _UNAVAILABLE.get(error.reason, "Bluetooth is not available")
    if isinstance(error, BleakGATTProtocolError):
        return "the device refused: " + str(error.args[1]).removeprefix("GATT Protocol Error: ")
    if isinstance(error, BleakDBusError):
        return f"Bluetooth: {error.dbus_error_details or error.dbus_error}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    return str(error) or type(error).__name__


def no_bluetooth(error: Exception) -> bool:
    """Whether `error` means that this computer has no working Bluetooth at all."""
    return isinstance(error, (BleakBluetoothNotAvailableError, FileNotFoundError, ConnectionError))


class Held(Protocol):
    """A connection that a Keeper keeps."""

    async def ended(self) -> str:
        """Wait until it is lost or given up; return why, for a person."""
        ...

    async def close(self) -> None:
        """Disconnect. Never raises."""
        ...


class Keeper[C: Held]:
    """Keeps a connection while one is wanted: makes it, and tries again, 2 s apart at most, when it fails or is lost.

    `connect` makes one; `up` hears of each, `down` hears once of its end, and of each new reason why there is none.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[C]], up: Callable[[C], None], down: Callable[[str], None]
    ) -> None:
        self.current: C | None = None
        self._connect = connect
        self._up = up
        self._down = down
        self._told: str | None = None
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()

    def want(self, *, wanted: bool) -> None:
        """Begin to keep a connection, or let it go. Returns at once."""
        (self._wanted if wanted else self._unwanted).set()
        (self._unwanted if wanted else self._wanted).clear()

    async def run(self) -> None:
        """Live until cancelled. Cancelling leaves a connection as it is: only being unwanted and `close` end it."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wanted.wait()
                keeping = tasks.create_task(self._keep(), name="keeper")
                await self._unwanted.wait()
                keeping.cancel()
                await asyncio.wait([keeping])
                await self._let_go()

    async def close(self) -> None:
        """Let the device go for good."""
        self.want(wanted=False)
        await self._let_go()

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever fails, it is tried again
                self._tell(in_words(error))
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1
            else:
                failures = 0
                await self._hold(connection)

    async def _hold(self, connection: C) -> None:
        self.current, self._told = connection, None
        self._up(connection)
        reason = await connection.ended()
        self.current = None
        self._tell(reason)
        await connection.close()

    async def _let_go(self) -> None:
        connection, self.current = self.current, None
        if connection is not None:
            self._tell("it was let go")
            await connection.close()

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self._down(reason)


__all__ = [
    "BleakClient",
    "BleakError",
    "Bluetooth",
    "Held",
    "Keeper",
    "NotFound",
    "Sought",
    "close",
    "in_words",
    "no_bluetooth",
]

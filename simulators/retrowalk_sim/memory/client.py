"""bleak's client over a Radio."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, cast

from bleak import BleakScanner
from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError

from retrowalk_sim.gatt import Service
from retrowalk_sim.memory.link import Link

if TYPE_CHECKING:
    from retrowalk_sim.memory.radio import Radio

MTU = 23


class MemoryClient(BaseBleakClient):
    """Behaves as bleak's BlueZ client does; a Radio makes the subclass that knows it."""

    radio: ClassVar[Radio]

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=kwargs["disconnected_callback"], timeout=kwargs["timeout"]
        )
        self._link: Link | None = (
            address_or_ble_device.details if isinstance(address_or_ble_device, BLEDevice) else None
        )
        self._is_connected = False
        self._callbacks: dict[str, NotifyCallback] = {}

    @property
    def name(self) -> str:
        """The peripheral's name."""
        return self._known().peripheral.advertisement.name

    @property
    def mtu_size(self) -> int:
        """The least MTU, as BlueZ says before it has measured."""
        return MTU

    @property
    def is_connected(self) -> bool:
        """Whether this client has a bearer, as far as it was told."""
        return self._is_connected

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ARG002 - bleak's signature; nothing pairs
        """Connect. Raises BleakError when connected, BleakDeviceNotFoundError or TimeoutError when out of range."""
        if self._is_connected:
            raise BleakError("Client is already connected")
        timeout_s = float(kwargs.get("timeout", self._timeout))
        if self._link is None:
            self._link = await self._scan(timeout_s)
        await self._link.connect(self, timeout_s)
        self._is_connected = True
        self.services = _collect(self._link.peripheral.services)

    async def _scan(self, timeout_s: float) -> Link:
        found = await BleakScanner.find_device_by_address(self.address, timeout_s, backend=self.radio.scanner)
        if found is None:
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        return cast("Link", found.details)

    async def disconnect(self) -> None:
        """Disconnect the device, for every other client too."""
        if self._is_connected:
            await self._known().disconnect()

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Pairing does not exist here."""
        raise NotImplementedError

    async def unpair(self) -> None:
        """Pairing does not exist here."""
        raise NotImplementedError

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_kwargs: Any
    ) -> bytearray:
        """Read; nothing is cached."""
        del use_cached
        return bytearray(await self._connected().read(characteristic.uuid))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        """Write, with or without response."""
        await self._connected().write(characteristic.uuid, bytes(data), response=response)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_kwargs: Any
    ) -> None:
        """Subscribe; a second time replaces the callback. Raises BleakDBusError for a value that is never notified."""
        link = self._connected()
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakDBusError("org.bluez.Error.NotSupported", ["Operation is not supported"])
        known = characteristic.uuid in self._callbacks
        self._callbacks[characteristic.uuid] = callback
        if not known:
            await link.subscribe(characteristic.uuid, self)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """End a subscription."""
        await self._connected().unsubscribe(characteristic.uuid, self)
        self._callbacks.pop(characteristic.uuid, None)

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Descriptors are not simulated."""
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Descriptors are not simulated."""
        raise NotImplementedError

    def on_value(self, uuid: str, value: bytes) -> None:
        """Pass a value on to whoever subscribed."""
        if uuid in self._callbacks:
            self._callbacks[uuid](bytearray(value))

    def on_disconnected(self) -> None:
        """Tell the owner, also when it was the owner's wish, as BlueZ does."""
        self._is_connected = False
        self.services = None
        self._callbacks.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    def on_process_died(self) -> None:
        """Fall silent: nothing that is left of the process can end the bearer, or hear of it."""
        self._is_connected = False
        self._callbacks.clear()

    def _known(self) -> Link:
        if self._link is None:
            raise BleakError("Not connected")
        return self._link

    def _connected(self) -> Link:
        if not self._is_connected:
            raise BleakError("Not connected")
        return self._known()


def _collect(services: tuple[Service, ...]) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    handles = count(1)
    for service in services:
        parent = BleakGATTService(service, next(handles), service.uuid)
        collection.add_service(parent)
        for characteristic in service.characteristics:
            names = cast("list[CharacteristicPropertyName]", sorted(characteristic.properties))
            collection.add_characteristic(
                BleakGATTCharacteristic(
                    characteristic, next(handles), characteristic.uuid, names, lambda: MTU - 3, parent
                )
            )
    return collection

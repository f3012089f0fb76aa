"""One simulated device behind a Bumble device: advertised, connected, read, written, and heard."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import partial
from math import inf
from typing import Any, Final

from bumble.att import ATT_Error, Attribute
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address, OwnAddressType
from bumble.host import Host

from retrowalk_sim import gatt
from retrowalk_sim.gatt import Advertisement, AttError, Emission, LinkLoss, Notification, Peripheral
from retrowalk_sim.runner import Runner

ADVERTISE_EVERY_MS: Final = 100
LOOK_EVERY_S: Final = 0.1
LONGEST_ADVERTISEMENT: Final = 31
GENERAL_LE_ONLY: Final = b"\x06"

_PROPERTIES: Final = {
    "read": Characteristic.Properties.READ,
    "write": Characteristic.Properties.WRITE,
    "write-without-response": Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": Characteristic.Properties.NOTIFY,
    "indicate": Characteristic.Properties.INDICATE,
}
_PERMISSIONS: Final = {"read": Attribute.READABLE, "write": Attribute.WRITEABLE}
_response: ContextVar[bool] = ContextVar("response", default=True)


class Peer:
    """Lets a peripheral live behind `host`. `lose` breaks the radio link."""

    def __init__(self, peripheral: Peripheral, host: Host, lose: Callable[[], None]) -> None:
        advertisement = peripheral.advertisement
        config = DeviceConfiguration(name=advertisement.name, address=Address(advertisement.address))
        self.peripheral = peripheral
        self.runner = Runner(peripheral, self._deliver)
        self._lose = lose
        self._device = Device(config=config, host=host)
        self._advertised = advertised(advertisement)
        self._connection: Connection | None = None
        self._gone = asyncio.Event()  # of the present connection
        self._indicates: dict[str, bool] = {}  # as its CCCD was written last
        self._sending: list[asyncio.Task[None]] = []
        self._outbox: dict[bool, asyncio.Queue[Notification]] = {}
        self._characteristics: dict[str, Characteristic[Any]] = {}
        self._add_services(peripheral.services)
        self._device.on(Device.EVENT_CONNECTION, self._on_connection)
        server: Any = self._device.gatt_server
        server.on_att_write_command = partial(_without_response, server.on_att_write_command)

    async def run(self) -> None:
        """Live until cancelled; advertise whenever a central could connect."""
        await self._device.power_on()
        with self.runner:
            while True:
                wanted = self._connection is None and self.peripheral.connectable
                if wanted and not self._device.is_advertising:
                    await self._device.start_advertising(
                        own_address_type=OwnAddressType.PUBLIC,
                        advertising_data=self._advertised,
                        advertising_interval_min=ADVERTISE_EVERY_MS,
                        advertising_interval_max=ADVERTISE_EVERY_MS,
                    )
                elif not wanted and self._device.is_advertising:
                    await self._device.stop_advertising()
                await asyncio.sleep(LOOK_EVERY_S)

    # ---- the connection

    def _on_connection(self, connection: Connection) -> None:
        self._connection, self._gone = connection, asyncio.Event()
        self._indicates.clear()
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self._on_disconnection())
        self.peripheral.connected(self.runner.now_s)
        self.runner.kick()
        self._outbox = {indicated: asyncio.Queue() for indicated in (False, True)}
        self._sending = [asyncio.create_task(self._send(connection, indicated)) for indicated in self._outbox]

    def _on_disconnection(self) -> None:
        self._connection = None
        self._gone.set()
        for task in self._sending:
            task.cancel()
        self.peripheral.disconnected(self.runner.now_s)
        self.runner.kick()

    # ---- what the central does

    def _add_services(self, services: Iterable[gatt.Service]) -> None:
        for service in services:
            made = [self._characteristic(spec) for spec in service.characteristics]
            self._device.add_service(Service(UUID(service.uuid), made))

    def _characteristic(self, spec: gatt.Characteristic) -> Characteristic[Any]:
        properties, permissions = Characteristic.Properties(0), Attribute.Permissions(0)
        for name in spec.properties:
            properties |= _PROPERTIES[name]
            permissions |= _PERMISSIONS.get(name.removesuffix("-without-response"), Attribute.Permissions(0))
        value = CharacteristicValue(read=partial(self._read, spec.uuid), write=partial(self._write, spec.uuid))
        made: Characteristic[Any] = Characteristic(UUID(spec.uuid), properties, permissions, value)
        made.on(Characteristic.EVENT_SUBSCRIPTION, partial(self._subscribed, spec.uuid))
        self._characteristics[spec.uuid] = made
        return made

    def _subscribed(self, uuid: str, _connection: Connection, notified: bool, indicated: bool) -> None:
        self._indicates[uuid] = indicated
        self.peripheral.subscribed(uuid, notified or indicated, self.runner.now_s)
        self.runner.kick()

    def _read(self, uuid: str, _connection: Connection) -> bytes:
        try:
            return self.peripheral.read(uuid)
        except AttError as error:
            raise ATT_Error(error.code) from error

    async def _write(self, uuid: str, _connection: Connection, value: bytes) -> None:
        """Return when the response leaves: never, for a stalled one, but when the connection ends."""
        response = _response.get()
        try:
            leaves_s = self.peripheral.write(uuid, value, response=response, now_s=self.runner.now_s)
        except AttError as error:
            raise ATT_Error(error.code) from error
        finally:
            self.runner.kick()
        wait_s = leaves_s - self.runner.now_s
        if response and wait_s > 0:
            gone = asyncio.ensure_future(self._gone.wait())
            await asyncio.wait([gone], timeout=None if wait_s == inf else wait_s)
            gone.cancel()

    # ---- what the peripheral does

    def _deliver(self, emission: Emission) -> None:
        match emission:
            case LinkLoss():
                self._lose()
            case Notification(uuid) if self._connection:
                self._outbox[self._indicates.get(uuid, False)].put_nowait(emission)
            case Notification():
                pass  # nobody is there

    async def _send(self, connection: Connection, indicated: bool) -> None:
        """Send in order; an indication waits for the confirmation of the one before, a notification for nothing."""
        send = self._device.indicate_subscriber if indicated else self._device.notify_subscriber
        while True:
            sent = await self._outbox[indicated].get()
            await send(connection, self._characteristics[sent.uuid], sent.value)


def _without_response(handle: Callable[[Any, Any], None], bearer: Any, command: Any) -> None:
    """Let Bumble handle a write command, in whose task `_response` is False: it does not tell the two kinds apart."""
    token = _response.set(False)
    try:
        handle(bearer, command)
    finally:
        _response.reset(token)


def advertised(advertisement: Advertisement) -> bytes:
    """Return the advertising data, with as much of the name as there is room for."""
    shorts = [bytes.fromhex(uuid[4:8])[::-1] for uuid in advertisement.service_uuids]
    parts = [
        (AdvertisingData.Type.FLAGS, GENERAL_LE_ONLY),
        (AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"".join(shorts)),
        *(
            (AdvertisingData.Type.SERVICE_DATA_16_BIT_UUID, bytes.fromhex(uuid[4:8])[::-1] + data)
            for uuid, data in advertisement.service_data.items()
        ),
    ]
    name = advertisement.name.encode()
    room = LONGEST_ADVERTISEMENT - len(bytes(AdvertisingData(parts))) - 2
    fits = AdvertisingData.Type.COMPLETE_LOCAL_NAME if len(name) <= room else AdvertisingData.Type.SHORTENED_LOCAL_NAME
    return bytes(AdvertisingData([*parts, (fits, name[:room])]))

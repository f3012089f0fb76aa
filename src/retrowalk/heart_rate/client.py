"""The heart-rate link: every measurement of one strap, unfiltered, and whether the link is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import structlog
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.scanner import AdvertisementData

from retrowalk.bluetooth import Bluetooth, Keeper, Sought, Wire
from retrowalk.frames import FrameUnreadable
from retrowalk.heart_rate.frames import read_heart_rate
from retrowalk.model.commands import Connect, Disconnect
from retrowalk.model.observations import HeartRateLink, HeartRateSample

_log = structlog.get_logger(__name__)

HEART_RATE: Final = "0000180d-0000-1000-8000-00805f9b34fb"
MEASUREMENT: Final = "00002a37-0000-1000-8000-00805f9b34fb"
_SET_UP_S: Final = 10.0

type Observe = Callable[[HeartRateLink | HeartRateSample], None]


@dataclass(frozen=True, slots=True)
class HeartRateSettings:
    """Which strap. Without a pinned address or name the first one in range is taken, perhaps a neighbour's."""

    address: str | None = None
    name: str | None = None

    @property
    def sought(self) -> Sought:
        """What to look for in the air."""
        return Sought("heart-rate strap", HEART_RATE, is_strap, self.address, self.name)


def is_strap(advertisement: AdvertisementData) -> bool:
    """Whether this has the Heart Rate Service."""
    return HEART_RATE in advertisement.service_uuids


class HeartRateClient:
    """Tells `observe` what the strap measures while a link is wanted; makes a lost one again on its own."""

    def __init__(self, settings: HeartRateSettings, observe: Observe, bluetooth: Bluetooth) -> None:
        self._observe = observe
        self._up = False
        self._keeper = Keeper(lambda: _Connection.open(bluetooth, settings, observe), self._tell_up, self._tell_down)

    def execute(self, command: Connect | Disconnect) -> None:
        """Want a link, or let it go. Returns at once."""
        self._keeper.want(wanted=isinstance(command, Connect))

    async def run(self) -> None:
        """Live until cancelled."""
        await self._keeper.run()

    async def close(self) -> None:
        """Let the strap go."""
        await self._keeper.close()

    def _tell_up(self, connection: _Connection) -> None:
        self._up = True
        self._observe(HeartRateLink(up=True))
        connection.listening = True

    def _tell_down(self, reason: str) -> None:
        _log.warning("heart_rate_link_down", reason=reason)
        if self._up:
            self._up = False
            self._observe(HeartRateLink(up=False))


class _Connection:
    """A link that is up."""

    def __init__(self, wire: Wire, observe: Observe) -> None:
        self.listening = False
        self.ended = wire.ended
        self.close = wire.close
        self._wire = wire
        self._observe = observe

    @classmethod
    async def open(cls, bluetooth: Bluetooth, settings: HeartRateSettings, observe: Observe) -> Self:
        """Find the strap, connect, subscribe."""
        device = await bluetooth.find(settings.sought)
        wire = await bluetooth.connect(device, HEART_RATE, "the link to the heart-rate strap was lost")
        self = cls(wire, observe)
        try:
            async with asyncio.timeout(_SET_UP_S):
                await wire.client.start_notify(MEASUREMENT, self._on_measurement)
        except BaseException:
            await wire.close()
            raise
        return self

    def _on_measurement(self, _: BleakGATTCharacteristic, frame: bytearray) -> None:
        if not self.listening or self._wire.over:
            return
        try:
            measured = read_heart_rate(bytes(frame))
        except FrameUnreadable as error:
            _log.warning("frame_unreadable", error=str(error))
            return
        self._observe(HeartRateSample(measured.heart_rate_bpm, measured.contact, measured.rr_ms))

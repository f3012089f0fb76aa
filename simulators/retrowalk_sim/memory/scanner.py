"""bleak's scanner over a Radio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner

from retrowalk_sim.memory.link import Link

if TYPE_CHECKING:
    from retrowalk_sim.memory.radio import Radio

ADVERTISING_S: Final = 0.2


class MemoryScanner(BaseBleakScanner):
    """Hears every peripheral that advertises; a Radio makes the subclass that knows it."""

    radio: ClassVar[Radio]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: Literal["active", "passive"] = "active",
        **_kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._scanning_mode = scanning_mode
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self.seen_devices = {}
        self._arm()

    async def stop(self) -> None:
        """Listen no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(ADVERTISING_S, self._hear)

    def _hear(self) -> None:
        self._arm()
        for link in self.radio.links.values():
            if link.advertises and self.is_allowed_uuid(list(link.peripheral.advertisement.service_uuids)):
                self._detect(link)

    def _detect(self, link: Link) -> None:
        seen = link.peripheral.advertisement
        data = AdvertisementData(
            local_name=seen.name,
            manufacturer_data={},
            service_data=dict(seen.service_data),
            service_uuids=list(seen.service_uuids),
            tx_power=None,
            rssi=seen.rssi,
            platform_data=(),
        )
        device = self.create_or_update_device(seen.address, seen.address, seen.name, link, data)
        self.call_detection_callbacks(device, data)

"""bleak's adapter over a Radio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.device import BLEDevice

if TYPE_CHECKING:
    from retrowalk_sim.memory.radio import Radio


class MemoryAdapter(BaseBleakAdapter):
    """Tells which peripherals are connected; a Radio makes the subclass that knows it."""

    radio: ClassVar[Radio]

    @classmethod
    async def get(cls, **_kwargs: Any) -> Self:
        """Return the only adapter."""
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        """Return the connected devices that have one of these services; each has 0x1801, which nobody declares."""
        return [
            self.radio.device(address)
            for address, link in self.radio.links.items()
            if link.up and service_uuids & {_GENERIC_ATTRIBUTE, *(s.uuid for s in link.peripheral.services)}
        ]


_GENERIC_ATTRIBUTE = "00001801-0000-1000-8000-00805f9b34fb"

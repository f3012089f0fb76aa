"""The air: simulated peripherals within reach of one host, and the bleak backends that reach them."""

from __future__ import annotations

from typing import Self

from bleak.backends.device import BLEDevice

from retrowalk_sim.gatt import Peripheral
from retrowalk_sim.memory.adapter import MemoryAdapter
from retrowalk_sim.memory.client import MemoryClient
from retrowalk_sim.memory.link import Link
from retrowalk_sim.memory.scanner import MemoryScanner


class Radio:
    """Peripherals by address. Enter it in a running loop; then give `client`, `scanner` and `adapter` to bleak."""

    def __init__(self, *peripherals: Peripheral) -> None:
        self.links = {peripheral.advertisement.address: Link(peripheral) for peripheral in peripherals}
        bound = {"radio": self}
        self.client: type[MemoryClient] = type("MemoryClient", (MemoryClient,), bound)
        self.scanner: type[MemoryScanner] = type("MemoryScanner", (MemoryScanner,), bound)
        self.adapter: type[MemoryAdapter] = type("MemoryAdapter", (MemoryAdapter,), bound)

    def device(self, address: str) -> BLEDevice:
        """Return a device that the host already knows, without a scan. Raises KeyError for a stranger."""
        link = self.links[address]
        return BLEDevice(address, link.peripheral.advertisement.name, link)

    def forsake(self) -> None:
        """Let the process of every client die: bearers stay, nobody listens."""
        for link in self.links.values():
            link.forsake()

    def __enter__(self) -> Self:
        for link in self.links.values():
            link.runner.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        for link in self.links.values():
            link.runner.stop()

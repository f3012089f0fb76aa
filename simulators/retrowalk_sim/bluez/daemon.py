"""The daemon itself: owns the name org.bluez, hears clients die, and takes the faults that a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from retrowalk_sim.bluez.adapter import Adapter
from retrowalk_sim.bluez.link import Link
from retrowalk_sim.bluez.timing import Timing
from retrowalk_sim.bluez.wire import Tree
from retrowalk_sim.gatt import Peripheral

NAME: Final = "org.bluez"
_BUS: Final = "org.freedesktop.DBus"
_DEATHS: Final = f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg2=''"


class _Stack:
    """One run of the daemon: a bus connection, its objects, and what they remember."""

    def __init__(self, bus: MessageBus, links: dict[str, Link], timing: Timing) -> None:
        self.bus = bus
        self.tree = Tree(bus)
        self.adapter = Adapter(list(links.values()), self.tree, timing)
        bus.add_message_handler(self._on_message)

    async def begin(self, kept: set[str]) -> None:
        """Take the name, then show the adapter and the `kept` devices, whose links will not last."""
        await self.bus.call(Message(_BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", signature="s", body=[_DEATHS]))
        reply = await self.bus.request_name(NAME, NameFlag.DO_NOT_QUEUE)
        if reply is not RequestNameReply.PRIMARY_OWNER:
            raise RuntimeError(f"{NAME} is taken on this bus: {reply.name}")
        self.tree.add(self.adapter)
        for device in self.adapter.devices:
            device.kept = device.path in kept
            if device.kept:
                self.tree.add(device)
                device.inherited()

    async def end(self) -> set[str]:
        """Leave the bus without a word, as a killed daemon does; return the paths of devices to keep."""
        self.adapter.stop()
        if self.bus.connected:
            await self.bus.release_name(NAME)  # so that a successor on the same bus finds it free
        self.bus.disconnect()
        with suppress(EOFError, OSError):  # the bus may have died first
            await self.bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        return {device.path for device in self.adapter.devices if device.kept}

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged":
            name, _old, new = message.body
            if name.startswith(":") and not new:
                self.adapter.client_gone(name)


class Bluez:
    """What a test does to the running fake, and asks it. Devices are named by their address."""

    def __init__(self, peripherals: Iterable[Peripheral], bus_address: str, timing: Timing) -> None:
        self._bus_address = bus_address
        self._timing = timing
        self._links = {peripheral.advertisement.address: Link(peripheral, timing) for peripheral in peripherals}
        self._stack: _Stack | None = None

    def connected(self, address: str) -> bool:
        """Whether the link is up, whoever opened it."""
        return self._links[address].up

    def listeners(self, address: str, uuid: str) -> int:
        """How often each value of the characteristic is told on the bus."""
        devices = self._stack.adapter.devices if self._stack else []
        return sum(
            characteristic.listeners
            for device, link_address in zip(devices, self._links, strict=True)
            for characteristic in device.characteristics
            if link_address == address and characteristic.uuid == uuid
        )

    def power(self, on: bool) -> None:
        """Switch the adapter's radio."""
        if self._stack is not None:
            self._stack.adapter.power(on)

    def lose_link(self, address: str) -> None:
        """Break the radio link without a word; clients hear of it after `Timing.loss_noticed_s`."""
        self._links[address].lose()

    def hold_writes(self, address: str, held: bool = True) -> None:
        """Let requests stall on their way to the device, or let the held ones go on."""
        self._links[address].hold(held)

    async def restart(self, down_s: float = 0.2, *, links_last: bool = True) -> None:
        """Die as by SIGKILL, and come back after `down_s` on a new connection.

        Links outlive the daemon, and its successor drops them after `Timing.inherited_s`. Those that do not last until
        it comes end without a word to anybody.
        """
        kept = await self._end(close_links=not links_last)
        await asyncio.sleep(down_s)
        await self._begin(kept)

    async def _begin(self, kept: set[str]) -> None:
        bus = await MessageBus(bus_address=self._bus_address, negotiate_unix_fd=True).connect()
        self._stack = _Stack(bus, self._links, self._timing)
        await self._stack.begin(kept)

    async def _end(self, *, close_links: bool = True) -> set[str]:
        stack, self._stack = self._stack, None
        kept = await stack.end() if stack else set()
        for link in self._links.values() if close_links else ():
            link.close()
        return kept

    async def start(self) -> None:
        """Let the devices live, and take the name."""
        for link in self._links.values():
            link.runner.start()
        await self._begin(set())

    async def stop(self) -> None:
        """Leave the bus, and let the devices rest."""
        await self._end()
        for link in self._links.values():
            link.runner.stop()


@asynccontextmanager
async def serve(
    peripherals: Iterable[Peripheral], bus_address: str, timing: Timing | None = None
) -> AsyncIterator[Bluez]:
    """Be org.bluez at `bus_address`, with these devices in range."""
    bluez = Bluez(peripherals, bus_address, timing or Timing())
    try:
        await bluez.start()
        yield bluez
    finally:
        await bluez.stop()

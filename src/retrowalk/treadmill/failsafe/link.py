"""Treadmills among the objects of bluetoothd or in the air, and the link to one: left by somebody, or made here."""

from __future__ import annotations

import asyncio
from typing import Final

from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from retrowalk.treadmill.assigned import FITNESS_MACHINE
from retrowalk.treadmill.failsafe.bluez import (
    ADAPTER,
    CHARACTERISTIC,
    CONNECT_S,
    DEVICE,
    PROPERTIES,
    BusError,
    Tree,
    attempt,
    call,
    objects,
    value,
)
from retrowalk.treadmill.failsafe.words import Say

SEEK_S: Final = 10.0

_LOOK_S: Final = 0.05


def treadmills(tree: Tree, *, connected: bool = False) -> set[str]:
    """Return the addresses of the treadmills that bluetoothd knows, or is `connected` to."""
    devices = [interfaces[DEVICE] for interfaces in tree.values() if DEVICE in interfaces]
    return {
        device["Address"].value.upper()
        for device in devices
        if FITNESS_MACHINE in value(device, "UUIDs", [])
        and (not connected or value(device, "Connected", default=False))
    }


class Link:
    """One treadmill, and the link to it."""

    def __init__(self, bus: MessageBus, address: str, say: Say, tell: Say) -> None:
        self._bus = bus
        self._address = address
        self._say = say
        self._tell = tell
        self.device = ""  # its object; empty = it was not found yet
        self.made_here = False  # or asked for here: an attempt that took too long may still have made it
        self._attempts = 0

    async def up(self, tree: Tree) -> Tree:
        """Return the objects once the treadmill is among them with its services. Raises BusError, TimeoutError."""
        self._attempts += 1
        if not (path := self._path(tree)):
            tree = await self._sought(tree)
            path = self._path(tree)
        self.device = path
        if not value(tree[path][DEVICE], "Connected", default=False):
            async with asyncio.timeout(CONNECT_S):
                await self._switch_on(tree, path.rpartition("/")[0])
                await self._connect()
                tree = await objects(self._bus)
        try:
            async with asyncio.timeout(CONNECT_S):
                return await self._resolved(tree)
        except TimeoutError:
            if await self.is_up():
                await self.end()  # bluetoothd itself would wait three times as long for an answer
            raise

    async def _connect(self) -> None:
        made_before, self.made_here = self.made_here, True
        try:
            await call(self._bus, self.device, DEVICE, "Connect")
        except BusError:
            self.made_here = made_before  # if it comes up, somebody else made it
            raise

    async def _resolved(self, tree: Tree) -> Tree:
        """Return the objects once the services are among them."""
        while not value(device := tree.get(self.device, {}).get(DEVICE, {}), "ServicesResolved", default=False):
            if not value(device, "Connected", default=False):
                raise BusError("the link was lost before the services were known")
            await asyncio.sleep(_LOOK_S)  # asking is simpler than listening, and soon done
            tree = await objects(self._bus)
        return tree

    async def is_up(self) -> bool:
        """Ask bluetoothd whether it is connected. Raises BusError."""
        device = (await objects(self._bus)).get(self.device, {}).get(DEVICE, {})
        return bool(value(device, "Connected", default=False))

    async def end(self) -> None:
        """Disconnect the treadmill."""
        await attempt(self._bus, self.device, DEVICE, "Disconnect", say=self._say)

    def characteristics(self, tree: Tree) -> dict[str, tuple[str, list[str]]]:
        """Return path and flags of each characteristic, by UUID."""
        return {
            interfaces[CHARACTERISTIC]["UUID"].value: (path, value(interfaces[CHARACTERISTIC], "Flags", []))
            for path, interfaces in tree.items()
            if path.startswith(self.device + "/") and CHARACTERISTIC in interfaces
        }

    def _path(self, tree: Tree) -> str:
        """Return the treadmill's object; empty = there is none.

        Where several adapters know it: the connected one, else each in its turn.
        """
        paths = sorted(
            path
            for path, interfaces in tree.items()
            if DEVICE in interfaces and interfaces[DEVICE]["Address"].value.upper() == self._address
        )
        connected = [path for path in paths if value(tree[path][DEVICE], "Connected", default=False)]
        if connected or not paths:
            return next(iter(connected), "")
        return paths[self._attempts % len(paths)]

    async def _sought(self, tree: Tree) -> Tree:
        """Look for the treadmill in the air; return the objects when it is one. Raises BusError."""
        self._tell(
            f"the treadmill {self._address} is not known: looking for it. PULL THE SAFETY KEY if the belt moves."
        )
        looking: set[str] = set()
        try:
            async with asyncio.timeout(SEEK_S):
                while not self._path(tree):
                    for adapter in {path for path, interfaces in tree.items() if ADAPTER in interfaces} - looking:
                        looking.add(adapter)  # one that bluetoothd has only just found, too
                        await self._look_from(tree, adapter)
                    await asyncio.sleep(_LOOK_S)
                    tree = await objects(self._bus)
        except TimeoutError:
            why = f"the treadmill {self._address} was not found within {SEEK_S:g} s"
            why += "" if looking else ": there is no Bluetooth adapter"
            raise BusError(why) from None
        finally:
            for adapter in looking:
                await attempt(self._bus, adapter, ADAPTER, "StopDiscovery", say=self._say)
        return tree

    async def _look_from(self, tree: Tree, adapter: str) -> None:
        await self._switch_on(tree, adapter)
        le = {"Transport": Variant("s", "le")}
        await attempt(self._bus, adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}", le, say=self._say)
        await attempt(self._bus, adapter, ADAPTER, "StartDiscovery", say=self._say)

    async def _switch_on(self, tree: Tree, adapter: str) -> None:
        if not value(tree.get(adapter, {}).get(ADAPTER, {}), "Powered", default=False):
            on = Variant("b", value=True)
            await attempt(self._bus, adapter, PROPERTIES, "Set", "ssv", ADAPTER, "Powered", on, say=self._say)

"""A private bus, the fake org.bluez with an echo device on it, and bleak sent there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.bluezdbus import manager as bleak_manager
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from retrowalk_sim.bluez import Bluez, Timing, private_bus, serve
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from retrowalk_sim.bluez.echo import Echo


@pytest.fixture(scope="session")
def shared_bus() -> Iterator[str]:
    """One bus daemon for the whole run; each test owns org.bluez on it for its time."""
    with private_bus() as address:
        yield address


@pytest.fixture
async def bus_address(shared_bus: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The bus that bleak takes for the system's; what bleak keeps open is closed afterwards."""
    monkeypatch.setenv(ADDRESS_VARIABLE, shared_bus)
    yield shared_bus
    manager = bleak_manager._global_instances.pop(asyncio.get_running_loop(), None)
    if manager is not None and manager._bus is not None and manager._bus_watcher_task is not None:
        manager._bus.disconnect()
        await manager._bus_watcher_task


@pytest.fixture
def echo() -> Echo:
    """The device."""
    return Echo()


@pytest.fixture
def timing() -> Timing:
    """How quick the fake is; a test module may have its own."""
    return Timing(unreachable_s=0.2)


@pytest.fixture
def looked_s() -> float:
    """How long to look for what should not be there; whatever is there is found in that time."""
    return 0.3


type Until = Callable[[Callable[[], bool]], Awaitable[None]]
type Vanish = Callable[[], Awaitable[None]]


@pytest.fixture
def vanish(echo: Echo) -> Vanish:
    """Put the device out of reach; once that is done, it is silent."""

    async def out_of_reach() -> None:
        echo.reachable = False

    return out_of_reach


@pytest.fixture
async def bluez(bus_address: str, echo: Echo, timing: Timing) -> AsyncIterator[Bluez]:
    """The fake, running."""
    async with serve([echo], bus_address, timing) as running:
        yield running


class RawClient:
    """A D-Bus client without bleak, like a failsafe or busctl."""

    def __init__(self, bus: MessageBus, device_path: str) -> None:
        self.bus = bus
        self.device_path = device_path

    async def call(self, path: str, method: str, signature: str = "", *body: Any) -> Message:
        """Call `method`, interface and member in one, and return the reply."""
        interface, member = method.rsplit(".", 1)
        return await self.bus.call(Message("org.bluez", path, interface, member, signature=signature, body=list(body)))

    async def tree(self) -> dict[str, Any]:
        """Return every object."""
        reply = await self.call("/", "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
        tree: dict[str, Any] = reply.body[0]
        return tree

    async def path_of(self, uuid: str) -> str:
        """Return the path of a characteristic."""
        interface = "org.bluez.GattCharacteristic1"
        return next(
            path
            for path, interfaces in (await self.tree()).items()
            if interface in interfaces and interfaces[interface]["UUID"].value == uuid
        )


@pytest.fixture
async def raw(bus_address: str, bluez: Bluez, echo: Echo) -> AsyncIterator[RawClient]:
    """Another client of the same bus."""
    bus = await MessageBus(bus_address=bus_address, negotiate_unix_fd=True).connect()
    yield RawClient(bus, "/org/bluez/hci0/dev_" + echo.advertisement.address.replace(":", "_"))
    bus.disconnect()
    with suppress(EOFError):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


class Ear:
    """Collects what a subscription brings, as bleak calls it."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[bytes] = asyncio.Queue()

    def __call__(self, _characteristic: object, value: bytearray) -> None:
        """Take a value."""
        self.values.put_nowait(bytes(value))

    async def hear(self, count: int = 1) -> list[bytes]:
        """Return the next values; fail after 3 s without them."""
        async with asyncio.timeout(3):
            return [await self.values.get() for _ in range(count)]


@pytest.fixture
def ear() -> Ear:
    """A listener."""
    return Ear()


@pytest.fixture
async def client(bluez: Bluez, echo: Echo) -> AsyncIterator[BleakClient]:
    """A connected bleak client."""
    device = await BleakScanner.find_device_by_address(echo.advertisement.address, timeout=3)
    assert device is not None
    async with BleakClient(device) as connected:
        yield connected


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Any]:
    """Wait until a condition holds; fail after 3 s."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(3):
            while not condition():  # noqa: ASYNC110  the fake tells nobody but the bus
                await asyncio.sleep(0.002)

    return wait

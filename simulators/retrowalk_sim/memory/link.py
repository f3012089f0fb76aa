"""One bearer to one peripheral, shared by every client in the process, as BlueZ shares it among processes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from math import isinf
from typing import Final, Protocol

from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from retrowalk_sim.gatt import AttError, Emission, LinkLoss, Peripheral
from retrowalk_sim.runner import Runner

CONNECT_S: Final = 0.3
ROUND_TRIP_S: Final = 0.03
DISCONNECT_S: Final = 0.1
SUPERVISION_S: Final = 0.4  # from the loss of the radio until anybody is told
ATT_TIMEOUT_S: Final = 30.0  # a request without response closes the bearer
RANGE_POLL_S: Final = 0.1


class Client(Protocol):
    """What a link tells to each of its clients."""

    def on_value(self, uuid: str, value: bytes) -> None:
        """Take a notification or indication."""

    def on_disconnected(self) -> None:
        """Take note that the bearer is gone."""

    def on_process_died(self) -> None:
        """Take note that the process of this client is gone; the bearer is not."""


class Link:
    """The bearer. Waits only through asyncio, so that it runs under virtual time."""

    def __init__(self, peripheral: Peripheral) -> None:
        self.peripheral = peripheral
        self.runner = Runner(peripheral, self._deliver)
        self._clients: list[Client] = []
        self._lost: asyncio.Event | None = None  # set when the present bearer ends
        self._connecting = asyncio.Lock()
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._listeners: defaultdict[str, list[Client]] = defaultdict(list)

    @property
    def up(self) -> bool:
        """Whether there is a bearer, as far as the host knows."""
        return self._lost is not None

    @property
    def advertises(self) -> bool:
        """Whether a scanner can see the peripheral: a connected one does not advertise."""
        return self.peripheral.connectable and not self.up

    async def connect(self, client: Client, timeout_s: float) -> None:
        """Join the bearer, or make one. Raises TimeoutError when the peripheral stays out of range."""
        async with asyncio.timeout(timeout_s), self._connecting:
            if not self.up:
                await self._page()
            self._clients.append(client)

    async def _page(self) -> None:
        await asyncio.sleep(CONNECT_S)
        while not self.peripheral.connectable:  # noqa: ASYNC110 - a device without I/O cannot set an event
            await asyncio.sleep(RANGE_POLL_S)
        self._lost = asyncio.Event()
        self._tell(self.peripheral.connected)

    async def disconnect(self) -> None:
        """End the bearer for every client."""
        await asyncio.sleep(DISCONNECT_S)
        self._end()

    async def read(self, uuid: str) -> bytes:
        """Read a value. Raises what bleak raises: BleakGATTProtocolError, or BleakError without a bearer."""
        await self._respond(ROUND_TRIP_S)
        try:
            return self.peripheral.read(uuid)
        except AttError as error:
            raise BleakGATTProtocolError(error.code) from error

    async def write(self, uuid: str, value: bytes, *, response: bool) -> None:
        """Write a value; return with its response. Any write waits for a former one of the same characteristic.

        Raises what bleak raises: BleakGATTProtocolError, or BleakError when the bearer is gone or goes.
        """
        async with self._writing[uuid]:  # BlueZ answers InProgress to commands too, and bleak asks until it is over
            self._bearer()
            try:
                leaves_s = self.peripheral.write(uuid, value, response=response, now_s=self.runner.now_s)
            except AttError as error:
                await self._respond(ROUND_TRIP_S)
                raise BleakGATTProtocolError(error.code) from error
            finally:
                self.runner.kick()
            if response:
                await self._respond(leaves_s - self.runner.now_s)

    async def subscribe(self, uuid: str, client: Client) -> None:
        """Pass the values of `uuid` to `client`. With n sessions everybody gets every value n times, as in BlueZ."""
        await self._respond(ROUND_TRIP_S)
        self._listeners[uuid].append(client)
        if len(self._listeners[uuid]) == 1:
            self._tell(lambda now_s: self.peripheral.subscribed(uuid, True, now_s))

    async def unsubscribe(self, uuid: str, client: Client) -> None:
        """End a session of `subscribe`."""
        await self._respond(ROUND_TRIP_S)
        self._listeners[uuid].remove(client)
        if not self._listeners[uuid]:
            self._tell(lambda now_s: self.peripheral.subscribed(uuid, False, now_s))

    def forsake(self) -> None:
        """The host's process died: the bearer stays, as BlueZ keeps it, and nobody of that process listens any more."""
        for client in self._clients:
            client.on_process_died()
        self._clients.clear()
        listened = list(self._listeners)
        self._listeners.clear()
        for uuid in listened:
            self._tell(partial(self._unheard, uuid))

    def _unheard(self, uuid: str, now_s: float) -> None:
        self.peripheral.subscribed(uuid, False, now_s)

    def _bearer(self) -> asyncio.Event:
        if self._lost is None:
            raise BleakError("Not connected")
        return self._lost

    async def _respond(self, after_s: float) -> None:
        """Wait for a response. Raises BleakError when the bearer ends first, and ends it when none ever comes."""
        lost = self._bearer()
        try:
            async with asyncio.timeout(ATT_TIMEOUT_S if isinf(after_s) else after_s):
                await lost.wait()
        except TimeoutError:
            if not isinf(after_s):
                return
            self._end()
        raise BleakDBusError("org.bluez.Error.Failed", ["Not connected"])

    def _tell(self, note: Callable[[float], None]) -> None:
        note(self.runner.now_s)
        self.runner.kick()

    def _deliver(self, emission: Emission) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(emission, LinkLoss):
            loop.call_later(SUPERVISION_S, self._end_of, self._lost)
            return
        sessions = self._listeners[emission.uuid]
        for client in sessions * len(sessions):
            loop.call_soon(client.on_value, emission.uuid, emission.value)

    def _end_of(self, bearer: asyncio.Event | None) -> None:
        if bearer is self._lost:
            self._end()

    def _end(self) -> None:
        if self._lost is None:
            return
        self._lost.set()
        self._lost = None
        self._listeners.clear()
        clients, self._clients = self._clients, []
        self._tell(self.peripheral.disconnected)
        for client in clients:
            client.on_disconnected()

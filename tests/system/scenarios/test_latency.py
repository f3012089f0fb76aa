"""How long a request takes to its answer, by the daemon's link and by a bare bleak client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from statistics import median, quantiles
from time import monotonic

import pytest
from bleak import BleakClient, BleakScanner

from retrowalk.bluetooth import Bluetooth
from retrowalk.model.commands import Connect, RequestControl
from retrowalk.model.observations import Answered, LinkUp, Observation
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import CONTROL_POINT, MACHINE_STATUS, TREADMILL_DATA, Treadmill
from system.air import on_air
from system.room import note, slowness, systemctl, until_powered
from treadmill.air import forget_bleak

ROUNDS = 100
REQUEST_CONTROL = b"\x00"
MOST_ADDED_MS = 20.0

type Ask = Callable[[], Awaitable[object]]


@pytest.fixture
def treadmill() -> Iterator[Treadmill]:
    """A machine that answers at once."""
    quick = Treadmill(replace(profiles()["ideal"], answer_s=(0.0, 0.0)))
    with on_air(quick):
        yield quick


async def test_the_link_adds_little_to_bleak(treadmill: Treadmill) -> None:
    """Write to indication: hardly more than bleak and bluetoothd take, which pass on the same telemetry meanwhile."""
    await systemctl("start", "bluetooth")
    await until_powered()
    address, slow = treadmill.advertisement.address, await slowness()
    bare_ms = await _measured(_bare(address))
    link_ms = await _measured(_link(address))
    await forget_bleak()
    for name, taken_ms in (("a_bare_bleak_client", bare_ms), ("the_daemons_link", link_ms)):
        note(name, p50_ms=median(taken_ms), p95_ms=quantiles(taken_ms, n=20)[-1], guest_slower=slow)
    assert median(link_ms) - median(bare_ms) < MOST_ADDED_MS * slow


async def _measured(way: AbstractAsyncContextManager[Ask]) -> list[float]:
    taken_ms = []
    async with way as ask:
        for _ in range(ROUNDS):
            since_s = monotonic()
            await ask()
            taken_ms.append((monotonic() - since_s) * 1000)
    return taken_ms


@asynccontextmanager
async def _bare(address: str) -> AsyncIterator[Ask]:
    device = await BleakScanner.find_device_by_address(address, timeout=30)
    assert device is not None
    answers: asyncio.Queue[bytes] = asyncio.Queue()
    async with BleakClient(device) as client:
        await client.start_notify(CONTROL_POINT, lambda _, answer: answers.put_nowait(bytes(answer)))
        for telemetry in (MACHINE_STATUS, TREADMILL_DATA):
            await client.start_notify(telemetry, lambda *_: None)

        async def ask() -> None:
            await client.write_gatt_char(CONTROL_POINT, REQUEST_CONTROL, response=True)
            await answers.get()

        yield ask


@asynccontextmanager
async def _link(address: str) -> AsyncIterator[Ask]:
    seen: asyncio.Queue[Observation] = asyncio.Queue()
    link = TreadmillLink(TreadmillSettings(address=address), seen.put_nowait, Bluetooth())
    running = asyncio.create_task(link.run())

    async def until(kind: type[Observation]) -> None:
        while not isinstance(await seen.get(), kind):
            pass

    async def ask() -> None:
        link.execute(RequestControl(1))
        await until(Answered)

    link.execute(Connect())
    async with asyncio.timeout(60):
        await until(LinkUp)
    try:
        yield ask
    finally:
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

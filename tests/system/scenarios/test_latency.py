"""How long a request takes to its answer, by the daemon's link and by a bare bleak client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from statistics import median, quantiles
from time import monotonic

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice

from retrowalk.bluetooth import Bluetooth
from retrowalk.model.commands import Connect, RequestControl
from retrowalk.model.observations import Answered, LinkUp, Observation, Written
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import CONTROL_POINT, MACHINE_STATUS, TREADMILL_DATA, Treadmill
from system.air import on_air_apart
from system.room import note, slowness, systemctl, until_powered
from treadmill.air import forget_bleak

TURNS = 6  # each of four rounds
ASKED = 60  # a round: the emulation scatters by 5 ms and more, and the limit is 3 ms away
QUIET_S = 0.15
LOOKS, LOOK_S = 4, 15.0
REQUEST_CONTROL = b"\x00"
MOST_LONGER = 1.1  # times a bare client's
ANSWERS_S = {"at_once": 0.0, "in_44_ms": 0.044}  # 44 ms: the quickest that was timed on a real machine

type Ask = Callable[[], Awaitable[float]]
"""Write a request; return the seconds to its indication, when the write is over, too: a response takes its own time."""


@pytest.fixture(params=ANSWERS_S)
def answers(request: pytest.FixtureRequest) -> str:
    """When the machine answers."""
    return str(request.param)


@pytest.fixture
def address(answers: str) -> Iterator[str]:
    """A machine that does: its address."""
    machine = replace(profiles()["ideal"], answer_s=(ANSWERS_S[answers],) * 2)
    with on_air_apart(partial(Treadmill, machine)):
        yield machine.address


@pytest.mark.timeout(1800)
async def test_the_link_adds_little_to_bleak(address: str, answers: str) -> None:
    """Write to indication: hardly more than bleak and bluetoothd take, which pass on the same telemetry meanwhile.

    The two take turns, so that what else the host does meets both alike.
    """
    await systemctl("start", "bluetooth")
    await until_powered()
    slow = await slowness()
    taken_ms: dict[str, list[float]] = {"a_bare_bleak_client": [], "the_daemons_link": []}
    bare, link = zip((_bare, _link), taken_ms.values(), strict=True)
    try:
        for way, times_ms in (bare, link, link, bare) * TURNS:
            times_ms.extend(await _measured(way(address)))
    finally:
        await forget_bleak()
    bare_ms, link_ms = map(median, taken_ms.values())
    for name, times_ms in taken_ms.items():
        figures = {"p50_ms": median(times_ms), "p95_ms": quantiles(times_ms, n=20)[-1]}
        note(f"{name}_{answers}", **figures, guest_slower=slow)
    assert link_ms < MOST_LONGER * bare_ms


async def _measured(way: AbstractAsyncContextManager[Ask]) -> list[float]:
    taken_ms = []
    async with way as ask:
        for _ in range(ASKED):
            await asyncio.sleep(QUIET_S)  # else the end of the last request is measured, too
            taken_ms.append(await ask() * 1000)
    return taken_ms


async def _found(address: str) -> BLEDevice:
    """Look again if need be, as the daemon does: on a busy host one long scan now and then hears nothing at all."""
    for _ in range(LOOKS):
        if device := await BleakScanner.find_device_by_address(address, timeout=LOOK_S):
            return device
    pytest.fail(f"{address} was not found")


@asynccontextmanager
async def _bare(address: str) -> AsyncIterator[Ask]:
    device = await _found(address)
    answered_s: asyncio.Queue[float] = asyncio.Queue()
    async with BleakClient(device) as client:
        await client.start_notify(CONTROL_POINT, lambda *_: answered_s.put_nowait(monotonic()))
        for telemetry in (MACHINE_STATUS, TREADMILL_DATA):
            await client.start_notify(telemetry, lambda *_: None)

        async def ask() -> float:
            since_s = monotonic()
            await client.write_gatt_char(CONTROL_POINT, REQUEST_CONTROL, response=True)
            return await answered_s.get() - since_s

        yield ask


@asynccontextmanager
async def _link(address: str) -> AsyncIterator[Ask]:
    seen: asyncio.Queue[tuple[float, Observation]] = asyncio.Queue()
    link = TreadmillLink(
        TreadmillSettings(address=address), lambda observation: seen.put_nowait((monotonic(), observation)), Bluetooth()
    )
    running = asyncio.create_task(link.run())

    async def seen_s(*kinds: type[Observation]) -> dict[type[Observation], float]:
        times_s: dict[type[Observation], float] = {}
        while not times_s.keys() >= set(kinds):
            at_s, observation = await seen.get()
            times_s[type(observation)] = at_s
        return times_s

    async def ask() -> float:
        since_s = monotonic()
        link.execute(RequestControl(1))
        return (await seen_s(Answered, Written))[Answered] - since_s

    link.execute(Connect())
    async with asyncio.timeout(60):
        await seen_s(LinkUp)
    try:
        yield ask
    finally:
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""How long a Stop takes from what demands it to the machine, whatever stands in its way: by each of the three ways."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from benchmarks.client import Client, edge
from benchmarks.machine import Machine, machine
from benchmarks.way_bleak import BareClient, bare_client
from benchmarks.way_daemon import DaemonClient, KeptBridge, daemon_client
from benchmarks.way_pyftms import pyftms_client
from brokers import running_broker
from retrowalk.model.plan import Plan
from retrowalk.mqtt import MqttBridge, MqttSettings

FLOOD_PER_S: Final = 1000
_TELEMETRY_HZ: Final = 4.0
_BUSY_HZ: Final = 20.0
_JITTER_S: Final = 0.1
_RANDOM: Final = Random(0)  # noqa: S311 - a moment between two frames, no secret

type Tell = Callable[[str], None]
type Figures = dict[str, float | None]
type Connected = Callable[[Machine], AbstractAsyncContextManager[Client]]

WAYS: Final[Mapping[str, Connected]] = {"": daemon_client, "bare_": bare_client, "pyftms_": pyftms_client}
"""Who stops the belt, by the prefix of its figures."""


async def _nothing(_: Client) -> None:
    """Change nothing."""


async def _pulled(client: Client) -> float:
    """Let the strap be pulled; return when."""
    return await edge(client.stop)


async def _asking_first(client: Client) -> float:
    assert isinstance(client, BareClient)
    return await edge(client.stop_asking_first)


@asynccontextmanager
async def _quiet(_: Client) -> AsyncIterator[None]:
    yield


@dataclass(frozen=True)
class Condition:
    """What stands in the way of a Stop. `rounds` by the prefix of a way; one that is not named knows no such thing."""

    name: str
    rounds: Mapping[str, int]
    spoil: Callable[[Client], Awaitable[None]] = _nothing
    demand: Callable[[Client], Awaitable[float]] = _pulled
    mend: Callable[[Client], Awaitable[None]] = _nothing
    around: Callable[[Client], AbstractAsyncContextManager[None]] = _quiet
    telemetry_hz: float = _TELEMETRY_HZ


def _unanswered(number: int) -> Callable[[Client], Awaitable[None]]:
    async def spoil(client: Client) -> None:
        await client.machine.fault("lose_indications", on=True)
        await client.command(number)

    return spoil


async def _answering(client: Client) -> None:
    await client.machine.fault("lose_indications", on=False)


async def _stalled(client: Client) -> None:
    """Let one write stall for good; those after it would not."""
    await client.machine.fault("stall_writes", on=True)
    since_s = monotonic()
    client.begin_set_point()
    await client.machine.saw("stalled", since_s)
    await client.machine.fault("stall_writes", on=False)


@asynccontextmanager
async def _flooded(client: Client) -> AsyncIterator[None]:
    """Let the daemon take commands from a broker, far more than anybody sends."""
    assert isinstance(client, DaemonClient)
    with TemporaryDirectory() as folder, running_broker(Path(folder)) as broker:
        settings = MqttSettings("bench", "127.0.0.1", broker.port)
        bridge = MqttBridge(settings, submit=client.submit, observe=client.hear, find_plan=_no_plan, programs=())
        client.bridge = KeptBridge(bridge)
        running = asyncio.create_task(bridge.run())
        command = (sys.executable, "-m", "benchmarks.flood", str(broker.port), "retrowalk/bench/cmd", str(FLOOD_PER_S))
        flood = await asyncio.create_subprocess_exec(*command)
        try:
            await client.flooded()
            yield
        finally:
            flood.kill()
            await flood.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _no_plan(program: str) -> Plan:
    raise LookupError(program)


_ALL: Final = {"": 100, "bare_": 100, "pyftms_": 100}
CONDITIONS: Final = (
    Condition("idle", _ALL),
    Condition("behind1", {"": 100, "bare_": 100, "pyftms_": 10}, _unanswered(1), mend=_answering),
    Condition("behind2", {"": 20, "bare_": 20, "pyftms_": 3}, _unanswered(2), mend=_answering),
    Condition("behind5", {"": 20, "bare_": 20, "pyftms_": 2}, _unanswered(5), mend=_answering),
    Condition("control_lost", {"": 50, "bare_": 1, "pyftms_": 1}, demand=lambda client: client.lost_control()),
    Condition("request_first", {"bare_": 50}, demand=_asking_first),  # the least that a lost control costs anybody
    Condition("mqtt_flood", {"": 100}, around=_flooded),
    Condition("busy_notifications", _ALL, telemetry_hz=_BUSY_HZ),
    Condition("stalled_write", {"": 5, "bare_": 1, "pyftms_": 1}, _stalled),
)
_BLOCK: Final = 25  # rounds of one way before it is another's turn: what else the computer does meets all of them


def measure(tell: Tell, share: float = 1.0) -> Figures:
    """Return p50 and p99 of every condition by every way, ms; None = a Stop did not come within 15 s."""
    figures: Figures = {}
    for condition in CONDITIONS:
        tell(f"stop, {condition.name} …")
        figures |= asyncio.run(_under(condition, share))
    return figures | {
        f"{prefix}stop_stalled_write_ms": figures[f"{prefix}stop_stalled_write_p99_ms"] for prefix in WAYS
    }


async def _under(condition: Condition, share: float) -> Figures:
    left = {prefix: max(1, round(rounds * share)) for prefix, rounds in condition.rounds.items()}
    delays_ms: dict[str, list[float | None]] = {prefix: [] for prefix in left}
    async with machine(condition.telemetry_hz) as treadmill:
        while any(left.values()):
            for prefix, remaining in left.items():
                rounds = min(_BLOCK, remaining)
                left[prefix] -= rounds
                if rounds:
                    async with WAYS[prefix](treadmill) as client, condition.around(client):
                        delays_ms[prefix] += [await _delay_ms(client, condition) for _ in range(rounds)]
    return {
        f"{prefix}stop_{condition.name}_p{p}_ms": percentile(delays, p)
        for prefix, delays in delays_ms.items()
        for p in (50, 99)
    }


async def _delay_ms(client: Client, condition: Condition) -> float | None:
    """Return what one round took; None: the Stop did not come."""
    await client.start()
    await condition.spoil(client)
    await asyncio.sleep(_RANDOM.uniform(0, _JITTER_S))
    demanded_s = await condition.demand(client)
    obeyed_s = await client.machine.obeyed_stop(demanded_s)
    await condition.mend(client)
    await client.rest()
    if obeyed_s is None:
        return None
    await client.machine.saw("belt_standing", demanded_s)
    return (obeyed_s - demanded_s) * 1000


def percentile(delays_ms: Sequence[float | None], p: int) -> float | None:
    """Return the least delay that `p` per cent of the rounds do not pass; a Stop that never came is the longest."""
    ordered = sorted(delays_ms, key=lambda delay_ms: inf if delay_ms is None else delay_ms)
    return ordered[ceil(len(ordered) * p / 100) - 1]

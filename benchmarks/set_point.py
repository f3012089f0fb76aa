"""How long a set-point takes from the call to the machine's answer, which the machine gives 20 ms after the write."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from benchmarks.machine import machine
from benchmarks.stop import WAYS, Figures, Tell, percentile

_ROUNDS: Final = 50
_TELEMETRY_HZ: Final = 4.0


def measure(tell: Tell, share: float = 1.0) -> Figures:
    """Return p50 and p99 by every way, ms."""
    tell("set-point …")
    return asyncio.run(_measure(max(1, round(_ROUNDS * share))))


async def _measure(rounds: int) -> Figures:
    figures: Figures = {}
    async with machine(_TELEMETRY_HZ) as treadmill:
        for prefix, connected in WAYS.items():
            async with connected(treadmill) as client:
                await client.start()
                delays_ms: list[float | None] = []
                for _ in range(rounds):
                    begun_s = monotonic()
                    await client.set_point()
                    delays_ms.append((monotonic() - begun_s) * 1000)
                client.stop()
                await client.rest()
            figures |= {f"{prefix}set_point_p{p}_ms": percentile(delays_ms, p) for p in (50, 99)}
    return figures

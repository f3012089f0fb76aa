"""The contract of the heart-rate link, over a simulated strap in memory and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

import virtual_time
from retrowalk.bluetooth import Bluetooth
from retrowalk.heart_rate.client import HeartRateClient, HeartRateSettings
from retrowalk.model.commands import Connect, Disconnect
from retrowalk.model.observations import HeartRateLink, HeartRateSample
from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.memory import Radio
from retrowalk_sim.treadmill import Treadmill

type Seen = list[HeartRateLink | HeartRateSample]


@dataclass
class Bench:
    """A strap, its client, and what the engine would have heard."""

    strap: HeartRateStrap
    client: HeartRateClient
    seen: Seen = field(default_factory=list)

    def samples(self) -> list[HeartRateSample]:
        """Return every sample so far."""
        return [observation for observation in self.seen if isinstance(observation, HeartRateSample)]

    def links(self) -> list[bool]:
        """Return each coming and going of the link."""
        return [observation.up for observation in self.seen if isinstance(observation, HeartRateLink)]


def on_bench(
    scenario: Callable[[Bench], Awaitable[None]],
    settings: HeartRateSettings | None = None,
    *,
    contact_bit: bool = True,
) -> None:
    """Run `scenario` in virtual time, with a treadmill in range as well."""

    async def main() -> None:
        seen: Seen = []
        strap = HeartRateStrap(lambda _: 100.0, contact_bit=contact_bit)
        with Radio(Treadmill(), strap) as radio:
            bluetooth = Bluetooth(None, radio.client, radio.scanner, radio.adapter)
            client = HeartRateClient(settings or HeartRateSettings(), seen.append, bluetooth)
            task = asyncio.create_task(client.run())
            await scenario(Bench(strap, client, seen))
            await client.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    virtual_time.run(main())


def test_every_measurement_is_passed_on() -> None:
    """The link comes up, then each frame is a sample with rate, contact and RR intervals."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(10)
        assert bench.seen[0] == HeartRateLink(up=True)
        assert len(bench.samples()) >= 8
        assert {(sample.bpm, sample.contact) for sample in bench.samples()} == {(100, True)}
        last = bench.samples()[-1]
        assert last.rr_ms
        assert all(rr_ms == pytest.approx(600, rel=0.1) for rr_ms in last.rr_ms)

    on_bench(scenario)


def test_a_strap_without_contact_bit_cannot_tell() -> None:
    """None is not False."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(5)
        assert {sample.contact for sample in bench.samples()} == {None}

    on_bench(scenario, contact_bit=False)


def test_contact_lost_is_told_with_the_rate_that_the_strap_repeats() -> None:
    """What to make of it is the engine's business."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(5)
        bench.strap.faults.off_body = True
        await asyncio.sleep(2)
        assert bench.samples()[-1] == HeartRateSample(100, contact=False)

    on_bench(scenario)


def test_a_lost_strap_is_told_once_and_found_again() -> None:
    """Down, and up again when it is back in range, without being asked."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(5)
        bench.strap.lose_link(for_s=30)
        await asyncio.sleep(60)
        assert bench.links() == [True, False, True]
        assert bench.seen[-1] != HeartRateLink(up=True)

    on_bench(scenario)


def test_disconnect_lets_it_go() -> None:
    """No sample comes any more, and no attempt is made."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(5)
        bench.client.execute(Disconnect())
        await asyncio.sleep(5)
        count = len(bench.samples())
        await asyncio.sleep(20)
        assert bench.links() == [True, False]
        assert len(bench.samples()) == count

    on_bench(scenario)


def test_a_pinned_strap_is_the_only_one_that_counts() -> None:
    """A neighbour's strap is not taken for the pinned one."""

    async def scenario(bench: Bench) -> None:
        bench.client.execute(Connect())
        await asyncio.sleep(30)
        assert not bench.seen

    on_bench(scenario, HeartRateSettings(address="00:00:00:00:00:01"))

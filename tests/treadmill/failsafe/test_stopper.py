"""One belt that runs on is stopped, over a fake org.bluez: by one process, or by two."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from retrowalk.bluetooth import Bluetooth
from retrowalk.model import numbers as n
from retrowalk.model.observations import Answered
from retrowalk.model.units import seconds
from retrowalk.treadmill.assigned import TREADMILL_DATA
from retrowalk.treadmill.failsafe import Verdict, stop_belts, stopper
from retrowalk.treadmill.failsafe.bluez import CHARACTERISTIC, call, objects
from retrowalk_sim.bluez import Bluez
from retrowalk_sim.profiles import Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.bench import running, up
from treadmill.left_belt import STRICT, USUAL, forgotten_belt, running_belt, somebody_connects


async def test_a_running_belt_is_stopped_over_the_link_of_somebody_else() -> None:
    """Verified by two frames at zero, and the link is left alone."""
    said: list[str] = []
    async with running_belt() as (treadmill, bluez):
        assert await stop_belts((), said.append) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert bluez.connected(treadmill.advertisement.address)
    assert said == ["the belt stands, verified"]


async def test_a_machine_that_enforces_everything_is_stopped() -> None:
    """Subscription first, then control, then Stop; a Stop that is refused meanwhile is written again."""
    async with running_belt(STRICT) as (treadmill, _):
        assert await stop_belts((), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_over_the_link_of_somebody_who_had_control_the_first_word_is_the_stop_that_counts() -> None:
    """A machine that takes one request at a time refuses a Stop behind a request for control, for half a second."""
    treadmill = Treadmill(STRICT)
    async with air(treadmill), running(treadmill, Bluetooth()) as owner:
        await up(owner)
        owner.control()
        await owner.until(Answered)
        treadmill.move_by_hand(2.0)
        assert await stop_belts((), lambda _: None) is Verdict.VERIFIED
    _, first, second, *_ = treadmill.witness.of("written")
    assert (first.detail, second.detail) == ("0801", "00")
    assert all(event.at_s > first.at_s for event in treadmill.witness.of("refused"))
    assert not treadmill.witness.of("not_done")


ENFORCES = replace(profiles()["ideal"], rate_hz=4.0, run_down_kmh_per_s=2.0, cccd_enforced=True)
ONE_AT_A_TIME = replace(profiles()["ideal"], rate_hz=4.0, run_down_kmh_per_s=2.0, one_procedure=True)

type Belt = Callable[[Profile], AbstractAsyncContextManager[tuple[Treadmill, Bluez]]]


@pytest.mark.parametrize(
    "profile", [USUAL, ENFORCES, ONE_AT_A_TIME, STRICT], ids=["usual", "enforces CCCD", "one at a time", "both"]
)
@pytest.mark.parametrize("belt", [running_belt, forgotten_belt], ids=["left", "forgotten"])
async def test_two_at_once_stop_the_belt_and_both_see_it_stand(profile: Profile, belt: Belt) -> None:
    """The standby and the failsafe that follows the daemon's end: over a link that was left, or one that either makes.

    Each goes on while the other's write is under way, its answer is awaited, or it has just ended the link.
    """
    async with belt(profile) as (treadmill, _):
        address = treadmill.advertisement.address
        both = (stop_belts((address,), lambda _: None) for _ in range(2))
        assert await asyncio.gather(*both) == [Verdict.VERIFIED, Verdict.VERIFIED]
        assert treadmill.speed_kmh == 0


async def test_a_stop_that_has_no_effect_is_told_loudly() -> None:
    """Exit status 5, and the one thing that a person can do."""
    said: list[str] = []
    async with running_belt("ignores-stop") as (treadmill, bluez):
        assert await stop_belts((), said.append, patience_s=1.2) is Verdict.NOT_CONFIRMED
        assert [event.detail for event in treadmill.witness.of("written")].count("0801") >= 2
        assert bluez.connected(treadmill.advertisement.address)
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_a_stalled_link_is_not_confirmed() -> None:
    """Writes that never complete end the same way, after a patience in which the belt would have stood long ago."""
    async with running_belt(replace(USUAL, run_down_kmh_per_s=50.0)) as (treadmill, bluez):
        bluez.hold_writes(treadmill.advertisement.address)
        assert await stop_belts((), lambda _: None, patience_s=1.9) is Verdict.NOT_CONFIRMED
        assert treadmill.speed_kmh
        assert not treadmill.witness.of("written")


async def test_a_subscription_that_was_refused_is_asked_for_again(said: list[str]) -> None:
    """Without telemetry nobody sees the belt stand; bluetoothd refuses it while somebody else has all of it."""
    async with forgotten_belt() as (treadmill, _):
        address = treadmill.advertisement.address
        await somebody_connects(address)
        bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
        taken = await call(bus, await _path(bus, TREADMILL_DATA), CHARACTERISTIC, "AcquireNotify", "a{sv}", {})
        stopping = asyncio.create_task(stop_belts((address,), said.append))
        while not any("goes on without StartNotify" in line for line in said):  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        os.close(taken.unix_fds[0])
        assert await stopping is Verdict.VERIFIED
        bus.disconnect()


async def _path(bus: MessageBus, uuid: str) -> str:
    """Return the object of a characteristic, once bluetoothd knows the services."""
    while True:
        for path, interfaces in (await objects(bus)).items():
            if CHARACTERISTIC in interfaces and interfaces[CHARACTERISTIC]["UUID"].value == uuid:
                return path


def test_a_write_is_stuck_when_it_is_for_the_ladder() -> None:
    """The number stands twice, because this process must import nothing that it can do without."""
    assert seconds(stopper.STUCK_S) == n.STOP_EFFECT_NS


async def test_a_stuck_write_costs_the_link_and_not_thirty_seconds(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one takes no other write while one is unanswered: only a new link carries the Stop."""
    monkeypatch.setattr(stopper, "STUCK_S", 0.5)
    async with running_belt() as (treadmill, bluez):
        address = treadmill.advertisement.address
        bluez.hold_writes(address)
        stopping = asyncio.create_task(stop_belts((address,), said.append))
        while bluez.connected(address):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        bluez.hold_writes(address, held=False)
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
    assert any("the Stop's write is stuck" in line for line in said)


async def test_a_belt_that_slows_down_keeps_the_link_whatever_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never drop a link while the speed falls or is zero."""
    monkeypatch.setattr(stopper, "STUCK_S", 0.5)
    async with running_belt(replace(USUAL, run_down_kmh_per_s=0.5)) as (treadmill, bluez):
        treadmill.machine.stop()
        bluez.hold_writes(treadmill.advertisement.address)
        assert await stop_belts((), lambda _: None, patience_s=2.5) is Verdict.NOT_CONFIRMED
        assert not treadmill.witness.of("link_down")

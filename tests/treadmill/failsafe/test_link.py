"""Finding a treadmill by what bluetoothd knows or in the air, and connecting it, over a fake org.bluez."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from retrowalk.bluetooth import Bluetooth
from retrowalk.treadmill.failsafe import Verdict, link, stop_belts
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.bench import running, up
from treadmill.left_belt import USUAL, forgotten_belt, running_belt, written_to


async def test_a_machine_that_is_only_known_is_connected_and_let_go_again() -> None:
    """When the link is down, it is made; what was made here is ended here, once the belt stands."""
    treadmill = Treadmill("citysports")
    async with air(treadmill) as bluez:
        async with running(treadmill, Bluetooth()) as owner:
            await up(owner)
        treadmill.move_by_hand(2.0)
        address = treadmill.advertisement.address
        assert not bluez.connected(address)
        assert await stop_belts((address.lower(),), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert not bluez.connected(address)


async def test_a_link_that_the_next_daemon_may_use_is_not_ended() -> None:
    """It was made here, but whoever calls knows who is back: asked when the belt stands, and not before."""
    asked_at: list[float] = []
    treadmill = Treadmill(USUAL)

    def nobody_is_back() -> bool:
        asked_at.append(treadmill.speed_kmh)
        return False

    async with air(treadmill) as bluez:
        treadmill.move_by_hand(2.0)
        address = treadmill.advertisement.address
        assert await stop_belts((address,), lambda _: None, let_go=nobody_is_back) is Verdict.VERIFIED
        assert bluez.connected(address)
    assert asked_at == [0]


async def test_a_machine_that_bluetoothd_does_not_know_is_looked_for() -> None:
    """Since boot, or since bluetoothd was restarted, nobody saw it: found in the air, stopped, let go again."""
    said: list[str] = []
    async with forgotten_belt() as (treadmill, bluez):
        address = treadmill.advertisement.address
        assert await stop_belts((address.lower(),), said.append) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert not bluez.connected(address)
    assert "looking for it" in said[0]
    assert said[1:] == ["the belt stands, verified"]


async def test_a_machine_is_looked_for_with_a_radio_that_was_off() -> None:
    """It is switched on: a belt may be running."""
    async with forgotten_belt() as (treadmill, bluez):
        bluez.power(on=False)
        assert await stop_belts((treadmill.advertisement.address,), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_radio_that_bluetoothd_finds_late_looks_too(said: list[str]) -> None:
    """As after an adapter's reset: it was not there when the search began."""
    async with forgotten_belt() as (treadmill, bluez):
        assert bluez._stack
        tree, adapter = bluez._stack.tree, bluez._stack.adapter
        tree.remove(adapter)
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        await asyncio.sleep(0.5)  # it has looked in vain, more than once
        assert said
        tree.add(adapter)
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_no_radio_at_all_is_told(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """That is not a treadmill that is out of range."""
    monkeypatch.setattr(link, "SEEK_S", 0.3)
    async with forgotten_belt() as (treadmill, bluez):
        assert bluez._stack
        bluez._stack.tree.remove(bluez._stack.adapter)
        address = treadmill.advertisement.address
        assert await stop_belts((address,), said.append) is Verdict.NO_MACHINE
    assert "there is no Bluetooth adapter" in said[-1]


async def test_a_known_machine_is_reached_with_a_radio_that_was_off() -> None:
    """As after a reset of the adapter: it is switched on first."""
    treadmill = Treadmill("citysports")
    async with air(treadmill) as bluez:
        async with running(treadmill, Bluetooth()) as owner:
            await up(owner)
        treadmill.move_by_hand(2.0)
        bluez.power(on=False)
        assert await stop_belts((treadmill.advertisement.address,), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_machine_that_goes_out_of_sight_meanwhile_is_not_called_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its belt was not seen to stand: it is looked for as long as there is patience, and exit status 5 is the end."""
    monkeypatch.setattr(link, "SEEK_S", 0.3)
    said: list[str] = []
    async with running_belt("ignores-stop") as (treadmill, bluez):
        address = treadmill.advertisement.address
        stopping = asyncio.create_task(stop_belts((address,), said.append, patience_s=3.0))
        await written_to(treadmill)
        bluez.lose_link(address)
        await bluez.restart()
        bluez.power(on=False)
        assert await stopping is Verdict.NOT_CONFIRMED
    assert said[-1] == "STOP WAS WRITTEN, BUT THE BELT WAS NOT SEEN TO STAND. PULL THE SAFETY KEY."


async def test_a_link_that_is_lost_meanwhile_is_made_again() -> None:
    """The belt runs on without a link, so it is not given up."""
    slow = replace(profiles()["citysports"], run_down_kmh_per_s=0.5)
    async with running_belt(slow) as (treadmill, bluez):
        stopping = asyncio.create_task(stop_belts((), lambda _: None))
        await written_to(treadmill)
        bluez.lose_link(treadmill.advertisement.address)
        treadmill.move_by_hand(2.0)
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert len(treadmill.witness.of("link_up")) == 2

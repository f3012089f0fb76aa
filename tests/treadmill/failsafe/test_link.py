"""Finding a treadmill by what bluetoothd knows or in the air, and connecting it, over a fake org.bluez."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from dbus_fast import BusType, Variant
from dbus_fast.aio import MessageBus

from retrowalk.treadmill.failsafe import Verdict, link, stop_belts
from retrowalk.treadmill.failsafe.bluez import CONNECT_S, DEVICE, Tree, call, objects
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import QUICK, air
from treadmill.left_belt import USUAL, forgotten_belt, known_belt, running_belt, somebody_connects, written_to

ADDRESS = "00:00:00:00:00:01"


async def test_a_machine_that_is_only_known_is_connected_and_let_go_again() -> None:
    """When the link is down, it is made; what was made here is ended here, once the belt stands."""
    async with known_belt() as (treadmill, bluez):
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
        assert await stop_belts((address,), said.append, patience_s=0.5) is Verdict.NO_MACHINE
    assert "there is no Bluetooth adapter" in said[-2]
    assert said[-1] == "the treadmill was not found. PULL THE SAFETY KEY if the belt moves."


async def test_a_known_machine_is_reached_with_a_radio_that_was_off() -> None:
    """As after a reset of the adapter: it is switched on first."""
    async with known_belt() as (treadmill, bluez):
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


async def test_a_link_that_ends_before_its_services_are_known_is_made_again(said: list[str]) -> None:
    """A new bluetoothd finds the link of the killed one, knows nothing of it, and soon ends it."""
    async with forgotten_belt(timing=replace(QUICK, inherited_s=0.5)) as (treadmill, bluez):
        address = treadmill.advertisement.address
        await somebody_connects(address)
        await bluez.restart(0.0)
        begun_s = asyncio.get_running_loop().time()
        assert await stop_belts((address,), said.append) is Verdict.VERIFIED
        assert asyncio.get_running_loop().time() - begun_s < CONNECT_S
        assert treadmill.speed_kmh == 0
    assert said[0].startswith("not stopped yet: the link was lost before the services were known")


async def test_a_link_whose_services_never_become_known_is_ended(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Stop can be written over it, and bluetoothd has more patience than whoever is dragged."""
    monkeypatch.setattr(link, "CONNECT_S", 1.0)
    async with forgotten_belt(timing=replace(QUICK, inherited_s=60.0)) as (treadmill, bluez):
        address = treadmill.advertisement.address
        await somebody_connects(address)
        await bluez.restart(0.0)
        assert await stop_belts((address,), said.append) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
    assert said[0].startswith("not stopped yet: no answer")


async def test_a_link_that_comes_up_late_has_its_own_time_for_its_services(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both together take longer than either may: ended for that, it would never carry a Stop."""
    monkeypatch.setattr(link, "CONNECT_S", 1.0)
    async with known_belt(timing=replace(QUICK, connect_s=0.7, resolve_s=0.6)) as (treadmill, _):
        assert await stop_belts((treadmill.advertisement.address,), said.append) is Verdict.VERIFIED
        assert len(treadmill.witness.of("link_up")) == 2  # the owner's, and this one
    assert said[-1] == "the belt stands, verified"


async def test_a_link_made_here_is_not_waited_for_twice(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that never become known cost it as soon as any other link: each attempt has a new one."""
    monkeypatch.setattr(link, "CONNECT_S", 0.5)
    attempts: list[Tree] = []
    try_once = link.Link.up

    async def up(self: link.Link, tree: Tree) -> Tree:
        attempts.append(tree)
        return await try_once(self, tree)

    monkeypatch.setattr(link.Link, "up", up)
    async with forgotten_belt(timing=replace(QUICK, resolve_s=60.0)) as (treadmill, _):
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append, patience_s=5.0))
        while len(treadmill.witness.of("link_up")) < 3:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        assert len(attempts) == 3
        assert await stopping is Verdict.NOT_CONFIRMED


async def test_a_link_that_somebody_else_is_making_is_not_ended(said: list[str]) -> None:
    """As when the next daemon is there already: only what was made here is ended here."""
    async with known_belt(timing=replace(QUICK, connect_s=0.6)) as (treadmill, bluez):
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        path = next(path for path, interfaces in (await objects(bus)).items() if DEVICE in interfaces)
        somebody = asyncio.create_task(call(bus, path, DEVICE, "Connect"))
        await objects(bus)
        assert await stop_belts((treadmill.advertisement.address,), said.append) is Verdict.VERIFIED
        assert bluez.connected(treadmill.advertisement.address)
        await somebody
        bus.disconnect()
    assert "InProgress" in said[0]


async def test_services_that_could_not_be_asked_for_are_asked_for_again(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real bluetoothd says that it knows them when it failed, too: an empty list is no machine without a belt."""
    empty: Iterator[dict[str, tuple[str, list[str]]]] = iter([{}])
    known = link.Link.characteristics
    monkeypatch.setattr(link.Link, "characteristics", lambda self, tree: next(empty, known(self, tree)))
    async with forgotten_belt() as (treadmill, bluez):
        address = treadmill.advertisement.address
        assert await stop_belts((address,), said.append) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert len(treadmill.witness.of("link_up")) == 2
        assert not bluez.connected(address)
    assert "the device tells no treadmill control point" in said[1]


async def test_a_treadmill_that_comes_into_sight_late_is_stopped(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody told of it: it is looked for again and again, as long as there is patience."""
    monkeypatch.setattr(link, "SEEK_S", 0.2)
    async with forgotten_belt() as (treadmill, bluez):
        assert bluez._stack
        tree, adapter = bluez._stack.tree, bluez._stack.adapter
        tree.remove(adapter)
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        while not any("was not found within" in line for line in said):  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        tree.add(adapter)
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_what_two_radios_know_is_tried_with_both() -> None:
    """Which of them reaches it nobody knows; one that is connected is the one."""
    known = {f"/org/bluez/hci{number}/dev": _device(connected=False) for number in range(2)}
    one_connected = {**known, "/org/bluez/hci1/dev": _device(connected=True)}
    async with air(Treadmill()):
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        sought = link.Link(bus, ADDRESS, print, print)
        assert {sought._path(known) for sought._attempts in range(2)} == set(known)
        assert {sought._path(one_connected) for sought._attempts in range(2)} == {"/org/bluez/hci1/dev"}
        bus.disconnect()


def _device(*, connected: bool) -> dict[str, dict[str, Variant]]:
    return {DEVICE: {"Address": Variant("s", ADDRESS), "Connected": Variant("b", connected)}}

"""Reaching bluetoothd: one that is not there yet, hangs, comes back, or lets nobody in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dbus_fast import MessageType
from dbus_fast.aio import MessageBus

from retrowalk.treadmill.failsafe import Verdict, bluez, stop_belts
from retrowalk_sim.bluez import PrivateBus, private_bus, serve
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from retrowalk_sim.treadmill import Treadmill
from treadmill.left_belt import USUAL, written_to

BUS_GONE = "the bus is gone: waiting for another. PULL THE SAFETY KEY if the belt moves."


@pytest.fixture
async def bare_bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A bus without bluetoothd."""
    async with private_bus() as address:
        monkeypatch.setenv(ADDRESS_VARIABLE, address)
        yield address


async def test_a_bluetoothd_that_comes_back_meanwhile_is_waited_for(bare_bus: str) -> None:
    """It was killed with the daemon, and systemd is starting it again."""
    treadmill = Treadmill("citysports")
    treadmill.move_by_hand(2.0)
    stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), lambda _: None))
    await asyncio.sleep(0.3)  # it has asked in vain, more than once
    async with serve([treadmill], bare_bus):
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_bluetoothd_that_hangs_is_waited_for(
    bare_bus: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the name and answers nothing; when it is restarted, the belt is stopped."""
    monkeypatch.setattr(bluez, "BUS_S", 0.3)
    treadmill = Treadmill(USUAL)
    treadmill.move_by_hand(2.0)
    hung = await MessageBus(bus_address=bare_bus).connect()
    await hung.request_name("org.bluez")
    hung.add_message_handler(lambda message: message.message_type is MessageType.METHOD_CALL)
    stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
    await asyncio.sleep(1.0)  # it has asked in vain, more than once
    await hung.release_name("org.bluez")
    hung.disconnect()
    async with serve([treadmill], bare_bus):
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
    assert said[0] == "Bluetooth does not answer yet: no answer. PULL THE SAFETY KEY if the belt moves."


async def test_no_bluetooth_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]) -> None:
    """Without a bus there is a sentence, at once and in the end, and exit status 3, not a traceback."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert await stop_belts((), said.append, patience_s=0.5) is Verdict.NO_MACHINE
    assert [line.split(":")[0] for line in said] == ["Bluetooth does not answer yet", "Bluetooth cannot be reached"]


async def test_a_bus_that_lets_nobody_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may not speak on the bus gets the same sentence, once a bus that only died would be back."""

    async def reject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"REJECTED\r\n")
        await reader.read()
        writer.close()

    said: list[str] = []
    monkeypatch.setattr(bluez, "BUS_S", 0.4)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    async with await asyncio.start_unix_server(reject, tmp_path / "bus"):
        assert await stop_belts((), said.append) is Verdict.NO_MACHINE
    assert "Bluetooth cannot be reached" in said[-1]


async def test_a_bus_that_dies_while_it_lets_somebody_in_is_waited_for(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no refusal: the next one is there soon, with the treadmill."""

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    treadmill = Treadmill(USUAL)
    treadmill.move_by_hand(2.0)
    monkeypatch.setenv(ADDRESS_VARIABLE, f"unix:path={tmp_path}/bus")
    async with await asyncio.start_unix_server(die, tmp_path / "bus"):
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        while not said:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        async with private_bus() as address, serve([treadmill], address):
            monkeypatch.setenv(ADDRESS_VARIABLE, address)
            assert await stopping is Verdict.VERIFIED
            assert treadmill.speed_kmh == 0


async def test_a_bus_that_dies_during_the_stop_is_waited_for(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes bluetoothd along; both come back, and the belt is stopped over a link that is new."""
    treadmill = Treadmill("ignores-stop")
    treadmill.move_by_hand(2.0)
    bus = PrivateBus()
    async with bus as address, serve([treadmill], address) as bluez:
        monkeypatch.setenv(ADDRESS_VARIABLE, address)
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        await written_to(treadmill)
        bus.kill()
        while BUS_GONE not in said:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        kept = await bluez._end()
        await bus.come_back()
        treadmill.machine.profile = USUAL
        await bluez._begin(kept)
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_bus_that_does_not_come_back_leaves_a_belt_that_was_not_seen_to_stand(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The treadmill was there: exit status 5, and not "no machine"."""
    monkeypatch.setattr(bluez, "BUS_S", 0.4)
    treadmill = Treadmill("ignores-stop")
    treadmill.move_by_hand(2.0)
    bus = PrivateBus()
    async with bus as address, serve([treadmill], address):
        monkeypatch.setenv(ADDRESS_VARIABLE, address)
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        await written_to(treadmill)
        bus.kill()
        assert await stopping is Verdict.NOT_CONFIRMED
        await bus.come_back()
    assert said[-1].startswith("Bluetooth cannot be reached")


async def test_no_bus_is_waited_for_from_when_there_was_none(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And not from when bluetoothd began to hang, which is waited for longer."""
    monkeypatch.setattr(bluez, "BUS_S", 0.4)
    treadmill = Treadmill(USUAL)
    treadmill.move_by_hand(2.0)
    bus = PrivateBus()
    async with bus as address:
        monkeypatch.setenv(ADDRESS_VARIABLE, address)
        stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), said.append))
        await asyncio.sleep(3 * bluez.BUS_S)  # there is a bus, and no bluetoothd
        bus.kill()
        await asyncio.sleep(bluez.AGAIN_S)
        await bus.come_back()
        async with serve([treadmill], address):
            assert await stopping is Verdict.VERIFIED
            assert treadmill.speed_kmh == 0

"""The treadmill link over real bleak and a real D-Bus: what memory and virtual time cannot show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bleak import BleakClient

from retrowalk.bluetooth import Bluetooth, radio
from retrowalk.model.commands import Connect, Rebuild
from retrowalk.model.observations import Answered, LinkDown, LinkUp, Telemetry, WriteFailed, Written
from retrowalk.model.units import Speed
from retrowalk.treadmill.connection import LOST, OVERTAKEN
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.bluez import Bluez
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import CONTROL_POINT, TREADMILL_DATA, Treadmill
from treadmill.air import air
from treadmill.bench import Bench, running, up


@asynccontextmanager
async def bluez_bench(profile: str = "citysports") -> AsyncIterator[tuple[Bench, Bluez]]:
    """A running link on a private bus, with a treadmill in range."""
    treadmill = Treadmill(profile)
    async with air(treadmill) as bluez, running(treadmill, Bluetooth()) as ready:
        yield ready, bluez


async def walk(ready: Bench) -> None:
    """Connect, take control and start the belt."""
    await up(ready)
    ready.control()
    await ready.until(Answered)
    ready.start()
    await ready.until(Answered)


async def test_from_connect_to_a_standing_belt() -> None:
    """Discovery, ranges, telemetry, control, START, a set-point and Stop, over the shipped stack."""
    async with bluez_bench("ideal") as (ready, _):
        await walk(ready)
        await ready.until(Telemetry, lambda frame: bool(frame.speed))
        number = ready.speed(1.0)
        await ready.until(Answered, lambda answered: answered.number == number)
        ready.stop()
        await ready.until(Telemetry, lambda frame: frame.speed == Speed(0))
        assert ready.written() == ["00", "07", "026400", "0801"]
        assert ready.of(LinkUp)[0].machine.name == "Sim ideal"


async def test_each_frame_counts_once_whoever_else_listens() -> None:
    """BlueZ tells each as often as somebody subscribed: with two, a single lying zero would be told twice."""
    async with bluez_bench("brisk") as (ready, _):
        await walk(ready)
        await ready.until(Telemetry, lambda frame: bool(frame.speed))
        device = await Bluetooth().find(TreadmillSettings().sought)
        told: list[bytes] = []
        async with BleakClient(device) as other:
            await other.start_notify(TREADMILL_DATA, lambda _, frame: told.append(bytes(frame)))
            begun = len(ready.of(Telemetry))
            while len(ready.of(Telemetry)) < begun + 8:
                await ready.until(Telemetry)
        frames = ready.of(Telemetry)[begun:]
    assert len(told) > len(set(told)), "this BlueZ tells each once"
    assert len(frames) <= len(set(told)) + 1


async def test_a_stop_wins_as_soon_as_a_stalled_write_lets_go() -> None:
    """BlueZ takes one write at a time: the set-point that hangs is given up, and the Stop is the next on the wire."""
    async with bluez_bench() as (ready, bluez):
        await walk(ready)
        address = ready.treadmill.advertisement.address
        bluez.hold_writes(address)
        stalled, queued = ready.speed(2.0), ready.speed(3.0)
        await asyncio.sleep(0.05)
        number = ready.stop()
        await asyncio.sleep(0.05)
        assert ready.of(WriteFailed) == [WriteFailed(stalled, OVERTAKEN), WriteFailed(queued, OVERTAKEN)]
        bluez.hold_writes(address, held=False)
        await ready.until(Written, lambda written: written.number == number)
        assert ready.written()[-1] == "0801"
        assert "022c01" not in ready.written()


async def test_rebuild_frees_a_stop_that_is_stuck() -> None:
    """With every write held for ever, a new link carries the Stop."""
    async with bluez_bench() as (ready, bluez):
        await walk(ready)
        address = ready.treadmill.advertisement.address
        bluez.hold_writes(address)
        ready.stop()
        await asyncio.sleep(0.05)
        bluez.hold_writes(address, held=False)
        ready.link.execute(Rebuild())
        await ready.until(LinkUp)
        number = ready.stop()
        await ready.until(Written, lambda written: written.number == number)
        assert ready.written()[-1] == "0801"


async def test_no_subscription_is_left_over_from_a_lost_link() -> None:
    """After three losses each value still comes once: old clients were closed, not forgotten."""
    async with bluez_bench() as (ready, bluez):
        await up(ready)
        address = ready.treadmill.advertisement.address
        for _ in range(3):
            bluez.lose_link(address)
            await ready.until(LinkUp)
        assert bluez.listeners(address, CONTROL_POINT) == 1
        assert {down.reason for down in ready.of(LinkDown)} == {LOST}


async def test_a_machine_that_is_connected_already_is_taken_from_the_object_tree() -> None:
    """It does not advertise any more: a scan would never find it."""
    treadmill = Treadmill("citysports")
    async with air(treadmill) as bluez:
        async with BleakClient(treadmill.advertisement.address) as somebody_else:
            assert somebody_else.is_connected
            async with running(treadmill, Bluetooth()) as second:
                async with asyncio.timeout(3):
                    await up(second)
                assert second.of(LinkUp)[0].machine.address == treadmill.advertisement.address
        assert not bluez.connected(treadmill.advertisement.address)


async def test_bluetooth_switched_off_is_told_and_waited_for() -> None:
    """The link says so, and connects when the adapter is back on."""
    async with bluez_bench() as (ready, bluez):
        bluez.power(on=False)
        ready.link.execute(Connect())
        assert (await ready.until(LinkDown)).reason == "the Bluetooth adapter is switched off"
        bluez.power(on=True)
        await ready.until(LinkUp)


@pytest.mark.parametrize("links_last", [True, False])
async def test_bluetoothd_dies_and_comes_back(monkeypatch: pytest.MonkeyPatch, links_last: bool) -> None:
    """The link is down, and up again on the new daemon, whoever tells; the dead client holds up nothing."""
    monkeypatch.setattr(radio, "CLOSE_S", 300)
    monkeypatch.setattr(radio, "HOLD_CHECK_S", 0.2)
    async with bluez_bench() as (ready, bluez):
        await up(ready)
        await bluez.restart(links_last=links_last)
        await ready.until(LinkDown)
        await ready.until(LinkUp)
        await ready.until(Telemetry)


async def test_no_bus_at_all_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """A computer without D-Bus gets a sentence and not a traceback."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    async with running(Treadmill(profiles()["ideal"]), Bluetooth()) as ready:
        ready.link.execute(Connect())
        assert "D-Bus" in (await ready.until(LinkDown)).reason

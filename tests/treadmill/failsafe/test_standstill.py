"""When a belt is seen to stand: echoes and countdowns tell zeros, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.bluetooth import Bluetooth
from retrowalk.frames import FrameUnreadable
from retrowalk.model import numbers as n
from retrowalk.model.units import seconds
from retrowalk.treadmill.failsafe import Verdict, standstill, stop_belts
from retrowalk.treadmill.failsafe.standstill import COUNTDOWN_S, told_speed
from retrowalk.treadmill.frames import read_treadmill_data
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.bench import running, up
from treadmill.left_belt import running_belt, written_to


@asynccontextmanager
async def counting_down(countdown_s: float) -> AsyncIterator[Treadmill]:
    """A belt whose owner died right after START."""
    treadmill = Treadmill(replace(profiles()["ideal"], countdown_s=countdown_s))
    async with air(treadmill), running(treadmill, Bluetooth()) as owner:
        await up(owner)
        owner.control()
        owner.start()
        await written_to(treadmill, "07")
        yield treadmill


def test_an_echo_is_what_the_daemons_link_takes_for_one() -> None:
    """The number stands twice, because this process must import nothing that it can do without."""
    assert seconds(standstill.ECHO_S) == n.FRAME_ECHO_NS


def test_a_belt_slows_down_for_as_long_as_it_does_for_the_ladder() -> None:
    """Its link is kept meanwhile, whatever is stuck on it."""
    assert seconds(standstill.FALLING_S) == n.STOP_STALLED_NS


def test_a_countdown_is_watched_for_as_long_as_the_interlock_watches() -> None:
    """The time is the one that SAFETY.md gives a START to move the belt, of a machine that nobody measured."""
    assert pytest.approx(n.START_DELAY_S * n.START_PATIENCE) == COUNTDOWN_S


async def test_the_zero_frames_of_a_countdown_are_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine takes no Stop while it counts: when the belt then moves, Stop is written again until it stands."""
    monkeypatch.setattr(standstill, "COUNTDOWN_S", 2.5)
    said: list[str] = []
    async with counting_down(1.4) as treadmill:
        treadmill.faults.ignore_stop = True
        stopping = asyncio.create_task(stop_belts((), said.append))
        while not treadmill.witness.of("belt_started"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        treadmill.faults.ignore_stop = False
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0
        assert treadmill.witness.of("belt_standing")
        started_s = treadmill.witness.of("belt_started")[0].at_s
        written_s = [event.at_s for event in treadmill.witness.of("written", "0801")]
        assert min(written_s) < started_s - 0.5 < started_s < max(written_s)
    assert said[0] == "its speed is told as 0: watching for 2.5 s whether it is counting down to a start"


async def test_one_frame_of_a_speed_is_no_belt_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may tell its target once when it is started, count down in zeros, and take no Stop meanwhile."""
    monkeypatch.setattr(standstill, "COUNTDOWN_S", 2.5)
    treadmill = Treadmill("ideal")
    treadmill.faults.deaf_countdown_s = 1.4
    async with air(treadmill):
        address = treadmill.advertisement.address
        stopping = asyncio.create_task(stop_belts((address,), lambda _: None))
        await written_to(treadmill)
        treadmill.machine.start()
        assert await stopping is Verdict.VERIFIED
        assert treadmill.witness.of("belt_standing")
        assert treadmill.speed_kmh == 0


async def test_a_single_zero_that_is_told_twice_is_no_standstill() -> None:
    """BlueZ tells each frame as often as somebody listens; the daemon, or another failsafe, does."""
    lying = replace(profiles()["zero-frames"], up_kmh_per_s=50.0, run_down_kmh_per_s=0.5)
    async with running_belt(lying) as (treadmill, _):
        assert await stop_belts((), lambda _: None) is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


async def test_a_belt_that_only_stood_is_watched_until_no_countdown_can_be_running() -> None:
    """Then it is verified; the Stop itself did not wait."""
    loop = asyncio.get_running_loop()
    treadmill = Treadmill("ideal")
    async with air(treadmill), running(treadmill, Bluetooth()) as owner:
        await up(owner)
        begun_s = loop.time()
        stopping = asyncio.create_task(stop_belts((), lambda _: None))
        await written_to(treadmill)
        assert loop.time() - begun_s < standstill.COUNTDOWN_S
        assert await stopping is Verdict.VERIFIED
        assert loop.time() - begun_s >= standstill.COUNTDOWN_S


@given(st.binary(max_size=24))
def test_the_speed_is_read_as_the_decoder_reads_it(frame: bytes) -> None:
    """Only without importing it."""
    try:
        speed_kmh = read_treadmill_data(frame, as_far_as_sound=True).speed_kmh
    except FrameUnreadable:
        speed_kmh = None
    speed = told_speed(frame)
    assert speed_kmh == (None if speed is None else speed / 100)

"""The Stop of last resort, over a fake org.bluez: what a fresh process can do for a belt that runs on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from dbus_fast import MessageType
from dbus_fast.aio import MessageBus
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.bluetooth import Bluetooth
from retrowalk.cli import stop
from retrowalk.frames import FrameUnreadable
from retrowalk.marker import MARKER_NAME
from retrowalk.model import numbers as n
from retrowalk.model.observations import Answered
from retrowalk.model.units import seconds
from retrowalk.treadmill import failsafe
from retrowalk.treadmill.failsafe import COUNTDOWN_S, Verdict, stop_belts, told_speed
from retrowalk.treadmill.frames import read_treadmill_data
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.bluez import Bluez, private_bus, serve
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from retrowalk_sim.profiles import Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.bench import running, up
from treadmill.left_belt import STRICT, USUAL, running_belt, written_to

NOBODY = 65534
FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def _counts_down_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a belt that only stood for as long as a test can wait."""
    monkeypatch.setattr(failsafe, "COUNTDOWN_S", 0.8)


@pytest.fixture
def said() -> list[str]:
    """What a person would read."""
    return []


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


@asynccontextmanager
async def forgotten_belt(profile: Profile = USUAL) -> AsyncIterator[tuple[Treadmill, Bluez]]:
    """A belt that runs, and a bluetoothd that has never seen it."""
    treadmill = Treadmill(profile)
    async with air(treadmill) as bluez:
        treadmill.move_by_hand(2.0)
        yield treadmill, bluez


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
    monkeypatch.setattr(failsafe, "SEEK_S", 0.3)
    async with forgotten_belt() as (treadmill, bluez):
        assert bluez._stack
        bluez._stack.tree.remove(bluez._stack.adapter)
        address = treadmill.advertisement.address
        assert await stop_belts((address,), said.append) is Verdict.NO_MACHINE
    assert "there is no Bluetooth adapter" in said[-1]


async def test_without_a_marker_the_configured_machine_is_looked_for(tmp_path: Path) -> None:
    """The configuration tells which one."""
    config, nowhere = tmp_path / "hall.toml", tmp_path / "nowhere"
    async with forgotten_belt() as (treadmill, _):
        config.write_text(f'[treadmill]\naddress = "{treadmill.advertisement.address}"\n')
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("RETROWALK_CONFIG", str(config))
            status, words = await command("--marker", nowhere)
        assert (status, words.splitlines()[-1]) == (0, "the belt stands, verified")
        assert treadmill.speed_kmh == 0


async def test_another_treadmill_that_is_connected_does_not_stand_in_for_the_configured_one() -> None:
    """No marker tells which: both are stopped, and each line says of which it speaks."""
    said: list[str] = []
    here, there = Treadmill("citysports", address=ONE), Treadmill("citysports", address=OTHER)
    async with air(here, there), running(here, Bluetooth(), TreadmillSettings(address=ONE)) as owner:
        await up(owner)
        there.move_by_hand(2.0)
        assert await stop_belts((OTHER,), said.append, connected=True) is Verdict.VERIFIED
        assert there.speed_kmh == 0
        assert here.witness.of("written")
    assert {f"{ONE}: the belt stands, verified", f"{OTHER}: the belt stands, verified"} <= set(said)


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
    monkeypatch.setattr(failsafe, "SEEK_S", 0.3)
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


# -- a countdown


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
    assert seconds(failsafe.ECHO_S) == n.FRAME_ECHO_NS


def test_a_countdown_is_watched_for_as_long_as_the_interlock_watches() -> None:
    """The time is the one that SAFETY.md gives a START to move the belt, of a machine that nobody measured."""
    assert pytest.approx(n.START_DELAY_S * n.START_PATIENCE) == COUNTDOWN_S


async def test_the_zero_frames_of_a_countdown_are_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine takes no Stop while it counts: when the belt then moves, Stop is written again until it stands."""
    monkeypatch.setattr(failsafe, "COUNTDOWN_S", 2.5)
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
    monkeypatch.setattr(failsafe, "COUNTDOWN_S", 2.5)
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
        assert loop.time() - begun_s < failsafe.COUNTDOWN_S
        assert await stopping is Verdict.VERIFIED
        assert loop.time() - begun_s >= failsafe.COUNTDOWN_S


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


async def test_a_bluetoothd_that_comes_back_meanwhile_is_waited_for(bare_bus: str) -> None:
    """It was killed with the daemon, and systemd is starting it again."""
    treadmill = Treadmill("citysports")
    treadmill.move_by_hand(2.0)
    stopping = asyncio.create_task(stop_belts((treadmill.advertisement.address,), lambda _: None))
    await asyncio.sleep(0.3)  # it has asked in vain, more than once
    async with serve([treadmill], bare_bus):
        assert await stopping is Verdict.VERIFIED
        assert treadmill.speed_kmh == 0


@given(st.binary(max_size=24))
def test_the_speed_is_read_as_the_decoder_reads_it(frame: bytes) -> None:
    """Only without importing it."""
    try:
        speed_kmh = read_treadmill_data(frame, as_far_as_sound=True).speed_kmh
    except FrameUnreadable:
        speed_kmh = None
    speed = told_speed(frame)
    assert speed_kmh == (None if speed is None else speed / 100)


async def test_a_stop_that_has_no_effect_is_told_loudly() -> None:
    """Exit status 5, and the one thing that a person can do."""
    said: list[str] = []
    async with running_belt("ignores-stop") as (treadmill, bluez):
        assert await stop_belts((), said.append, patience_s=1.2) is Verdict.NOT_CONFIRMED
        assert [event.detail for event in treadmill.witness.of("written")].count("0801") >= 2
        assert bluez.connected(treadmill.advertisement.address)
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_a_stalled_link_is_not_confirmed() -> None:
    """Writes that never complete end the same way, after the patience."""
    async with running_belt() as (treadmill, bluez):
        bluez.hold_writes(treadmill.advertisement.address)
        assert await stop_belts((), lambda _: None, patience_s=0.7) is Verdict.NOT_CONFIRMED


@pytest.mark.parametrize("addresses", [(), ("00:00:00:00:00:01",)])
async def test_no_machine_is_told(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    """Exit status 3 when nothing is connected or known, or found in the air within a bounded time."""
    said: list[str] = []
    monkeypatch.setattr(failsafe, "SEEK_S", 0.3)
    async with air(Treadmill()):
        assert await stop_belts(addresses, said.append) is Verdict.NO_MACHINE
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_no_bluetooth_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]) -> None:
    """Without a bus there is a sentence, at once and in the end, and exit status 3, not a traceback."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert await stop_belts((), said.append, patience_s=0.5) is Verdict.NO_MACHINE
    assert [line.split(":")[0] for line in said] == ["Bluetooth does not answer yet", "Bluetooth cannot be reached"]


async def test_a_bluetoothd_that_hangs_is_waited_for(
    bare_bus: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the name and answers nothing; when it is restarted, the belt is stopped."""
    monkeypatch.setattr(failsafe, "BUS_S", 0.3)
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


async def test_a_bus_that_lets_nobody_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may not speak on the bus gets the same sentence."""

    async def reject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"REJECTED\r\n")
        await reader.read()
        writer.close()

    said: list[str] = []
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    async with await asyncio.start_unix_server(reject, tmp_path / "bus"):
        assert await stop_belts((), said.append) is Verdict.NO_MACHINE
    assert "Bluetooth cannot be reached" in said[-1]


@pytest.fixture
async def bare_bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A bus without bluetoothd."""
    async with private_bus() as address:
        monkeypatch.setenv(ADDRESS_VARIABLE, address)
        yield address


async def command(*arguments: str | Path, said_to: IO[str] | int = asyncio.subprocess.STDOUT) -> tuple[int, str]:
    """Run `retrowalk stop` as a process of its own; return its exit status and words."""
    code = "from retrowalk.cli import main; raise SystemExit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "stop", *arguments, stdout=asyncio.subprocess.PIPE, stderr=said_to
    )
    words, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, words.decode()


async def test_the_failsafe_acts_only_while_a_session_is_open(tmp_path: Path) -> None:
    """Without a marker nothing is touched; with one, its treadmill is stopped."""
    marker = tmp_path / MARKER_NAME
    async with running_belt() as (treadmill, _):
        assert await command("--failsafe", "--marker", marker) == (0, "no session was left open: nothing to stop\n")
        assert not treadmill.witness.of("written")
        marker.write_text(json.dumps({"address": treadmill.advertisement.address, "latch": None}))
        assert await command("--failsafe", "--marker", marker) == (0, "the belt stands, verified\n")
        assert treadmill.speed_kmh == 0
        assert marker.exists()


async def test_a_session_that_was_left_open_elsewhere_is_found(tmp_path: Path) -> None:
    """The configuration has a place of its own for the state; systemd tells another."""
    config, elsewhere = tmp_path / "hall.toml", tmp_path / "elsewhere"
    elsewhere.mkdir()
    config.write_text('[daemon]\nstate_dir = "elsewhere"\n')
    async with running_belt() as (treadmill, _):
        (elsewhere / MARKER_NAME).write_text(json.dumps({"address": treadmill.advertisement.address, "latch": None}))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("RETROWALK_CONFIG", str(config))
            environment.setenv("STATE_DIRECTORY", str(tmp_path))
            assert (await command("--failsafe"))[0] == 0
        assert treadmill.speed_kmh == 0


@pytest.mark.parametrize("content", ["[treadmill]", "treadmill = 1", "[treadmill]\naddress = 7", "no TOML", None])
def test_a_configuration_that_cannot_be_read_is_no_reason_not_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: list[Stopped], content: str | None
) -> None:
    """Nor one that tells no address."""
    config = tmp_path / "hall.toml"
    if content is not None:
        config.write_text(content)
    monkeypatch.setenv("RETROWALK_CONFIG", str(config))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert stop.main([]) == Verdict.VERIFIED
    assert stopped == [((), True)]


type Stopped = tuple[tuple[str, ...], bool]
"""Which addresses were to be stopped, and whether all that is connected, too."""


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[Stopped]:
    """What the command would have stopped."""
    asked: list[Stopped] = []

    def stopping(addresses: set[str], connected: bool, _: object) -> int:
        asked.append((tuple(sorted(addresses)), connected))
        return Verdict.VERIFIED

    monkeypatch.setattr(stop, "_stop", stopping)
    return asked


ONE, OTHER, CONFIGURED = "00:00:00:00:00:01", "00:00:00:00:00:02", "00:00:00:00:00:03"


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        ([ONE], ((ONE,), False)),
        ([ONE, OTHER], ((ONE, OTHER), False)),
        ([ONE, None], ((ONE, CONFIGURED), True)),
        ([None], ((CONFIGURED,), True)),
        ([], ((CONFIGURED,), True)),
    ],
    ids=["one", "two", "one damaged", "damaged", "none"],
)
def test_every_treadmill_that_may_have_been_left_is_stopped(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped: list[Stopped],
    markers: list[str | None],
    expected: Stopped,
) -> None:
    """Those of all markers; where one tells nothing, the configured one and whatever is connected."""
    config = tmp_path / "hall.toml"
    config.write_text(f'[treadmill]\naddress = "{CONFIGURED}"\n')
    monkeypatch.setenv("RETROWALK_CONFIG", str(config))
    for name, (variable, address) in enumerate(
        zip(("RETROWALK_RUNTIME_DIR", "STATE_DIRECTORY"), markers, strict=False)
    ):
        folder = tmp_path / str(name)
        folder.mkdir()
        (folder / MARKER_NAME).write_text(json.dumps({"address": address, "latch": None}))
        monkeypatch.setenv(variable, str(folder))
    if not markers:
        monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    stop.main([])
    assert stopped == [expected]


@pytest.mark.parametrize("wrong", [["now"], ["--adress", ONE], ["--address"], ["--name"]])
def test_who_mistypes_wants_the_belt_to_stop_all_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stopped: list[Stopped],
    wrong: list[str],
) -> None:
    """What is not understood is told and left out; only help is help. The failsafe stays one."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("RETROWALK_CONFIG", str(tmp_path / "absent"))
    assert stop.main(wrong) == Verdict.VERIFIED
    assert len(stopped) == 1
    assert "stopping all the same, without what is not understood" in capfd.readouterr().err
    assert stop.main(["--failsafe", *wrong]) == 0
    assert len(stopped) == 1


async def test_a_log_that_takes_no_more_ends_no_stop(tmp_path: Path) -> None:
    """Its disk is full: the belt is stopped without words."""
    async with running_belt() as (treadmill, _):
        with FULL.open("w") as full:  # noqa: ASYNC230 - a device
            assert (await command("--marker", tmp_path / "absent", said_to=full))[0] == 0
        assert treadmill.speed_kmh == 0


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user who may look into nothing that is not everybody's; whoever is not root is one already."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("only", [[], ["--failsafe"]], ids=["anytime", "failsafe"])
def test_who_may_not_look_for_the_marker_may_stop_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: list[Stopped], only: list[str]
) -> None:
    """The state folder is the daemon's own, 0750, and so may be the configuration: the Stop is tried without them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv("RETROWALK_RUNTIME_DIR", str(closed))
    monkeypatch.setenv("RETROWALK_CONFIG", str(closed / "hall.toml"))
    with somebody_else():
        assert stop.main(only) == Verdict.VERIFIED
    assert stopped == [((), True)]


async def imported(module: str) -> set[str]:
    """Return the names of everything that is imported with `module`."""
    code = f"import sys, {module}; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    names, _ = await process.communicate()
    return set(names.decode().split())


async def test_nothing_heavy_is_imported() -> None:
    """Each tenth of a second counts when nobody watches the belt: D-Bus, what it needs, and constants."""
    names = await imported(failsafe.__name__)
    assert not {"bleak", "pydantic", "structlog", "pyftms", "aiomqtt", "typer"} & names
    own = {name for name in names if name.startswith("retrowalk.")}
    assert own == {"retrowalk.treadmill", "retrowalk.treadmill.failsafe", "retrowalk.treadmill.assigned"}


async def test_with_nothing_to_stop_there_is_nothing_to_import() -> None:
    """Every end of a daemon waits for it."""
    assert not {"asyncio", "dbus_fast"} & await imported(stop.__name__)

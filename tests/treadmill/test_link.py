"""The contract of the treadmill link, over simulated devices in memory and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bleak.backends.characteristic import BleakGATTCharacteristic

import virtual_time
from retrowalk.machines import Facts, Machines, Record
from retrowalk.machines import Profile as HeardOf
from retrowalk.machines.profile import Match
from retrowalk.model import numbers as n
from retrowalk.model.commands import Connect, Disconnect, Rebuild
from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.observations import (
    Answer,
    Answered,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    Observation,
    Telemetry,
    WriteFailed,
    Written,
)
from retrowalk.model.units import LEVEL, Incline, Speed
from retrowalk.treadmill.connection import LOST, OVERTAKEN, Connection
from retrowalk.treadmill.link import NO_LINK, REBUILT
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim import frames as sim_frames
from retrowalk_sim.gatt import Service
from retrowalk_sim.memory.client import MemoryClient
from retrowalk_sim.profiles import Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from support.machines import commissioned, record
from treadmill.bench import Bench, bench, up

type Scenario = Callable[[Bench], Awaitable[None]]


def on_bench(
    scenario: Scenario,
    profile: Profile | str = "ideal",
    settings: TreadmillSettings | None = None,
    *others: Treadmill,
    left: str | None = None,
) -> None:
    """Run `scenario` in virtual time."""

    async def main() -> None:
        async with bench(profile, settings, *others, left=left) as ready:
            await scenario(ready)

    virtual_time.run(main())


async def walk(ready: Bench, kmh: float = 2.0) -> None:
    """Connect, take control, start, and walk at `kmh`."""
    await up(ready)
    for command in (ready.control, ready.start):
        number = command()
        await ready.until(Answered, lambda answered, number=number: answered.number == number)  # type: ignore[misc]
    await ready.until(Telemetry, lambda frame: bool(frame.speed))
    number = ready.speed(kmh)
    await ready.until(Answered, lambda answered: answered.number == number)


# ---- connecting


def test_a_link_tells_the_machine_once_and_writes_nothing() -> None:
    """Connect gives one LinkUp with what the machine says of itself, then frames, and no write."""

    async def scenario(ready: Bench) -> None:
        told = await up(ready)
        await ready.until(Telemetry)
        assert told.machine == Machine(
            address=ready.treadmill.advertisement.address,
            name="Sim ideal",
            slowest=Speed(80),
            fastest=Speed(1200),
            step=Speed(10),
            incline=InclineRange(LEVEL, Incline(120), Incline(5)),
            make="retrowalk-sim ideal",
            firmware="1.0",
        )
        assert isinstance(ready.seen[0], LinkUp)
        assert ready.of(LinkUp) == [told]
        assert not ready.written()

    on_bench(scenario)


def test_what_commissioning_knows_is_told_with_the_machine() -> None:
    """A record overrides the careful assumptions."""

    async def scenario(ready: Bench) -> None:
        machine = (await up(ready)).machine
        assert (machine.run_down_s, machine.start_delay_s) == (21.0, 16 / 3)
        assert (machine.commissioned, machine.silent_after_stop, machine.starts_at_console_only) == (True, True, False)

    on_bench(scenario, settings=commissioned(run_down_s=21.0, after_stop="silence"))


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        (record("ideal"), True),
        (record("ideal", passed=False), False),
        (record("min-1.0"), False),
        (record("ideal").model_copy(update={"firmware": "0.9"}), False),
    ],
)
def test_a_machine_is_commissioned_by_its_own_record_alone(known: Record, holds: bool) -> None:
    """The address must be its own, the firmware must not have changed since, and it must have passed."""

    async def scenario(ready: Bench) -> None:
        assert (await up(ready)).machine.commissioned is holds

    on_bench(scenario, settings=TreadmillSettings(machines=Machines(records=(known,))))


def test_hearsay_makes_a_machine_more_careful_and_never_less() -> None:
    """A profile raises the slowest speed; its short run-down, and that it falls silent, are not believed."""
    facts = Facts(slowest_kmh=1.0, fastest_kmh=50.0, run_down_s=1.0, after_stop="silence", starts_at_console_only=True)
    heard = HeardOf(title="Sim", seen="nowhere", match=Match(manufacturer="retrowalk-*"), facts=facts)

    async def scenario(ready: Bench) -> None:
        machine = (await up(ready)).machine
        assert (machine.slowest, machine.fastest, machine.run_down_s) == (Speed(100), Speed(1200), 10.0)
        assert not any((machine.commissioned, machine.silent_after_stop, machine.starts_at_console_only))

    on_bench(scenario, settings=TreadmillSettings(machines=Machines(profiles=(heard,))))


@pytest.mark.parametrize("command", [Bench.control, Bench.start, lambda ready: ready.speed(2.5), Bench.stop])
def test_a_write_is_with_bluetooth_before_the_loop_turns(
    command: Callable[[Bench], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else that waits in the loop comes first."""
    begun: list[bytes] = []
    write = MemoryClient.write_gatt_char

    async def writing(self: MemoryClient, at: BleakGATTCharacteristic, data: bytes, response: bool) -> None:
        begun.append(data)
        await write(self, at, data, response)

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        monkeypatch.setattr(MemoryClient, "write_gatt_char", writing)
        command(ready)
        assert begun

    on_bench(scenario)


@pytest.mark.parametrize(
    "settings",
    [
        TreadmillSettings(address=profiles()["ideal"].address.lower()),
        TreadmillSettings(name="Sim ideal"),
        TreadmillSettings(),
    ],
)
def test_a_treadmill_is_found_by_address_by_name_or_by_what_it_is(settings: TreadmillSettings) -> None:
    """All three ways lead to the same machine."""

    async def scenario(ready: Bench) -> None:
        assert (await up(ready)).machine.name == "Sim ideal"

    on_bench(scenario, settings=settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (TreadmillSettings(address="00:00:00:00:00:01"), "no treadmill with the address 00:00:00:00:00:01 is in range"),
        (TreadmillSettings(name="Other"), "no treadmill named 'Other' is in range"),
    ],
)
def test_no_machine_is_told_in_words_and_only_once(settings: TreadmillSettings, words: str) -> None:
    """The link goes on looking; the same reason is not repeated."""

    async def scenario(ready: Bench) -> None:
        ready.link.execute(Connect())
        assert (await ready.until(LinkDown)).reason.startswith(words)
        await asyncio.sleep(60)
        assert len(ready.of(LinkDown)) == 1

    on_bench(scenario, settings=settings)


def test_a_rowing_machine_is_no_treadmill() -> None:
    """A fitness machine that says it is something else is left alone."""

    async def scenario(ready: Bench) -> None:
        service_data = {ready.treadmill.advertisement.service_uuids[0]: b"\x01\x10\x00"}
        ready.treadmill.advertisement = replace(ready.treadmill.advertisement, service_data=service_data)
        ready.link.execute(Connect())
        assert (await ready.until(LinkDown)).reason.startswith("no treadmill is in range")

    on_bench(scenario)


def test_a_treadmill_that_does_not_say_what_it_is_is_found_by_its_service() -> None:
    """Some send no service data."""

    async def scenario(ready: Bench) -> None:
        ready.treadmill.advertisement = replace(ready.treadmill.advertisement, service_data={})
        await up(ready)

    on_bench(scenario)


def without(ready: Bench, *chars: str) -> None:
    """Let the machine lack characteristics, by their short UUIDs."""
    ready.treadmill.services = tuple(
        Service(service.uuid, tuple(char for char in service.characteristics if char.uuid[4:8] not in chars))
        for service in ready.treadmill.services
    )


def test_missing_characteristics_are_replaced_by_careful_assumptions() -> None:
    """No features, ranges, status or training status: 0.8 to 6.0 km/h, no incline, and it works."""

    async def scenario(ready: Bench) -> None:
        without(ready, "2acc", "2ad3", "2ad4", "2ad5", "2ada")
        machine = (await up(ready)).machine
        assert (machine.slowest, machine.fastest, machine.step) == (Speed(80), Speed(600), Speed(10))
        assert machine.incline is None
        await ready.until(Telemetry)

    on_bench(scenario)


@pytest.mark.parametrize(("char", "name"), [("2ad9", "control point"), ("2acd", "treadmill data")])
def test_a_machine_that_cannot_be_driven_is_told(char: str, name: str) -> None:
    """Without control point or telemetry there is no link, and a reason."""

    async def scenario(ready: Bench) -> None:
        without(ready, char)
        ready.link.execute(Connect())
        assert (await ready.until(LinkDown)).reason.endswith(f"it has no {name}")
        assert not ready.of(LinkUp)

    on_bench(scenario)


def test_an_incline_range_of_nothing_is_no_incline() -> None:
    """A machine that says 0 to 0 by 0 has none, and no division by its step happens."""

    async def scenario(ready: Bench) -> None:
        assert (await up(ready)).machine.incline is None

    on_bench(scenario, profile="urevo")


def test_a_status_that_is_replayed_on_subscription_comes_after_link_up() -> None:
    """Nothing is observed before LinkUp, and nothing is lost."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        await ready.until(Telemetry)
        assert [type(observation) for observation in ready.seen[:2]] == [LinkUp, MachineStatus]

    on_bench(scenario, profile="replays-status")


# ---- telemetry and status


def test_every_frame_is_passed_on_changed_or_not() -> None:
    """A standing belt at 2 Hz is twenty frames in ten seconds: its silence would be something else."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        await asyncio.sleep(10)
        assert 19 <= len(ready.of(Telemetry)) <= 21
        assert {frame.speed for frame in ready.of(Telemetry)} == {Speed(0)}

    on_bench(scenario)


def test_split_frames_are_passed_one_by_one() -> None:
    """Of two packets one has no speed: it is observed without one."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        await asyncio.sleep(3)
        assert {frame.speed for frame in ready.of(Telemetry)} == {Speed(0), None}

    on_bench(scenario, profile="split-frames")


@pytest.mark.parametrize("profile", ["ideal", "citysports"])
def test_statuses_are_told_with_or_without_padding(profile: str) -> None:
    """A stop at the console is heard, also from a maker who appends a byte."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.press("stop")
        await ready.until(MachineStatus, lambda status: status.event is MachineEvent.STOPPED_BY_USER)

    on_bench(scenario, profile)


def test_the_safety_key_is_told() -> None:
    """Status 03."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.pull_key()
        await ready.until(MachineStatus, lambda status: status.event is MachineEvent.STOPPED_BY_KEY)

    on_bench(scenario)


# ---- writing


@pytest.mark.parametrize("profile", ["ideal", "citysports", "urevo", "enforces-cccd", "countdown"])
def test_commands_are_written_and_answered_by_number(profile: str) -> None:
    """Control, START and a set-point: each Written once, each Answered once."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        assert [(answered.number, answered.answer) for answered in ready.of(Answered)] == [
            (number, Answer.SUCCESS) for number in (1, 2, 3)
        ]
        assert ready.of(Written) == [Written(1), Written(2), Written(3)]
        assert ready.written()[:2] == ["00", "07"]

    on_bench(scenario, profile)


def test_a_machine_with_write_without_response_only() -> None:
    """A control point that lists nothing else is written that way, and may answer by notification."""
    profile = replace(profiles()["citysports"], control_point=frozenset({"write-without-response", "notify"}))

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        stop = ready.stop()
        await ready.until(Answered, lambda answered: answered.number == stop)

    on_bench(scenario, profile)


def test_what_cannot_be_written_fails_with_a_reason() -> None:
    """Without a link, with an expired permit, or after a Stop: WriteFailed, never an exception."""

    async def scenario(ready: Bench) -> None:
        ready.link.execute(Rebuild())
        number = ready.stop()
        assert await ready.until(WriteFailed) == WriteFailed(number, NO_LINK)
        await walk(ready)
        number = ready.speed(2.5, expires_s=-0.1)
        assert await ready.until(WriteFailed) == WriteFailed(number, "its permit has expired")
        ready.stop()
        number = ready.speed(2.5)
        assert (await ready.until(WriteFailed)).number == number
        assert not any(frame.startswith("02fa") for frame in ready.written())

    on_bench(scenario)


def test_a_refusal_by_the_machine_is_a_failed_write() -> None:
    """A machine that refuses a second procedure by ATT error did not take the command."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.speed(2.5)
        await ready.until(Written)
        ready.speed(2.6)
        assert (await ready.until(WriteFailed)).reason == "the device refused: Procedure Already in Progress"

    on_bench(scenario, profile="enforces-cccd")


# ---- the Stop


def test_a_stop_goes_out_while_an_answer_is_outstanding() -> None:
    """No waiting for an indication that may never come."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.faults.lose_indications = True
        number = ready.speed(2.5)
        await ready.until(Written, lambda written: written.number == number)
        begun_s = asyncio.get_running_loop().time()
        ready.stop()
        await asyncio.sleep(0.001)
        stop = ready.treadmill.witness.of("written")[-1]
        assert stop.detail == "0801"
        assert stop.at_s - begun_s < 0.001

    on_bench(scenario)


def test_a_stop_drops_what_waits_behind_a_stalled_write() -> None:
    """The stalled set-point and the queued one fail; neither is written after the Stop."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.faults.stall_writes = True
        stalled, queued = ready.speed(2.5), ready.speed(2.6)
        await asyncio.sleep(0.2)
        ready.treadmill.faults.stall_writes = False
        ready.stop()
        await ready.until(Written)
        assert ready.of(WriteFailed) == [WriteFailed(stalled, OVERTAKEN), WriteFailed(queued, OVERTAKEN)]
        await ready.until(Telemetry, lambda frame: frame.speed == Speed(0))
        assert ready.written()[-1] == "0801"

    on_bench(scenario)


def test_commands_after_a_stop_in_the_same_moment_are_written_too() -> None:
    """The cancelled writer leaves nothing behind that waits for ever."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.speed(2.5)
        ready.stop()
        number = ready.control()
        await ready.until(Written, lambda written: written.number == number)

    on_bench(scenario)


def test_without_control_a_stop_asks_for_it_and_does_not_wait() -> None:
    """`00` and `08 01` go out together; a machine that never answers `00` is stopped all the same."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        ready.treadmill.move_by_hand(3.0)
        ready.stop()
        await ready.until(Written)
        assert ready.written() == ["00", "0801"]
        await ready.until(Telemetry, lambda frame: frame.speed == Speed(0))

    on_bench(scenario, profile="mute-control")


def test_a_stop_refused_for_its_own_request_for_control_succeeds_the_next_time() -> None:
    """A machine of one procedure at a time takes `00` and refuses the Stop behind it; the next Stop goes alone."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        ready.treadmill.move_by_hand(3.0)
        number = ready.stop()
        assert (await ready.until(WriteFailed)).number == number
        await asyncio.sleep(0.5)
        ready.stop()
        await ready.until(Telemetry, lambda frame: frame.speed == Speed(0))
        assert ready.written() == ["00", "0801", "0801"]

    on_bench(scenario, profile="enforces-cccd")


def test_control_taken_by_another_client_is_asked_for_again() -> None:
    """After status FF the next Stop carries `00` with it."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.take_control(4.0)
        await ready.until(MachineStatus, lambda status: status.event is MachineEvent.CONTROL_LOST)
        ready.stop()
        await ready.until(Written)
        assert ready.written()[-2:] == ["00", "0801"]

    on_bench(scenario)


@pytest.mark.parametrize(("profile", "goes"), [("citysports", True), ("ideal", False)])
def test_a_stop_without_response_where_the_machine_lists_it(profile: str, goes: bool) -> None:
    """It needs no response, so stalled responses do not stop it; elsewhere it is an ordinary write."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.faults.stall_writes = True
        number = ready.stop(without_response=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await ready.until(Written, lambda written: written.number == number)
        assert (ready.written()[-1] == "0801") is goes

    on_bench(scenario, profile)


def test_every_stop_is_written() -> None:
    """Stops are never merged or dropped: the engine counts on each of them."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        numbers = {ready.stop(), ready.stop(), ready.stop()}
        await asyncio.sleep(1)
        assert numbers <= {written.number for written in ready.of(Written)}
        assert ready.written()[-3:] == ["0801"] * 3

    on_bench(scenario)


# ---- losing the link and making it again


def test_a_lost_link_is_told_once_and_made_again_without_a_word_to_the_machine() -> None:
    """One LinkDown, one LinkUp when it is back, and no write in between or after."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        before = ready.written()
        ready.treadmill.lose_link(for_s=20)
        assert (await ready.until(LinkDown)).reason == LOST
        await ready.until(LinkUp)
        await asyncio.sleep(5)
        assert ready.written() == before
        assert ready.of(LinkDown)[0].reason == LOST
        assert len(ready.of(LinkUp)) == 2

    on_bench(scenario)


HERE, THERE = Treadmill().advertisement.address, "00:00:00:00:00:02"


@pytest.mark.parametrize("settings", [TreadmillSettings(), TreadmillSettings(name="Sim ideal")], ids=["any", "by name"])
def test_a_lost_link_is_made_again_to_the_same_machine_and_to_no_other(settings: TreadmillSettings) -> None:
    """Another treadmill that stands is no proof that this belt does. Who was let go is nobody's any more."""
    there = Treadmill(address=THERE)

    async def scenario(ready: Bench) -> None:
        there.lose_link(for_s=30)
        assert (await up(ready)).machine.address == HERE
        await asyncio.sleep(30)
        ready.treadmill.lose_link(for_s=20)
        await ready.until(LinkDown)
        assert (await ready.until(LinkUp)).machine.address == HERE
        assert not there.witness.of("link_up")
        ready.link.execute(Disconnect())
        await ready.until(LinkDown)
        ready.treadmill.lose_link(for_s=30)
        assert (await up(ready)).machine.address == THERE

    on_bench(scenario, "ideal", settings, there)


@pytest.mark.parametrize("settings", [TreadmillSettings(), TreadmillSettings(address=HERE)], ids=["any", "another"])
def test_what_a_daemon_before_may_have_left_running_is_the_machine_to_stop(settings: TreadmillSettings) -> None:
    """Whatever else is in the air or was configured since; once it is let go, the settings hold again."""
    there = Treadmill(address=THERE)

    async def scenario(ready: Bench) -> None:
        assert (await up(ready)).machine.address == THERE
        ready.link.execute(Disconnect())
        await ready.until(LinkDown)
        there.lose_link(for_s=30)
        assert (await up(ready)).machine.address == HERE

    on_bench(scenario, "ideal", settings, there, left=THERE)


def test_the_gate_of_a_new_link_is_shut() -> None:
    """A set-point meant for the old link cannot move the belt over the new one."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.lose_link()
        await ready.until(LinkUp)
        number = ready.speed(2.5)
        assert (await ready.until(WriteFailed)).number == number

    on_bench(scenario)


def test_rebuild_drops_a_stuck_link_and_connects_again() -> None:
    """With a write stalled for ever, Rebuild brings a fresh link within seconds, on which a Stop works."""

    async def scenario(ready: Bench) -> None:
        await walk(ready)
        ready.treadmill.faults.stall_writes = True
        ready.stop()
        await asyncio.sleep(2)
        ready.treadmill.faults.stall_writes = False
        ready.link.execute(Rebuild())
        assert (await ready.until(LinkDown)).reason == REBUILT
        async with asyncio.timeout(3):
            await ready.until(LinkUp)
        ready.stop()
        await ready.until(Telemetry, lambda frame: frame.speed == Speed(0))

    on_bench(scenario)


def test_disconnect_lets_the_machine_go_and_stays_away() -> None:
    """Hands off: no link, no attempt, until the next Connect."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        ready.link.execute(Disconnect())
        await ready.until(LinkDown)
        await asyncio.sleep(30)
        assert not ready.treadmill.linked
        assert len(ready.of(LinkUp)) == 1
        await up(ready)
        assert ready.treadmill.linked

    on_bench(scenario)


def test_disconnect_ends_an_attempt_to_connect() -> None:
    """Whoever disarms while the treadmill is being looked for is obeyed."""

    async def scenario(ready: Bench) -> None:
        ready.treadmill.lose_link(for_s=3)
        ready.link.execute(Connect())
        await asyncio.sleep(1)
        ready.link.execute(Disconnect())
        await asyncio.sleep(30)
        assert not ready.of(LinkUp)
        assert not ready.treadmill.linked

    on_bench(scenario)


def test_a_cancelled_link_leaves_the_machine_connected() -> None:
    """Only Disconnect and close let go: an accidental cancellation must not cut the failsafe's link."""

    async def scenario(ready: Bench) -> None:
        await up(ready)
        task = asyncio.create_task(ready.link.run())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.sleep(5)
        assert ready.treadmill.linked

    on_bench(scenario)


def test_a_frame_that_cannot_be_read_costs_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rubbish is dropped, a frame that is cut short is passed as far as it is sound."""
    rubbish = iter([b"", b"\x00", b"\x04\x00\x64\x00\x01"])
    genuine = sim_frames.treadmill_data
    monkeypatch.setattr(sim_frames, "treadmill_data", lambda *of: next(rubbish, genuine(*of)))

    async def scenario(ready: Bench) -> None:
        await up(ready)
        assert await ready.until(Telemetry) == Telemetry(speed=Speed(100))
        assert (await ready.until(Telemetry)).speed == Speed(0)

    on_bench(scenario)


async def test_a_stop_reaches_the_machine_in_the_call_that_demands_it() -> None:
    """Nothing that waits in the loop comes between; what became of the Stop is told later, from the loop."""
    async with bench() as ready:
        await up(ready)
        ready.control()
        await ready.until(Answered)
        told = len(ready.seen)
        number = ready.stop()
        assert ready.written() == ["00", "0801"]
        assert len(ready.seen) == told
        await ready.until(Written, Written(number).__eq__)


@pytest.mark.parametrize("step_ns", [-1, 0])
def test_the_same_frame_again_at_once_is_no_second_word(step_ns: int) -> None:
    """Within a tenth of a second it is an echo; a frame that differs never is."""
    heard: list[Observation] = []
    now_ns = [0]
    wire: Any = SimpleNamespace(end=None, ended=None, client=None, over=False)
    connection = Connection(wire, heard.append, lambda: now_ns[0])
    connection._early = None
    source: Any = None
    standing, moving = bytes(4), bytes((0, 0, 80, 0))
    for frame in (standing, moving, standing):
        connection._on_data(source, bytearray(frame))
    now_ns[0] = n.FRAME_ECHO_NS + step_ns
    connection._on_data(source, bytearray(standing))
    assert [frame.speed for frame in heard if isinstance(frame, Telemetry)] == [
        Speed(0), Speed(80), Speed(0), *([Speed(0)] if step_ns >= 0 else [])
    ]  # fmt: skip

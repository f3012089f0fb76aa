"""Hands, faults, telemetry and the witness of a simulated treadmill."""

from __future__ import annotations

import time

import pytest

from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import STALLED, LinkLoss
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.witness import Witness

from .conftest import Central, Meet


def elapsed(frames: list[str]) -> list[int]:
    """Return the elapsed times of the ideal machine's frames."""
    return [int.from_bytes(bytes.fromhex(frame)[-2:], "little") for frame in frames]


@pytest.mark.parametrize(("profile", "rate_hz"), [("countdown", 1), ("ideal", 2), ("split-frames", 4)])
def test_telemetry_comes_at_the_profile_s_rate(meet: Meet, profile: str, rate_hz: int) -> None:
    """Frames with a speed per second, also from a standing belt."""
    central = meet(profile)
    central.wait(10)
    assert len([f for f in central.heard("2acd") if not int(f[:2], 16) & 1]) == 10 * rate_hz


def test_counters_advance_with_the_belt(walking: Central) -> None:
    """Distance is what the belt ran, elapsed time goes second by second."""
    began_s = walking.now_s
    walking.wait(60)
    times = elapsed(walking.heard("2acd", began_s))
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(60, abs=1)
    run_m = walking.treadmill.machine.belt.distance_m
    assert int.from_bytes(bytes.fromhex(walking.heard("2acd")[-1])[4:7], "little") == pytest.approx(run_m, abs=1)
    assert run_m == pytest.approx(3 / 3.6 * 60, rel=0.2)


def test_the_console_starts_changes_and_stops_the_belt(meet: Meet) -> None:
    """Hands need no control; each change is told to the client as the user's."""
    central = meet()
    for button, settle_s in (("start", 3), ("faster", 1), ("faster", 1), ("slower", 1)):
        central.treadmill.press(button)
        central.wait(settle_s)
    assert central.treadmill.speed_kmh == pytest.approx(0.9)
    central.treadmill.press("stop")
    central.wait(3)
    assert central.heard("2ada") == ["04", "055a00", "056400", "055a00", "0201"]
    assert [event.detail for event in central.treadmill.witness.of("pressed")][:2] == ["start", "faster"]
    with pytest.raises(ValueError, match="press start, pause, stop, faster, slower"):
        central.treadmill.press("turbo")


def test_somebody_at_the_console_moves_the_belt_without_countdown(meet: Meet) -> None:
    """The belt that a daemon must not touch: it moves, and nobody wrote anything."""
    central = meet()
    central.treadmill.move_by_hand(4.0)
    central.wait(10)
    assert central.treadmill.speed_kmh == central.reported_kmh() == 4.0
    central.treadmill.move_by_hand(0)
    central.wait(8)
    assert central.treadmill.speed_kmh == 0
    assert central.treadmill.witness.of("written") == []


def test_without_its_key_the_machine_refuses_everything_that_moves(walking: Central) -> None:
    """Key out cuts the power; start, set-points and hands fail; with the key back it waits for a start."""
    walking.treadmill.pull_key()
    walking.wait(2)
    assert walking.treadmill.speed_kmh == 0
    walking.write("07", "02c800", "031400")
    assert walking.answers()[-3:] == ["800704", "800204", "800304"]
    walking.treadmill.move_by_hand(3.0)
    walking.wait(2)
    assert walking.treadmill.speed_kmh == 0
    walking.treadmill.insert_key()
    walking.wait(5)
    assert walking.treadmill.speed_kmh == 0
    walking.write("07")
    walking.wait(3)
    assert walking.treadmill.speed_kmh == 0.8
    assert [e.what for e in walking.treadmill.witness.of("key_pulled", "key_inserted")] == [
        "key_pulled",
        "key_inserted",
    ]


def test_lost_late_and_duplicate_answers(walking: Central) -> None:
    """Requests are carried out whatever becomes of their answers."""
    faults, known = walking.treadmill.faults, len(walking.answers())
    faults.lose_indications = True
    walking.write("02c800")
    walking.wait(5)
    assert len(walking.answers()) == known
    assert walking.treadmill.speed_kmh == 2.0
    faults.lose_indications, faults.late_indications_s = False, 3.0
    walking.write("02c800")
    assert len(walking.answers()) == known
    walking.wait(3)
    assert len(walking.answers()) == known + 1
    faults.late_indications_s, faults.duplicate_indications = 0.0, True
    walking.write("02c800")
    assert len(walking.answers()) == known + 3


def test_a_stalled_write_never_arrives(walking: Central) -> None:
    """It has no response and no effect; one without response gets through where the machine takes it."""
    walking.treadmill.faults.stall_writes = True
    due_s = walking.treadmill.write(ftms.CONTROL_POINT, b"\x08\x01", response=True, now_s=walking.now_s)
    walking.wait(5)
    assert due_s == STALLED
    assert walking.treadmill.speed_kmh == 3.0
    assert walking.treadmill.witness[-1].what == "stalled"


def test_frozen_and_silent_telemetry(walking: Central) -> None:
    """Frozen values repeat one frame; frozen counters let the speed go on; silence is silence."""
    faults = walking.treadmill.faults
    faults.freeze_values = True
    walking.wait(0.1)
    began_s = walking.now_s
    walking.write("029001")
    walking.wait(5)
    assert len(set(walking.heard("2acd", began_s))) == 1
    faults.freeze_values, faults.freeze_counters = False, True
    walking.wait(0.1)
    began_s = walking.now_s
    walking.write("022c01")
    walking.wait(5)
    frames = walking.heard("2acd", began_s + 0.5)
    assert len(set(elapsed(frames))) == 1
    assert len({frame[4:8] for frame in frames}) > 1
    faults.freeze_counters, faults.silence = False, True
    walking.wait(0.1)
    began_s = walking.now_s
    walking.wait(5)
    assert walking.heard("2acd", began_s) == []


def test_a_lost_link_says_nothing_and_the_belt_runs_on(walking: Central) -> None:
    """The radio is gone at once, for as long as asked; the belt is not."""
    walking.treadmill.lose_link(for_s=5)
    assert walking.treadmill.advance(walking.now_s) == [LinkLoss()]
    assert not walking.treadmill.linked
    walking.wait(4.9)
    assert not walking.treadmill.connectable
    walking.wait(0.2)
    assert walking.treadmill.connectable
    assert walking.treadmill.speed_kmh == 3.0


def test_another_client_takes_control(walking: Central) -> None:
    """Status FF, another speed, and requests that are no longer permitted, until control is asked for again."""
    walking.treadmill.take_control(4.5)
    walking.wait(5)
    assert walking.heard("2ada")[-2:] == ["ff", "04"]
    assert walking.treadmill.speed_kmh == 4.5
    walking.write("0801")
    assert walking.answers()[-1] == "800805"
    walking.treadmill.faults.control_held = True
    walking.write("00")
    assert walking.answers()[-1] == "800004"
    walking.treadmill.faults.control_held = False
    walking.write("00", "0801")
    assert walking.answers()[-2:] == ["800001", "800801"]


def test_a_belt_that_ignores_stop_runs_away_or_creeps(walking: Central) -> None:
    """Faults of the motor act at once, and end when they are taken back."""
    faults = walking.treadmill.faults
    faults.switch("ignore_stop", on=True)
    walking.write("0801")
    walking.wait(5)
    assert walking.treadmill.speed_kmh == 3.0
    faults.switch("runaway_kmh", on=True, value=2.0)
    walking.wait(5)
    assert walking.treadmill.speed_kmh == 5.0
    faults.switch("runaway_kmh", on=False)
    faults.switch("ignore_stop", on=False)
    walking.write("0801")
    walking.wait(7)
    assert walking.treadmill.speed_kmh == 0
    faults.switch("creep_kmh", on=True)
    walking.wait(3)
    assert walking.treadmill.speed_kmh == walking.reported_kmh() == 0.8
    faults.switch("creep_kmh", on=False)
    walking.wait(3)
    assert walking.treadmill.speed_kmh == 0
    with pytest.raises(ValueError, match="choose from lose_indications"):
        faults.switch("gremlins", on=True)


def test_the_witness_tells_what_happened_and_when() -> None:
    """Each event is kept in order and handed on as it happens."""
    treadmill, seen = Treadmill(), list[Witness]()
    treadmill.witness.on_event = seen.append
    central = Central(treadmill, now_s=100.0)
    central.connect()
    central.write("00", "07")
    central.wait(2)
    assert seen == treadmill.witness
    assert [(round(event.at_s, 6), event.what, event.detail) for event in seen] == [
        (100.0, "link_up", ""),
        (100.0, "written", "00"),
        (100.3, "written", "07"),
        (100.8, "set_point", "0.80"),
        (100.8, "belt_started", ""),
    ]


def test_a_simulated_minute_at_10_hz_is_cheap() -> None:
    """Well under 100 µs a tick, so that thousands of minutes can be walked in a test."""
    central = Central(Treadmill())
    central.connect()
    central.write("00", "07")
    began_s = time.process_time()
    for tick in range(6000):
        central.treadmill.advance(1 + tick / 10)
    assert (time.process_time() - began_s) / 6000 < 100e-6

"""Faults of orders: set-points that do not come through, starts and stops that are not heeded, a false incline."""

from __future__ import annotations

import struct

import pytest

from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import AttError

from .conftest import Central, Meet


def incline_pct(central: Central) -> float:
    """Return the incline of the last frame of an ideal machine: after flags, speed and distance."""
    last = bytes.fromhex(central.heard("2acd")[-1])
    return float(struct.unpack_from("<h", last, 7)[0] / 10)


def test_set_points_that_fail_change_nothing(walking: Central) -> None:
    """The write has an error for a response; a stop has none."""
    walking.treadmill.faults.fail_set_points = True
    with pytest.raises(AttError) as failed:
        walking.write("029001")
    assert failed.value.code == AttError.UNLIKELY
    walking.wait(5)
    assert walking.treadmill.speed_kmh == 3.0
    walking.write("0801")
    assert walking.answers()[-1] == "800801"


def test_set_points_that_are_refused_change_nothing(walking: Central) -> None:
    """They are answered, with a failure, and the onlooker notes it."""
    walking.treadmill.faults.refuse_set_points = True
    walking.write("029001", "031400")
    walking.wait(5)
    assert walking.answers()[-2:] == ["800204", "800304"]
    assert walking.treadmill.speed_kmh == 3.0
    assert [event.detail for event in walking.treadmill.witness.of("not_done")] == ["029001 04", "031400 04"]


def test_set_points_that_hang_are_carried_out(walking: Central) -> None:
    """Only the word about it comes late, over the air and from the machine."""
    walking.treadmill.faults.hang_set_points_s = 10.0
    due_s = walking.treadmill.write(ftms.CONTROL_POINT, b"\x02\x90\x01", response=True, now_s=walking.now_s)
    assert due_s - walking.now_s > 10
    walking.wait(5)
    assert walking.treadmill.speed_kmh == 4.0
    answers = len(walking.answers())
    walking.wait(6)
    assert walking.answers()[answers:] == ["800201"]


def test_a_start_that_is_not_heeded(meet: Meet) -> None:
    """It succeeds; a hand at the console is heeded."""
    central = meet()
    central.treadmill.faults.ignore_start = True
    central.write("00", "07")
    central.wait(5)
    assert central.answers()[-1] == "800701"
    assert central.treadmill.speed_kmh == 0
    central.treadmill.press("start")
    central.wait(5)
    assert central.treadmill.speed_kmh > 0


def test_a_countdown_that_hears_no_stop(meet: Meet) -> None:
    """One frame tells of motion ahead of it, zeros follow, a stop succeeds; then the belt goes, and takes the next."""
    central = meet()
    central.treadmill.faults.deaf_countdown_s = 5.0
    central.write("00")
    began_s = central.now_s
    central.write("07", "0801")
    central.wait(4)
    speeds = [value[4:8] for value in central.heard("2acd", began_s)]
    assert speeds[0] == "5000"
    assert set(speeds[1:]) == {"0000"}
    assert central.answers()[-1] == "800801"
    central.wait(3)
    assert central.treadmill.speed_kmh > 0
    central.write("0801")
    central.wait(3)
    assert central.treadmill.speed_kmh == 0


def test_an_incline_that_is_told_and_is_not(walking: Central) -> None:
    """It may look steeper, or downhill."""
    for false_pct in (2.5, -3.0):
        walking.treadmill.faults.false_incline_pct = false_pct
        walking.wait(1)
        assert incline_pct(walking) == false_pct
    assert walking.treadmill.incline_pct == 0


def test_buttons_tilt_the_belt(walking: Central) -> None:
    """A step each; a belt without a motor stays as it is."""
    for button in ("steeper", "steeper", "flatter"):
        walking.treadmill.press(button)
    walking.wait(3)
    assert walking.treadmill.incline_pct == incline_pct(walking) == 0.5

"""What is believed of the belt."""

from __future__ import annotations

import pytest

from retrowalk.interlock.belt import Belt
from retrowalk.model.observations import Telemetry
from retrowalk.model.units import STANDSTILL, Incline, Speed, seconds

RUNS = Telemetry(Speed(80))
STANDS = Telemetry(STANDSTILL)
MUTE = Telemetry(incline=Incline(20))


@pytest.mark.parametrize(("frames", "stands", "runs"), [
    ([], False, False),
    ([STANDS], False, False),
    ([STANDS, STANDS], True, False),
    ([STANDS, STANDS, STANDS], True, False),
    ([STANDS, STANDS, RUNS], False, False),
    ([RUNS], False, False),
    ([RUNS, RUNS], False, True),
    ([STANDS, RUNS, STANDS], False, False),
    ([STANDS, MUTE, STANDS], True, False),
])  # fmt: skip
def test_two_frames_in_a_row_are_evidence(frames: list[Telemetry], stands: bool, runs: bool) -> None:
    """Standstill and motion are verified by two frames in a row; a frame without a speed is no evidence."""
    belt = Belt()
    for now_ns, frame in enumerate(frames):
        belt.hear(frame, now_ns)
    assert (belt.stands, belt.runs) == (stands, runs)


def test_the_first_frame_of_each_kind_says_since_when() -> None:
    """`zero_ns` and `moving_ns` begin with the first frame of their kind and end with the other."""
    belt = Belt()
    belt.hear(STANDS, 1)
    belt.hear(STANDS, 2)
    assert (belt.zero_ns, belt.moving_ns) == (1, None)
    belt.hear(RUNS, 3)
    belt.hear(RUNS, 4)
    assert (belt.zero_ns, belt.moving_ns) == (None, 3)


def test_age_is_of_the_last_frame_with_a_speed() -> None:
    """A frame without a speed keeps no telemetry alive."""
    belt = Belt()
    assert belt.age_ns(5) is None
    assert belt.speed is None
    belt.hear(RUNS, 5)
    belt.hear(MUTE, 7)
    assert belt.age_ns(9) == 4


def test_a_belt_that_was_never_heard_has_no_incline() -> None:
    """None, never a level belt."""
    assert Belt().incline is None


def test_split_frames_are_taken_together() -> None:
    """What a frame leaves out stays as the one before had it: some machines split their data."""
    belt = Belt()
    belt.hear(RUNS, 1)
    belt.hear(MUTE, 2)
    assert (belt.speed, belt.incline) == (Speed(80), Incline(20))
    assert belt.frame == Telemetry(Speed(80), Incline(20))
    belt.hear(Telemetry(Speed(90), energy_kcal=3), 3)
    assert belt.frame == Telemetry(Speed(90), Incline(20), energy_kcal=3)


def test_no_field_is_lost_or_kept_too_long() -> None:
    """What a frame leaves out stays, field by field; what it says replaces what was."""
    belt, one = Belt(), Telemetry(Speed(80), Incline(20), distance_m=1, elapsed_s=2, energy_kcal=3, steps=4)
    other = Telemetry(Speed(90), Incline(30), distance_m=5, elapsed_s=6, energy_kcal=7, steps=8)
    for frame, expected in ((one, one), (Telemetry(), one), (other, other), (Telemetry(), other)):
        belt.hear(frame, 1)
        assert belt.frame == expected


def test_the_clock_advances_only_when_it_was_known_before() -> None:
    """The first elapsed time is no advance; the same again is none; another one is, also a reset to zero."""
    belt = Belt()
    belt.hear(Telemetry(elapsed_s=5), 1)
    belt.hear(Telemetry(elapsed_s=5), 2)
    assert belt.elapsed_ns is None
    belt.hear(Telemetry(elapsed_s=6), 3)
    assert belt.elapsed_ns == 3
    belt.hear(Telemetry(elapsed_s=0), seconds(4))
    assert belt.elapsed_ns == seconds(4)
    belt.hear(RUNS, seconds(5))
    assert belt.elapsed_ns == seconds(4)


def test_distrusted_standstill_needs_new_evidence() -> None:
    """Zero frames from before a stop verify nothing, and its time begins anew."""
    belt = Belt()
    belt.hear(STANDS, 1)
    belt.hear(STANDS, 2)
    belt.distrust_standstill()
    assert not belt.stands
    belt.hear(STANDS, 3)
    assert not belt.stands
    belt.hear(STANDS, 4)
    assert belt.stands
    assert belt.zero_ns == 3


def test_a_change_of_speed_is_news_and_a_repetition_is_none() -> None:
    """`changed_ns` is when the reported speed last changed; the first report is a change, silence is none."""
    belt = Belt()
    belt.hear(RUNS, 1)
    belt.hear(RUNS, 2)
    assert belt.changed_ns == 1
    belt.hear(MUTE, 3)
    belt.hear(STANDS, 4)
    belt.hear(STANDS, 5)
    assert belt.changed_ns == 4

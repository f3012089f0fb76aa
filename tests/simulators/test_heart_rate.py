from __future__ import annotations

import struct

import pytest

from retrowalk_sim.gatt import Notification
from retrowalk_sim.heart_rate import BATTERY_LEVEL, MEASUREMENT, HeartRateStrap


class Wearer:
    """A heart of constant rate, and what its strap sent."""

    def __init__(self, bpm: float = 100.0, *, contact_bit: bool = True) -> None:
        self.bpm = bpm
        self.strap = HeartRateStrap(lambda _now_s: self.bpm, contact_bit=contact_bit)
        self.now_s = 50.0
        self.strap.connected(self.now_s)
        self.strap.subscribed(MEASUREMENT, True, self.now_s)

    def frames(self, seconds: int) -> list[bytes]:
        """Let `seconds` pass and return the frames."""
        end_s, sent = self.now_s + seconds + 0.01, []
        while (due_s := self.strap.due_s) <= end_s:
            sent += [e.value for e in self.strap.advance(due_s) if isinstance(e, Notification)]
        self.now_s += seconds
        return sent


def intervals_ms(frame: bytes) -> list[float]:
    """Return the RR intervals of a frame."""
    return [units * 1000 / 1024 for (units,) in struct.iter_unpack("<H", frame[2:])]


@pytest.mark.parametrize("bpm", [45, 70, 110, 160])
def test_a_frame_a_second_carries_rate_contact_and_beats(bpm: int) -> None:
    """The beats of a minute add up to the rate, at most three a frame."""
    frames = Wearer(bpm).frames(60)
    assert len(frames) == 60
    assert {frame[1] for frame in frames} == {bpm}
    assert {frame[0] & 0x06 for frame in frames} == {0x06}
    beats = [ms for frame in frames for ms in intervals_ms(frame)]
    assert len(beats) == pytest.approx(bpm, abs=3)
    assert sum(beats) == pytest.approx(60_000, abs=1500)
    assert all(bool(frame[0] & 0x10) is (len(frame) > 2) for frame in frames)
    assert max(len(intervals_ms(frame)) for frame in frames) <= 3


def test_a_strap_off_the_body_says_so_or_repeats_itself() -> None:
    """With a contact bit the bit goes; without one the last rate goes on for ever, without RR."""
    for contact_bit, flags in ((True, 0x04), (False, 0x00)):
        wearer = Wearer(120, contact_bit=contact_bit)
        wearer.frames(5)
        wearer.strap.faults.off_body = True
        wearer.bpm = 60
        assert set(wearer.frames(30)) == {bytes([flags, 120])}


def test_dropout_freeze_and_artefact() -> None:
    """No frames; the same frame; a rate that no heart has."""
    wearer = Wearer(90)
    (last,) = wearer.frames(1)
    wearer.strap.faults.frozen = True
    wearer.bpm = 140
    assert wearer.frames(3) == [last] * 3
    wearer.strap.faults.frozen = False
    wearer.strap.faults.artefact_bpm = 45
    assert {frame[1] for frame in wearer.frames(3)} == {185}
    wearer.strap.faults.dropout = True
    assert wearer.frames(10) == []


def test_the_battery_can_be_read() -> None:
    """90 %, for ever."""
    assert Wearer().strap.read(BATTERY_LEVEL) == b"\x5a"

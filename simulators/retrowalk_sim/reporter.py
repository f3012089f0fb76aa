"""What a treadmill tells of itself, again and again: Treadmill Data, honest or in its maker's own way."""

from __future__ import annotations

from itertools import count
from typing import Final

from retrowalk_sim import frames
from retrowalk_sim.faults import Faults
from retrowalk_sim.frames import Readings, Status
from retrowalk_sim.machine import Machine

KCAL_PER_M: Final = 0.065
STEP_LENGTH_M: Final = 0.45


class Reporter:
    """Reads the machine off and encodes reports, each of one or more frames."""

    def __init__(self, machine: Machine, faults: Faults) -> None:
        self._machine = machine
        self._faults = faults
        self._readings = Readings()
        self._numbers = count(1)
        self._last: dict[tuple[int, int], bytes] = {}
        self._stopped = False
        self._ahead = False  # the next report tells of motion ahead of it

    def heed(self, status: bytes) -> None:
        """Take note of a status: some machines report otherwise after a stop."""
        if status in (Status.STARTED, Status.STOPPED):
            self._stopped = status == Status.STOPPED
            self._ahead = status == Status.STARTED and self._faults.deaf_countdown_s > 0

    def report(self) -> list[bytes]:
        """Return the frames of one report, perhaps none."""
        profile = self._machine.profile
        if self._faults.silence or (self._stopped and profile.silent_after_stop):
            return []
        number = next(self._numbers)
        burst = number % len(profile.bursts)
        self._read_off()
        blank = profile.zero_frame_every > 0 and number % profile.zero_frame_every == 0
        sent = [frames.treadmill_data(fields, self._readings) for fields in profile.bursts[burst]]
        if blank:
            sent = [frame[:2] + bytes(len(frame) - 2) for frame in sent]
        return [self._hold((burst, place), frame[: profile.longest_frame]) for place, frame in enumerate(sent)]

    def _hold(self, key: tuple[int, int], frame: bytes) -> bytes:
        """Return `frame`, or the one before it where the machine repeats itself."""
        held = self._faults.freeze_values or (self._stopped and self._machine.profile.repeats_after_stop)
        if not held or key not in self._last:
            self._last[key] = frame
        return self._last[key]

    def _read_off(self) -> None:
        machine, readings = self._machine, self._readings
        readings.speed_centi_kmh = frames.centi(machine.profile.grid.lowest if self._ahead else machine.shown_kmh)
        readings.incline_tenths_pct = frames.tenths(machine.incline.value + self._faults.false_incline_pct)
        self._ahead = False
        if not self._faults.freeze_counters:
            way_m, elapsed_s = machine.shown_m, machine.elapsed_s
            readings.distance_m = int(way_m)
            readings.elapsed_s = int(elapsed_s)
            readings.energy_kcal = int(way_m * KCAL_PER_M)
            readings.steps = int(way_m / STEP_LENGTH_M)
            readings.average_centi_kmh = frames.centi(way_m / elapsed_s * 3.6) if elapsed_s else 0

"""The flight recorder: what was read ten seconds before a trip, how the stop went, and the ten seconds after it.

Pure: it is told what happens and when, and answers with what is worth keeping. Nothing waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from retrowalk.model.reports import Reading, Report, Rung, StopStep, Trip, Tripped
from retrowalk.model.units import seconds

EVERY_NS: Final = seconds(0.25)
BEFORE_NS: Final = seconds(10)
AFTER_NS: Final = seconds(10)  # from the moment in which the belt was seen to stand
LONGEST_NS: Final = seconds(60)  # from the trip, for a belt that is never seen to stand
MOST_STEPS: Final = 256


@dataclass(frozen=True, slots=True)
class Rise:
    """One step of the stop, and when it was taken."""

    at_ns: int
    step: StopStep


@dataclass(frozen=True, slots=True)
class Flight:
    """A trip and what was recorded around it so far; `complete`: there is no more to come."""

    trip: Trip
    program: str | None
    machine: str | None
    complete: bool
    readings: tuple[Reading, ...]
    steps: tuple[Rise, ...]


@dataclass(slots=True)
class _Recording:
    trip: Trip
    program: str | None
    machine: str | None
    ends_ns: int


class FlightRecorder:
    """Keeps the last ten seconds always, and everything from a trip until it is over."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()
        self._steps: deque[Rise] = deque(maxlen=MOST_STEPS)
        self._recording: _Recording | None = None
        self._next_ns = 0

    def hear(self, reports: Sequence[Report], now_ns: int, look: Callable[[int], Reading]) -> list[Flight]:
        """Take what one input led to; return what is to be kept now, a later version in place of an earlier one.

        `look` is asked for a reading at most four times a second, and at a trip.
        """
        if not reports and now_ns < self._next_ns:
            return []
        trip = next((report.trip for report in reports if isinstance(report, Tripped)), None)
        steps = [report for report in reports if isinstance(report, StopStep)]
        demanded = any(step.rung is Rung.DEMANDED for step in steps)
        kept = self._finished(now_ns, anew=trip is not None or demanded)
        if demanded:
            self._steps.clear()
        self._steps.extend(Rise(now_ns, step) for step in steps)
        if trip or now_ns >= self._next_ns:
            self._next_ns = now_ns - now_ns % EVERY_NS + EVERY_NS
            self._read(look(now_ns), trip, now_ns)
        if self._recording and any(step.rung is Rung.VERIFIED for step in steps):
            self._recording.ends_ns = min(self._recording.ends_ns, now_ns + AFTER_NS)
        if self._recording and (trip or steps):
            kept.append(self._flight(self._recording, complete=False))
        return kept

    def cut(self) -> list[Flight]:
        """End now, because the process does; return what there is of a recording."""
        recording, self._recording = self._recording, None
        return [self._flight(recording, complete=False)] if recording else []

    def _finished(self, now_ns: int, *, anew: bool) -> list[Flight]:
        """End a recording whose time is over, or that makes room for another stop."""
        recording = self._recording
        if recording is None or (now_ns < recording.ends_ns and not anew):
            return []
        self._recording = None
        return [self._flight(recording, complete=True)]

    def _read(self, reading: Reading, trip: Trip | None, now_ns: int) -> None:
        if trip:
            self._recording = _Recording(trip, reading.program, reading.machine, now_ns + LONGEST_NS)
        self._readings.append(reading)
        oldest_ns = (self._recording.trip.at_ns if self._recording else now_ns) - BEFORE_NS
        while self._readings[0].at_ns < oldest_ns:
            self._readings.popleft()

    def _flight(self, recording: _Recording, *, complete: bool) -> Flight:
        about = (recording.trip, recording.program, recording.machine)
        return Flight(*about, complete, tuple(self._readings), tuple(self._steps))

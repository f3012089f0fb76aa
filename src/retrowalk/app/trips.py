"""The folder of trip reports. A thread of its own writes them; a disk that fails or hangs costs a report, nothing else.

TripUnreadable   a file that is none of ours, or of a version that this one does not know
"""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from retrowalk import __version__
from retrowalk.app.flight import Flight, Rise
from retrowalk.files import read_small
from retrowalk.messages import Stamp
from retrowalk.messages.state import kmh
from retrowalk.messages.trip import TripMessage, TripReading, TripStep
from retrowalk.model.reports import Reading
from retrowalk.model.units import NS_PER_S

MOST_KEPT: Final = 100
LARGEST_BYTES: Final = 1024 * 1024
_FAREWELL_S: Final = 1.0

log = structlog.get_logger()


class TripUnreadable(Exception):  # noqa: N818 - what is the matter, in the words of whoever asked for the file
    """A file is no trip report that this version can read. The message says why."""


class TripShelf:
    """Keeps the newest hundred trips of one daemon."""

    def __init__(
        self,
        folder: Path,
        *,
        simulated: bool = False,
        wall_clock: Callable[[], float] = time.time,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._folder = folder
        self._simulated = simulated
        self._wall_clock = wall_clock
        self._clock_ns = clock_ns
        self._wall_times: dict[int, float] = {}  # of each trip: a clock that is set later must not rename its file
        self._newest: dict[float, Flight] = {}
        self._due: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._changing = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._write_for_ever, name="trips", daemon=True).start()
        atexit.register(self.drain)

    def store(self, flight: Flight) -> None:
        """Have `flight` written, in place of an earlier version of it. Never waits for the disk."""
        now = Stamp(self._wall_clock(), self._clock_ns())
        at = self._wall_times.setdefault(flight.trip.at_ns, now.wall_of(flight.trip.at_ns))
        with self._changing:
            waits = at in self._newest
            self._newest[at] = flight
            self._idle.clear()
        if not waits:
            self._due.put(at)

    def drain(self, within_s: float = _FAREWELL_S) -> None:
        """Wait until everything is written, but not for long."""
        self._idle.wait(within_s)

    def _write_for_ever(self) -> None:
        while True:
            at = self._due.get()
            with self._changing:
                flight = self._newest.pop(at)
            try:
                self._write(trip_message(flight, at, simulated=self._simulated))
            except Exception:
                log.exception("trip_not_kept", folder=str(self._folder), belt="not affected")
            with self._changing:
                if not self._newest:
                    self._idle.set()

    def _write(self, message: TripMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / file_name(message.at)
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(message.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        for old in [other for other in trip_files(self._folder) if other != path][MOST_KEPT - 1 :]:
            old.unlink(missing_ok=True)


def trips_folder(state_dir: Path) -> Path:
    """Return where a daemon with this `state_dir` keeps its trips."""
    return state_dir / "trips"


def trip_files(folder: Path) -> list[Path]:
    """Return the trip reports in `folder`, newest first; none where there is no folder yet. Raises OSError."""
    if not folder.exists():
        return []
    return sorted((path for path in folder.iterdir() if path.suffix == ".json"), reverse=True)


def read_trip(path: Path) -> TripMessage:
    """Read one trip report. Raises OSError, TripUnreadable."""
    try:
        return TripMessage.model_validate_json(read_small(path, LARGEST_BYTES))
    except (ValidationError, UnicodeDecodeError) as error:
        why = _first_of(error) if isinstance(error, ValidationError) else error.reason
        raise TripUnreadable(f"{path} is damaged, or no trip report that this version knows: {why}") from error


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"


def file_name(at: float) -> str:
    """Return the name of a trip's file: its time, so that names sort as the trips came."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z.json"


def trip_message(flight: Flight, at: float, *, simulated: bool) -> TripMessage:
    """Return the report of a flight whose trip was at the wall time `at`."""
    trip = flight.trip
    return TripMessage(
        at=at,
        version=__version__,
        simulated=simulated,
        complete=flight.complete,
        cause=trip.cause,
        words=trip.words,
        remedy=trip.remedy,
        speed_kmh=kmh(trip.speed),
        heart_rate_bpm=trip.heart_rate_bpm,
        program=flight.program,
        machine_name=flight.machine,
        readings=[_reading(reading, trip.at_ns) for reading in flight.readings],
        steps=[_step(rise, trip.at_ns) for rise in flight.steps],
    )


def _reading(reading: Reading, trip_ns: int) -> TripReading:
    return TripReading(
        t_s=_seconds(reading.at_ns - trip_ns),
        phase=reading.phase,
        speed_kmh=kmh(reading.speed),
        target_kmh=kmh(reading.target),
        heart_rate_bpm=reading.heart_rate_bpm,
        strap_closed=reading.strap_closed,
        link_up=reading.link_up,
        telemetry_age_s=None if reading.telemetry_age_s is None else round(reading.telemetry_age_s, 2),
    )


def _step(rise: Rise, trip_ns: int) -> TripStep:
    step = rise.step
    return TripStep(
        t_s=_seconds(rise.at_ns - trip_ns),
        elapsed_s=_seconds(step.elapsed_ns),
        rung=step.rung,
        alarm=step.alarm,
        words=step.words,
    )


def _seconds(duration_ns: int) -> float:
    return round(duration_ns / NS_PER_S, 3)

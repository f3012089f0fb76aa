from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from retrowalk.app.flight import Flight, Rise
from retrowalk.app.trips import MOST_KEPT, TripShelf, TripUnreadable, file_name, read_trip, trip_files
from retrowalk.messages.trip import TripMessage
from retrowalk.model.reports import Phase, Reading, Rung, StopStep, Trip
from retrowalk.model.units import STANDSTILL, Speed, seconds

TRIP_NS, WALL_S = seconds(100), 1_800_000_000.0
FLIGHT = Flight(
    Trip("strap_open", "the safety strap is open", "clip it", TRIP_NS, Speed(80), 98),
    "demo",
    "Ideal",
    complete=False,
    readings=(
        Reading(TRIP_NS - seconds(0.25), Phase.WALK, "demo", "Ideal", Speed(80), Speed(80), 98,
                strap_closed=True, link_up=True, telemetry_age_s=0.1234),
        Reading(TRIP_NS + seconds(2), Phase.TRIPPED, "demo", "Ideal", STANDSTILL, None, None,
                strap_closed=False, link_up=True, telemetry_age_s=None),
    ),
    steps=(Rise(TRIP_NS, StopStep(Rung.DEMANDED, "strap_open", 0, alarm=False, words="stop demanded")),),
)  # fmt: skip


class Clock:
    """A wall clock that can be set; the monotonic one runs 3 s behind the trip's time."""

    wall_s = WALL_S + 3

    def wall(self) -> float:
        """Return the seconds since 1970 that it shows."""
        return self.wall_s


class Gate:
    """Where a write waits until it may go on."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Say that somebody waits, and wait."""
        self.entered.set()
        self.open.wait(5)


def shelf(folder: Path, clock: Clock | None = None) -> TripShelf:
    wall_clock = (clock or Clock()).wall
    return TripShelf(folder, simulated=True, wall_clock=wall_clock, clock_ns=lambda: TRIP_NS + seconds(3))


def stored(folder: Path, *flights: Flight) -> list[Path]:
    keeper = shelf(folder)
    for flight in flights:
        keeper.store(flight)
        keeper.drain(5)
    return trip_files(folder)


def test_a_trip_is_a_file_with_units_and_times_relative_to_it(tmp_path: Path) -> None:
    """Seconds before are negative; unknown is null; the file is named after the time of the trip."""
    (path,) = stored(tmp_path / "trips", FLIGHT)
    trip = json.loads(path.read_text())
    assert path.name == "20270115T080000.000Z.json"
    assert (trip["at"], trip["cause"], trip["simulated"], trip["complete"]) == (WALL_S, "strap_open", True, False)
    assert [reading["t_s"] for reading in trip["readings"]] == [-0.25, 2.0]
    assert trip["readings"][0]["speed_kmh"] == 0.8
    assert trip["readings"][1]["telemetry_age_s"] is None
    assert trip["steps"] == [
        {"t_s": 0.0, "elapsed_s": 0.0, "rung": "stop_demanded", "alarm": False, "words": "stop demanded"}
    ]
    assert read_trip(path).cause == "strap_open"


def test_a_later_version_takes_the_place_of_the_first_even_when_the_clock_was_set(tmp_path: Path) -> None:
    """A Pi learns the time late: one trip stays one file."""
    clock = Clock()
    keeper = shelf(tmp_path, clock)
    keeper.store(FLIGHT)
    clock.wall_s += 86_400
    keeper.store(replace(FLIGHT, complete=True))
    keeper.drain(5)
    (path,) = trip_files(tmp_path)
    assert read_trip(path).complete
    assert sorted(tmp_path.iterdir()) == [path]


def test_the_newest_hundred_are_kept_and_the_one_just_written_always(tmp_path: Path) -> None:
    """Also by a clock that stands in the past."""
    for number in range(MOST_KEPT + 5):
        (tmp_path / file_name(WALL_S + 60 + number)).write_text("{}")
    kept = stored(tmp_path, FLIGHT)
    assert len(kept) == MOST_KEPT
    assert kept[-1].name == file_name(WALL_S)
    assert kept[0].name == file_name(WALL_S + 60 + MOST_KEPT + 4)


def test_a_disk_that_fails_costs_the_report_and_nothing_else(tmp_path: Path) -> None:
    """It is logged; the next report is written when the disk is back."""
    folder = tmp_path / "trips"
    folder.write_text("in the way")
    keeper = shelf(folder)
    structlog.reset_defaults()
    with capture_logs() as logs:
        keeper.store(FLIGHT)
        keeper.drain(5)
    assert [(entry["event"], entry["belt"]) for entry in logs] == [("trip_not_kept", "not affected")]
    folder.unlink()
    keeper.store(FLIGHT)
    keeper.drain(5)
    assert len(trip_files(folder)) == 1


def test_a_disk_that_hangs_delays_nobody_and_gets_the_newest_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions that were overtaken while it hung are not written."""
    keeper, gate = shelf(tmp_path), Gate()
    written: list[TripMessage] = []

    def write(message: TripMessage) -> None:
        gate.wait()
        written.append(message)

    monkeypatch.setattr(keeper, "_write", write)
    keeper.store(FLIGHT)
    gate.entered.wait(5)
    for _ in range(1000):
        keeper.store(FLIGHT)
    keeper.store(replace(FLIGHT, complete=True))
    gate.open.set()
    keeper.drain(5)
    assert [message.complete for message in written] == [False, True]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{}", "Field required"),
        (b"\xff", "invalid start byte"),
        (b"[", "Invalid JSON"),
        (b'{"schema_version": 2}', "Input should be 1"),
    ],
)
def test_a_file_of_somebody_else_is_refused_in_words(tmp_path: Path, content: bytes, why: str) -> None:
    """The path, and what is wrong with it."""
    path = tmp_path / "trip.json"
    path.write_bytes(content)
    with pytest.raises(TripUnreadable, match=f"trip.json is damaged, or no trip report.*{why}"):
        read_trip(path)


def test_no_folder_means_no_trips(tmp_path: Path) -> None:
    """A daemon that never tripped has none."""
    assert trip_files(tmp_path / "trips") == []

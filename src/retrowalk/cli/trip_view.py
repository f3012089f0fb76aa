"""How a trip looks in a terminal of 80 by 24. Pure: a report in, something to print out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from retrowalk.cli.blocks import block
from retrowalk.messages.trip import TripMessage, TripReading, TripStep
from retrowalk.model.reports import Rung

UNKNOWN: Final = "–"
_MARGIN: Final = 9
_SPEED_ROWS: Final = 4
_HEART_ROWS: Final = 3
_HEART_ROOM_BPM: Final = 10  # below the lowest, so that small changes are seen
_GOOD_FOR_S: Final = 1.0  # how long a reading stands for what follows it
_TRIP_MARK: Final = "┃"

type Lookup = Callable[[TripReading], float | None]


@dataclass(frozen=True)
class _Plot:
    """The readings as columns of a terminal: `None` where there is none."""

    columns: tuple[TripReading | None, ...]
    trip_column: int
    first_s: float
    last_s: float


def screen(trip: TripMessage, width: int) -> RenderableType:
    """Draw a whole report: what tripped, what to do, the readings around it, and how the stop went."""
    plot = _plot(trip, max(20, width - _MARGIN - 1))
    return Group(
        *_headline(trip),
        Text(""),
        *_bars(plot, "km/h", lambda reading: reading.speed_kmh, rows=_SPEED_ROWS, style="cyan"),
        *_bars(plot, "bpm", _bpm, _lowest_bpm(trip), rows=_HEART_ROWS, style="magenta"),
        *_rows(plot),
        _axis(plot),
        Text(""),
        _steps(trip.steps),
    )


def line(trip: TripMessage) -> tuple[str, str, str, str]:
    """Return the cells of a trip in a list: when, what, how fast the belt was, and when it was seen to stand."""
    stands = next((step.t_s for step in trip.steps if step.rung is Rung.VERIFIED), None)
    return (
        _when(trip),
        trip.words,
        UNKNOWN if trip.speed_kmh is None else f"{trip.speed_kmh:.1f} km/h",
        "not seen to stand" if stands is None else f"stood after {stands:.1f} s",
    )


def _headline(trip: TripMessage) -> Iterator[Text]:
    yield Text.assemble((" TRIP ", "bold white on red"), " ", (trip.words, "bold"), f"  {_when(trip)}")
    facts = [
        trip.cause,
        trip.program,
        trip.machine_name,
        None if trip.speed_kmh is None else f"belt at {trip.speed_kmh:.1f} km/h",
        None if trip.heart_rate_bpm is None else f"heart at {trip.heart_rate_bpm} bpm",
        "SIMULATED" if trip.simulated else None,
        None if trip.complete else "not recorded to its end",
    ]
    yield Text(" · ".join(fact for fact in facts if fact), "bright_black")
    yield Text(f"Do: {trip.remedy}", "yellow")


def _when(trip: TripMessage) -> str:
    return datetime.fromtimestamp(trip.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _plot(trip: TripMessage, width: int) -> _Plot:
    first_s = min((reading.t_s for reading in trip.readings), default=-1.0)
    last_s = max((*(reading.t_s for reading in trip.readings), first_s + 1, 1.0))
    each_s = (last_s - first_s) / width
    columns = tuple(_at(trip.readings, first_s + (number + 1) * each_s) for number in range(width))
    return _Plot(columns, min(width - 1, max(0, int(-first_s / each_s))), first_s, last_s)


def _at(readings: list[TripReading], at_s: float) -> TripReading | None:
    """Return the newest reading that is not too old at `at_s`."""
    fitting = [reading for reading in readings if at_s - _GOOD_FOR_S <= reading.t_s <= at_s]
    return fitting[-1] if fitting else None


def _bpm(reading: TripReading) -> float | None:
    return reading.heart_rate_bpm


def _lowest_bpm(trip: TripMessage) -> float:
    known = [reading.heart_rate_bpm for reading in trip.readings if reading.heart_rate_bpm is not None]
    return max(0, min(known, default=0) - _HEART_ROOM_BPM)


def _bars(plot: _Plot, unit: str, of: Lookup, floor: float = 0, *, rows: int, style: str) -> Iterator[Text]:
    """Yield a bar a column, the highest value at the top, unknown values as dots."""
    values = [None if reading is None else of(reading) for reading in plot.columns]
    known = [value for value in values if value is not None]
    top = max((*known, floor + 0.1))
    labels = {rows - 1: f"{top:.3g} {unit}" if known else unit, 0: f"{floor:g}"}
    for row in reversed(range(rows)):
        text = _label(labels.get(row, ""))
        for column, value in enumerate(values):
            if column == plot.trip_column:
                text.append(_TRIP_MARK, "bold red")
            elif value is None:
                text.append("·" if row == 0 else " ", "bright_black")
            else:
                text.append(block((value - floor) / (top - floor), row, rows), style)
        yield text


def _rows(plot: _Plot) -> Iterator[Text]:
    """Yield what has no figure, as spells of one word each: phase, strap, link."""
    yield _spells(plot, "phase", lambda reading: (str(reading.phase), ""))
    yield _spells(plot, "strap", lambda reading: _STRAP[reading.strap_closed])
    yield _spells(plot, "link", lambda reading: ("up", "green") if reading.link_up else ("NONE", "red"))


_STRAP: Final = {True: ("closed", "green"), False: ("OPEN", "bold red"), None: (UNKNOWN, "bright_black")}


def _spells(plot: _Plot, name: str, of: Callable[[TripReading], tuple[str, str]]) -> Text:
    text = _label(name)
    spells = groupby(plot.columns, lambda reading: ("", "") if reading is None else of(reading))
    for (word, style), columns in spells:
        width = sum(1 for _ in columns)
        text.append(f"{word[: width - 1]} ".ljust(width, "─" if word else " "), style)
    return text


def _axis(plot: _Plot) -> Text:
    first, last = f"{plot.first_s:+.0f} s", f"{plot.last_s:+.0f} s"
    text = first.ljust(plot.trip_column) + "trip"
    return _label("").append(text + last.rjust(len(plot.columns) - len(text)), "bright_black")


def _label(text: str) -> Text:
    return Text(f"{text:>{_MARGIN - 1}} ")


def _steps(steps: list[TripStep]) -> Table:
    """List each rung with the time when it was first taken, however often it was taken again."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=_MARGIN)
    table.add_column()
    for rung in dict.fromkeys(step.rung for step in steps):
        first, *again = (step for step in steps if step.rung is rung)
        often = f" ({len(again) + 1} times, until {again[-1].t_s:+.1f} s)" if again else ""
        table.add_row(f"{first.t_s:+.2f} s", Text(first.words + often, "bold red" if first.alarm else ""))
    return table

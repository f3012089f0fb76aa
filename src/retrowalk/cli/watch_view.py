"""How a state looks in a terminal. Pure: a state in, something to print out; any value may be missing."""

from __future__ import annotations

from typing import Any, Final

from rich.align import Align
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from retrowalk.cli.big_digits import big
from retrowalk.model.units import format_duration

UNKNOWN: Final = "–"
LONGEST_SPACED: Final = 45
_MILES_PER_KM: Final = 0.621371

# Colour of the frame, by phase; whatever is not here stands and waits.
_PHASE_STYLE: Final = {
    "starting": "yellow",
    "step_on": "yellow",
    "walk": "green",
    "slowing": "yellow",
    "cool_down": "green",
    "stopping": "red",
    "tripped": "red",
    "idle": "bright_black",
}
_KIND_STYLE: Final = {"stop": "bold red", "pause": "yellow", "ease": "yellow", "no_entry": "bright_black"}


type State = dict[str, Any]


def screen(state: State | str | None) -> RenderableType:
    """Draw a whole terminal, 100 × 30 and more at best. Without a state: why there is none, where that is known."""
    if not isinstance(state, dict):
        return Panel(Align.center(Text(_away(state)), vertical="middle"), style="red")
    layout = Layout()
    layout.split_column(
        Layout(_header(state), size=3),
        Layout(_words(state), size=7),
        Layout(name="figures", size=9),
        Layout(_progress(state), size=3),
        Layout(_faults(state), minimum_size=4),
    )
    layout["figures"].split_row(Layout(_speed(state)), Layout(_heart(state)), Layout(_walk(state)))
    return layout


def line(state: State | str | None) -> str:
    """Say the same in one line, for a log or a screen reader."""
    if not isinstance(state, dict):
        return _away(state)
    parts = [
        str(state.get("phase", UNKNOWN)),
        f"{_figure(state, 'speed_kmh', 1)} km/h of {_figure(state, 'target_kmh', 1)}",
        f"heart {_figure(state, 'heart_rate_bpm')}",
        f"strap {_strap(state)}",
        *[str(state[name]) for name in ("alarm", "trip_words", "prompt_text", "cue") if state.get(name)],
    ]
    return " | ".join(["SIMULATED", *parts] if state.get("simulated") else parts)


def _away(why: str | None) -> str:
    return f"no state: {why or 'the daemon or the broker is away'}"


def _header(state: State) -> RenderableType:
    phase = str(state.get("phase") or UNKNOWN)
    row = Table.grid(expand=True)
    row.add_column(ratio=1)
    row.add_column(justify="center", ratio=2)
    row.add_column(justify="right", ratio=1)
    link = (
        Text("● " + str(state.get("machine_name") or "linked"), "green") if state.get("link_up") else Text("○ no link")
    )
    title = Text(str(state.get("title") or "no program"), "bold")
    simulated = Text(" SIMULATED ", "bold black on yellow") if state.get("simulated") else Text("")
    where = Text.assemble(simulated, " ", link)  # not `+`, which would colour the link like the flag
    row.add_row(Text(phase.replace("_", " ").upper(), f"bold {_style(state)}"), title, where)
    return Panel(row, border_style=_style(state))


def _words(state: State) -> RenderableType:
    """Show the one thing to read now: trip, alarm, question, cue; in that order."""
    candidates = (
        ("alarm", "bold white on red"),
        ("trip_words", "bold red"),
        ("prompt_text", "bold cyan"),
        ("cue", "bold"),
    )
    found = next(
        ((str(state[name]), style) for name, style in candidates if state.get(name)), (UNKNOWN, "bright_black")
    )
    text = Text(_spaced(found[0]), found[1], justify="center")
    remedy = state.get("trip_remedy") or ""
    return Panel(
        Align.center(Group(text, Text(str(remedy), "yellow", justify="center")), vertical="middle"),
        title="now",
        border_style=_style(state),
    )


def _speed(state: State) -> RenderableType:
    speed = state.get("speed_kmh")
    mph = "" if speed is None else f"{speed * _MILES_PER_KM:.1f} mph"
    rows = [
        _big(_figure(state, "speed_kmh", 1), "km/h", mph, "bold bright_white"),
        _bar(speed, state.get("limit_kmh"), "green"),
        _pairs(
            ("target", f"{_figure(state, 'target_kmh', 1)} km/h"),
            ("limit", f"{_figure(state, 'limit_kmh', 1)} km/h"),
            ("incline", f"{_figure(state, 'incline_pct', 1)} %"),
        ),
    ]
    return _card("belt", rows, "green" if state.get("running") else "bright_black")


def _heart(state: State) -> RenderableType:
    bpm, soft, hard = (state.get(f"heart_rate{suffix}_bpm") for suffix in ("", "_soft", "_hard"))
    style = _heart_style(bpm, soft, hard)
    rows = [
        _big(_figure(state, "heart_rate_bpm"), "bpm", "", f"bold {style}"),
        _bar(bpm, hard, style),
        _pairs(
            ("eases at", _figure(state, "heart_rate_soft_bpm")),
            ("stops at", _figure(state, "heart_rate_hard_bpm")),
            ("strap", _strap(state)),
        ),
    ]
    return _card("heart", rows, style)


def _walk(state: State) -> RenderableType:
    rows = [
        _big(_time(state.get("segment_left_s")), str(state.get("segment") or UNKNOWN), "", "bold cyan"),
        Text(""),
        _pairs(
            ("bout", f"{_figure(state, 'bout')} of {_figure(state, 'bouts')}"),
            ("session left", _time(state.get("session_left_s"))),
            ("distance", f"{_figure(state, 'distance_m')} m"),
        ),
    ]
    return _card("walk", rows, "cyan")


def _progress(state: State) -> RenderableType:
    done = state.get("progress_pct")
    return Panel(
        ProgressBar(100, done or 0), title=f"{UNKNOWN if done is None else done} %", border_style="bright_black"
    )


def _faults(state: State) -> RenderableType:
    faults = state.get("faults") or []
    if not faults:
        return Panel(Text("nothing stands in the way", "green"), title="permissives", border_style="bright_black")
    table = Table.grid(padding=(0, 2))
    for fault in faults:
        kind = str(fault.get("kind", UNKNOWN))
        table.add_row(
            Text(kind.replace("_", " "), _KIND_STYLE.get(kind, "")),
            escape(str(fault.get("words", UNKNOWN))),
            Text(str(fault.get("remedy", "")), "yellow"),
        )
    return Panel(table, title="permissives", border_style="red" if state.get("problem") else "bright_black")


def _card(title: str, rows: list[RenderableType], style: str) -> RenderableType:
    return Panel(Padding(Group(*rows), (0, 1)), title=title, border_style=style)


def _pairs(*pairs: tuple[str, str]) -> RenderableType:
    table = Table.grid(expand=True)
    table.add_column(style="bright_black")
    table.add_column(justify="right")
    for name, value in pairs:
        table.add_row(name, value)
    return table


def _big(figure: str, unit: str, also: str, style: str) -> RenderableType:
    """Show a figure three lines high, its unit beside its foot, and a second reading above that."""
    row = Table.grid(padding=(0, 1))
    row.add_row(Text(big(figure), style), Text(f"\n{also}\n{unit}", "bright_black"))
    return row


def _bar(value: float | None, limit: float | None, style: str) -> RenderableType:
    if value is None or not limit:
        return Text(UNKNOWN, "bright_black")
    row = Table.grid(expand=True)  # a bar alone ends no line
    row.add_row(ProgressBar(limit, min(value, limit), complete_style=style, finished_style="red"))
    return row


def _heart_style(bpm: int | None, soft: int | None, hard: int | None) -> str:
    if bpm is None:
        return "bright_black"
    if hard is not None and bpm > hard:
        return "red"
    return "yellow" if soft is not None and bpm > soft else "green"


def _style(state: State) -> str:
    if state.get("latched") or state.get("alarm"):
        return "red"
    return _PHASE_STYLE.get(str(state.get("phase")), "cyan")


def _strap(state: State) -> str:
    return {True: "closed", False: "OPEN"}.get(state.get("strap_closed"), UNKNOWN)  # type: ignore[arg-type]  # None too


def _spaced(words: str) -> str:
    """Spread short words, to be read from afar."""
    return " ".join(words.upper()) if len(words) <= LONGEST_SPACED else words


def _figure(state: State, name: str, places: int = 0) -> str:
    value = state.get(name)
    return f"{value:.{places}f}" if isinstance(value, (int, float)) else UNKNOWN


def _time(duration_s: float | None) -> str:
    return UNKNOWN if duration_s is None else format_duration(duration_s)

"""Drawings of a plan: block characters in a terminal, a figure by matplotlib (extra `plot`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from retrowalk.cli.blocks import block
from retrowalk.model.numbers import BOARD_SPEED
from retrowalk.model.plan import Facing, Plan
from retrowalk.model.units import format_duration
from retrowalk.programs.summary import summarize
from retrowalk.programs.timeline import BoutLine, Timeline, timeline, value_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SPEED_ROWS: Final = 8
_INCLINE_ROWS: Final = 3
_MARGIN: Final = 9
_ARROWS: Final = {Facing.BACKWARD: "◀", Facing.FORWARD: "▶"}
_TERMINAL_STYLES: Final = {Facing.BACKWARD: "cyan", Facing.FORWARD: "green"}

_INK: Final = "#27313b"
_FAINT: Final = "#8a949e"
_GRID: Final = "#e6eaee"
_COLOURS: Final = {Facing.BACKWARD: "#0f7c8f", Facing.FORWARD: "#e0a03c"}
_INCLINE_COLOUR: Final = "#8c6bb1"
_MANY_TICKS_KMH: Final = 3.0
_MANY_TICKS_PCT: Final = 4.0
_MPH_PER_KMH: Final = 1 / 1.609344


def draw_in_terminal(plan: Plan, console: Console) -> None:
    """Draw speed, and incline where there is any, with block characters across the console's width."""
    drawn = timeline(plan)
    columns = max(20, console.width - _MARGIN - 1)
    console.print(plan.title, style="bold", highlight=False, markup=False)
    _print_bars(drawn, console, columns, "speed")
    if any(value for bout in drawn.bouts for _, value in bout.incline):
        _print_bars(drawn, console, columns, "incline")
    _print_facings(drawn, console, columns)
    end = format_duration(drawn.end_s)
    console.print(f"{' ' * _MARGIN}0:00{end:>{columns - 4}}", highlight=False)
    legend = Text(" " * _MARGIN).append("◀ backward  ", "cyan").append("▶ forward  ", "green")
    console.print(legend.append("gaps: belt at standstill", "dim"))


def _print_bars(drawn: Timeline, console: Console, columns: int, what: str) -> None:
    """Print one bar a column: the value in the middle of that column's time."""
    rows, unit = (_SPEED_ROWS, "km/h") if what == "speed" else (_INCLINE_ROWS, "%")
    lines = [(bout, bout.speed if what == "speed" else bout.incline) for bout in drawn.bouts]
    top = max(value for _, line in lines for _, value in line)
    middles = [(column + 0.5) * drawn.end_s / columns for column in range(columns)]
    cells = [_cell(drawn.bouts, at_s, what) for at_s in middles]
    for row in reversed(range(rows)):
        label = f"{top:.1f} {unit}" if row == rows - 1 else ""
        text = Text(f"{label:>{_MARGIN - 1}} ")
        for value, style in cells:
            text.append(block(value / top, row, rows), style)
        console.print(text)


def _print_facings(drawn: Timeline, console: Console, columns: int) -> None:
    """Print which way each bar is walked, so that nobody needs the colours."""
    text = Text(" " * _MARGIN)
    for column in range(columns):
        at_s = (column + 0.5) * drawn.end_s / columns
        facing = next((bout.facing for bout in drawn.bouts if bout.start_s <= at_s < bout.end_s), None)
        text.append(_ARROWS[facing] if facing else " ", _TERMINAL_STYLES[facing] if facing else "")
    console.print(text)


def _cell(bouts: tuple[BoutLine, ...], at_s: float, what: str) -> tuple[float, str]:
    for bout in bouts:
        if bout.start_s <= at_s < bout.end_s:
            return value_at(bout.speed if what == "speed" else bout.incline, at_s), _TERMINAL_STYLES[bout.facing]
    return 0.0, ""


def save_figure(plan: Plan, output: Path) -> None:
    """Write a picture of `plan`; the suffix of `output` decides its format. Raises ModuleNotFoundError, OSError."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to import
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    drawn = timeline(plan)
    hilly = any(value for bout in drawn.bouts for _, value in bout.incline)
    layout = ConstrainedLayoutEngine(w_pad=0.18, h_pad=0.16)
    figure = Figure(figsize=(10, 5.2 if hilly else 4.2), dpi=160, layout=layout, facecolor="white")
    ratios = [3.2, 1] if hilly else [1]
    axes = figure.subplots(len(ratios), sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    _draw_speed(axes[0], drawn)
    if hilly:
        _draw_incline(axes[1], drawn)
    _dress_time(axes[-1], drawn)
    _write_title(axes[0], plan)
    figure.savefig(output)


def _write_title(axes: Axes, plan: Plan) -> None:
    figures = summarize(plan)
    facts = (
        f"{plan.program} · level {plan.level} · {format_duration(figures.backward_s)} backward "
        f"in about {format_duration(figures.session_s)} · backward peak {figures.peak}"
    )
    lines = ((plan.title, 34, {"fontsize": 15, "fontweight": "bold", "color": _INK}), (facts, 16, {"color": _FAINT}))
    for text, points_up, looks in lines:
        axes.annotate(
            text, (0, 1), xycoords="axes fraction", xytext=(0, points_up), textcoords="offset points", **looks
        )


def _draw_speed(axes: Axes, drawn: Timeline) -> None:
    """Fill each bout in the colour of its facing, name the standstills, and give mph at the right."""
    named: set[Facing] = set()
    for bout in drawn.bouts:
        times, speeds = zip(*bout.speed, strict=True)
        colour = _COLOURS[bout.facing]
        axes.fill_between(times, speeds, color=colour, alpha=0.22, linewidth=0)
        label = None if bout.facing in named else str(bout.facing)
        axes.plot(times, speeds, color=colour, linewidth=2, solid_joinstyle="round", label=label)
        named.add(bout.facing)
    top = max(speed for bout in drawn.bouts for _, speed in bout.speed) * 1.18
    axes.set_ylim(0, top)
    axes.set_ylabel("km/h", color=_FAINT)
    dotted = (0, (1, 3))
    axes.axhline(BOARD_SPEED.kmh, color=_FAINT, linewidth=0.9, linestyle=dotted, zorder=3, label="board speed")
    _name_gaps(axes, drawn, top)
    _dress(axes)
    right = axes.twinx()
    right.set_ylim(0, top * _MPH_PER_KMH)
    axes.set_yticks(_ticks(top, 0.5 if top < _MANY_TICKS_KMH else 1))
    right.set_yticks(_ticks(top * _MPH_PER_KMH, 0.5))
    right.set_ylabel("mph", color=_FAINT)
    _dress(right)
    right.spines["bottom"].set_visible(False)
    right.grid(visible=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1.01, 1.13), ncols=3, frameon=False, fontsize=9, labelcolor=_INK)


def _name_gaps(axes: Axes, drawn: Timeline, top: float) -> None:
    for gap in drawn.gaps:
        axes.axvspan(gap.start_s, gap.end_s, color=_GRID, alpha=0.55, linewidth=0, zorder=0)
        middle_s = (gap.start_s + gap.end_s) / 2
        axes.text(middle_s, top * 0.96, gap.gap, rotation=90, ha="center", va="top", fontsize=8, color=_FAINT)


def _draw_incline(axes: Axes, drawn: Timeline) -> None:
    for bout in (bout for bout in drawn.bouts if any(value for _, value in bout.incline)):
        times, inclines = zip(*bout.incline, strict=True)
        axes.fill_between(times, inclines, color=_INCLINE_COLOUR, alpha=0.25, linewidth=0)
        axes.plot(times, inclines, color=_INCLINE_COLOUR, linewidth=1.6)
    axes.set_ylim(bottom=0)
    axes.set_yticks(_ticks(axes.get_ylim()[1], 1 if axes.get_ylim()[1] < _MANY_TICKS_PCT else 2))
    axes.set_ylabel("incline %", color=_FAINT)
    _dress(axes)


def _dress_time(axes: Axes, drawn: Timeline) -> None:
    """Tick whole minutes, as few as can be read."""
    minutes = drawn.end_s / 60
    every = next(step for step in (0.5, 1, 2, 5, 10) if minutes / step <= 16)
    ticks = _ticks(drawn.end_s, 60 * every)
    axes.set_xticks(ticks, [format_duration(tick) for tick in ticks])
    axes.set_xlim(0, drawn.end_s + 8)


def _ticks(top: float, every: float) -> list[float]:
    return [every * number for number in range(int(top / every) + 1)]


def _dress(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(colors=_FAINT, labelcolor=_INK, length=0, labelsize=9, pad=6)
    axes.grid(visible=True, axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)

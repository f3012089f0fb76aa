"""A campaign on one page: what was found, what was reached, how fast belts came to stand."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulation.campaign import PHASES, RULE_NAMES, WORST, Result, Tally
from simulation.happenings import HAPPENINGS
from simulation.shrink import tell

STORIES: Final = 3
_PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Simulation campaign</title>
<style>body{{font:15px system-ui;max-width:60em;margin:2em auto}}table{{border-collapse:collapse}}
td,th{{padding:.2em .8em;text-align:left}}img{{max-width:100%}}ul{{columns:3;list-style:none;padding:0}}
pre{{font-size:12px;background:#f4f4f4;padding:1em;overflow:auto;max-height:40em}}.none{{color:#b00}}</style>
<h1>Simulation campaign</h1>{body}"""


def write(tally: Tally, file: Path, *, short: bool = True, plant: str | None = None) -> None:
    """Write the report on a campaign of short or long stories, perhaps with a defect planted, into `file`."""
    parts = (
        _table(tally.summary()),
        "<h2>Failing seeds</h2>",
        *([_line(result) for result in tally.failing[:WORST]] or ["<p>None.</p>"]),
        *(_story(result, short=short, plant=plant) for result in tally.failing[:STORIES]),
        "<h2>Outcomes by what happened</h2>",
        _picture(_outcomes(tally)),
        "<h2>From the danger to the standstill</h2>",
        _picture(_standstills(tally)),
        f"<h2>Rules that fired</h2>{_counts(RULE_NAMES, tally.rules)}",
        f"<h2>Phases reached</h2>{_counts(PHASES, tally.phases)}",
        f"<h2>Pairs of happenings</h2><p>{_pairs(tally)}</p>",
    )
    file.write_text(_PAGE.format(body="".join(parts)), encoding="utf-8")


def _table(rows: dict[str, object]) -> str:
    cells = "".join(f"<tr><th>{escape(str(k))}<td>{escape(str(v))}" for k, v in rows.items())
    return f"<table>{cells}</table>"


def _counts(names: tuple[str, ...], counts: dict[str, int]) -> str:
    seldom_first = sorted(names, key=lambda name: counts.get(name, 0))
    return f"<ul>{''.join(_count(name, counts.get(name, 0)) for name in seldom_first)}</ul>"


def _count(name: str, count: int) -> str:
    return f"<li>{name} {count}" if count else f'<li class="none">{name} never'


def _pairs(tally: Tally) -> str:
    possible = len(HAPPENINGS) * (len(HAPPENINGS) - 1) // 2
    return f"{len(tally.pairs)} of {possible} pairs of different happenings fell into one story."


def _line(result: Result) -> str:
    words = "; ".join(f"{v.kind}: {v.words}" for v in result.verdicts) or result.error
    return f"<p>seed {result.seed} ({result.machine}): {escape(words)}</p>"


def _story(result: Result, *, short: bool, plant: str | None) -> str:
    if result.error:
        return ""
    lines, _ = tell(result.seed, short=short, plant=plant)
    return f"<h3>Seed {result.seed}</h3>{_line(result)}<pre>{escape(chr(10).join(lines))}</pre>"


def _outcomes(tally: Tally) -> Figure:
    names = sorted(HAPPENINGS, key=lambda name: tally.happened[name])
    figure, axes = plt.subplots(figsize=(8, 0.2 * len(names)))
    axes.margins(y=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.barh(names, [tally.happened[name] for name in names], color="#ccc", label="stories")
    axes.barh(names, [tally.tripped_by_happening[name] for name in names], color="#48a", label="with a trip")
    axes.barh(names, [tally.bad_by_happening[name] for name in names], color="#b00", label="failing")
    axes.legend(loc="lower right")
    axes.set_xlabel("stories")
    return figure


def _standstills(tally: Tally) -> Figure:
    figure, axes = plt.subplots(figsize=(8, 4))
    axes.hist(tally.standstills_s, bins=[10 ** (tenth / 10) for tenth in range(-10, 26)], color="#48a")
    axes.set_xscale("log")
    axes.set_xlabel("s; what takes long was hindered: no link, writes that hang, a stop that is not heeded")
    axes.set_ylabel("dangers")
    return figure


def _picture(figure: Figure) -> str:
    drawn = BytesIO()
    figure.savefig(drawn, format="svg", bbox_inches="tight")
    plt.close(figure)
    return f'<img src="data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}">'

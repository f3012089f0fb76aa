#!/usr/bin/env python3
"""Makes the pictures of the documents from a real demo: `make pictures` (under 3 minutes, it walks in real time)."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from rich.console import Console

from retrowalk.cli.demo import play
from retrowalk.cli.watch_view import screen

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
COLOURS = {
    "board": "#f2f2ee", "starting": "#fdf0d0", "step_on": "#fbe3a8", "walk": "#d9efd6", "slowing": "#fdf0d0",
    "rest": "#f2f2ee", "cool_down": "#d9efd6", "stopping": "#f6c9c4", "tripped": "#f0a79f",
}  # fmt: skip
SHOTS = {"walk": "watch", "tripped": "trip"}


def main() -> None:
    """Play the demo, keep its states, draw them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    states: list[tuple[float, dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(play(Path(folder), lambda state: states.append((time.monotonic(), state)))))
    for phase, name in SHOTS.items():
        shots = [state for _, state in states if state["phase"] == phase]
        (PICTURES / f"{name}.svg").write_text(_terminal(shots[len(shots) // 2]), encoding="utf-8")
    _draw(states).savefig(PICTURES / "session.svg", metadata={"Date": None})


def _terminal(state: dict[str, Any]) -> str:
    """Return the live view of a state as SVG, in the reader's own monospaced font."""
    console = Console(record=True, width=100, height=30, file=StringIO(), force_terminal=True)
    console.print(screen(state))
    svg = console.export_svg(title="retrowalk watch")
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def _draw(states: list[tuple[float, dict[str, Any]]]) -> plt.Figure:
    """Draw speed, target and heart rate over both sessions, on ground coloured by phase."""
    plt.rcParams["svg.hashsalt"] = "retrowalk"
    begun = states[0][0]
    times = [at - begun for at, _ in states]
    figure, (speed, heart) = plt.subplots(
        2, 1, sharex=True, figsize=(10, 4.6), height_ratios=(3, 1.3), layout="constrained"
    )
    for axes in (speed, heart):
        for (at, state), (end, _) in pairwise(states):
            axes.axvspan(at - begun, end - begun, color=COLOURS.get(state["phase"], "white"), lw=0)
        axes.spines[["top", "right"]].set_visible(False)
    speed.plot(times, _column(states, "target_kmh"), color="#888888", ls="--", lw=1.2, label="set-point")
    speed.plot(times, _column(states, "speed_kmh"), color="#1b5e20", lw=2, label="belt, as reported")
    heart.plot(times, _column(states, "heart_rate_bpm"), color="#b3261e", lw=1.6)
    _label_phases(speed, states, begun)
    speed.set(ylabel="km/h", ylim=(0, 1.15), title="Two bouts backward, then a session in which the strap is pulled")
    speed.legend(loc=(0.31, 0.35), frameon=False, fontsize=8)
    heart.set(ylabel="bpm", xlabel="seconds", xlim=(0, times[-1]), ylim=(60, 90))
    return figure


def _label_phases(axes: plt.Axes, states: list[tuple[float, dict[str, Any]]], begun: float) -> None:
    last = None
    for at, state in states:
        phase = state["phase"]
        if phase != last and phase in ("board", "walk", "rest", "cool_down", "stopping"):
            words = "strap pulled" if phase == "stopping" else phase.replace("_", " ")
            axes.text(at - begun + 0.5, 1.12, words, fontsize=8, rotation=90, va="top", color="#444444")
        last = phase


def _column(states: list[tuple[float, dict[str, Any]]], name: str) -> list[float]:
    return [float("nan") if state[name] is None else state[name] for _, state in states]


if __name__ == "__main__":
    main()

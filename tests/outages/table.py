"""What a series of outages came to: a table for a person, JSON for whoever compares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import ceil

from outages.run import CAUSES, Verdict

_HEAD = ("cause", "runs", "belt moved", "Stop p50", "p99", "max", "to spare", "standstill max", "missed")


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the nearest rank: a figure that was measured; None = there is none."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)] if values else None


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield the lines. Stop and standstill are seconds from the cause, of runs in which the belt moved at it."""
    rows = [_HEAD, *(_row(cause, [v for v in verdicts if v.cause == cause]) for cause in CAUSES)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
    for verdict in verdicts:
        if verdict.miss:
            yield f"missed: {verdict.cause}, {verdict.phase}: {verdict.miss}"


def _row(cause: str, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    moving = [verdict for verdict in verdicts if verdict.moved and not verdict.stopped]
    stops = [verdict.stop_s for verdict in moving if verdict.stop_s is not None]
    stands = [verdict.stands_s for verdict in moving if verdict.stands_s is not None]
    spare = [verdict.allowed_s - verdict.stop_s for verdict in moving if verdict.stop_s is not None]
    figures = (
        *(percentile(stops, percent) for percent in (50, 99, 100)),
        min(spare, default=None),
        max(stands, default=None),
    )
    counts = str(len(verdicts)), str(len(moving)), str(sum(bool(verdict.miss) for verdict in verdicts))
    return (cause, *counts[:2], *("–" if figure is None else f"{figure:.2f}" for figure in figures), counts[2])


def as_json(verdicts: Sequence[Verdict], seed: int, load: float) -> str:
    """Return everything that was seen."""
    return json.dumps({"seed": seed, "load": load, "runs": [asdict(verdict) for verdict in verdicts]}, indent=1) + "\n"

"""Timers that are late: a loop is never called at the instant that it asked for."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from simulation.story import Story

HICCUP: Final = 0.01  # share of the timers that are much later than the others
HICCUP_TIMES: Final = 10
LATEST_S: Final = 0.08


def lateness(story: Story) -> Callable[[], float]:
    """Return what tells by how many seconds the next timer is late."""
    rng = Random(story.seed + 2)  # noqa: S311 - repeatable lateness

    def late_s() -> float:
        times = HICCUP_TIMES if rng.random() < HICCUP else 1
        return min(times * 2 * story.late_s * rng.random(), LATEST_S)

    return late_s

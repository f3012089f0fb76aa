"""What commissioning finds out: figures as they were measured, and what they say about the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Final

from retrowalk.model.machine import Machine

KMH_PER_MPH: Final = 1.609344
UNITS_TOLERANCE: Final = 0.12  # a belt, its counter and a hand with a mark err less; miles err by 0.61
START_MARGIN_S: Final = 1.0  # the next frame may come a second later than the one that showed motion
SHORTEST_START_DELAY_S: Final = 2.0
SHORTEST_RUN_DOWN_S: Final = 2.0


class Verdict(StrEnum):
    """How it ended."""

    PASSED = "passed"
    REFUSED = "refused"  # this machine must not be trusted
    ABANDONED = "abandoned"  # nothing is known: somebody left, or nobody answered
    NO_MACHINE = "no_machine"


@dataclass(slots=True)
class Findings:
    """Facts by their names in a record, and figures. Speeds are km/h, times seconds."""

    machine: Machine | None = None
    facts: dict[str, object] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    start_delays_s: list[float] = field(default_factory=list)
    run_downs: list[tuple[float, float]] = field(default_factory=list)
    stop_written_s: list[float] = field(default_factory=list)
    stop_effects_s: list[float] = field(default_factory=list)
    speeds: list[tuple[float, float]] = field(default_factory=list)  # told, reported
    real_per_told: float | None = None
    real_by: str | None = None
    clock_ratio: float | None = None
    longest_silence_s: float | None = None
    statuses: list[str] = field(default_factory=list)

    def conclude(self) -> None:
        """Add the facts that follow from figures, with their margins."""
        if self.start_delays_s:
            delay_s = max(self.start_delays_s) + START_MARGIN_S
            self.facts["start_delay_s"] = _tenths_up(max(delay_s, SHORTEST_START_DELAY_S))
        if self.run_downs:
            longest_s = max(run_down_s for _, run_down_s in self.run_downs)
            self.facts["run_down_s"] = _tenths_up(max(longest_s, SHORTEST_RUN_DOWN_S))


def _tenths_up(time_s: float) -> float:
    return ceil(round(time_s * 10, 6)) / 10


def near(ratio: float, wanted: float, tolerance: float = UNITS_TOLERANCE) -> bool:
    """Whether two ratios are the same but for errors of measurement."""
    return abs(ratio / wanted - 1) <= tolerance

"""What commissioning finds out: figures as they were measured, and what they say about the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Final

from retrowalk.model import numbers as n
from retrowalk.model.machine import Machine

KMH_PER_MPH: Final = 1.609344


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
            delay_s = max(self.start_delays_s) + n.START_DELAY_MARGIN_S
            self.facts["start_delay_s"] = _tenths_up(max(delay_s, n.START_DELAY_SHORTEST_S))
        if self.run_downs:
            longest_s = max(run_down_s for _, run_down_s in self.run_downs)
            self.facts["run_down_s"] = _tenths_up(max(longest_s, n.RUN_DOWN_SHORTEST_S))


def _tenths_up(time_s: float) -> float:
    return ceil(round(time_s * 10, 6)) / 10


def near(ratio: float, wanted: float) -> bool:
    """Whether two ratios are the same but for errors of measurement."""
    return abs(ratio / wanted - 1) * 100 <= n.UNITS_TOLERANCE_PERCENT

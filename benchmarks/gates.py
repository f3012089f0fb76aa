"""What a run must show, as ratios of figures of the same run: a slow or busy computer is slow for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_BARE_IDLE: Final = "bare_stop_idle_p99_ms"
_LOADED: Final = ("behind1", "behind2", "behind5", "mqtt_flood", "busy_notifications")


@dataclass(frozen=True, slots=True)
class Gate:
    """`figure` may be at most `factor` times `reference`."""

    figure: str
    factor: float
    reference: str

    def complaint(self, figures: Mapping[str, float | None]) -> str | None:
        """Say what is wrong; None = nothing. A Stop that never came fails every gate; a reference must exist."""
        value, reference = figures.get(self.figure), figures.get(self.reference)
        if value is not None and reference is not None and value <= self.factor * reference:
            return None
        return f"{self.figure} is {said(value)}: more than {self.factor:g} times {self.reference}, {said(reference)}"


GATES: Final = (
    Gate("stop_idle_p99_ms", 1.5, _BARE_IDLE),
    *(Gate(f"stop_{name}_p99_ms", 3.0, _BARE_IDLE) for name in _LOADED),
    # Without control two writes are needed, and BlueZ takes the second when the first was responded to: so it takes
    # anybody as long as it takes bleak alone to make both.
    Gate("stop_control_lost_p99_ms", 1.5, "bare_stop_request_first_p99_ms"),
)


def complaints(figures: Mapping[str, float | None]) -> list[str]:
    """Return every gate that fails, in words."""
    return [complaint for gate in GATES if (complaint := gate.complaint(figures))]


def said(value: float | None) -> str:
    """Write a figure for a person."""
    return "never" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")

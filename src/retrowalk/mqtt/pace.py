"""How often the state is told: each change that a person would notice at once, all else once a second."""

from __future__ import annotations

from typing import Any, Final

from retrowalk.model.units import seconds

EVERY_NS: Final = seconds(1)
_CREEPING: Final = frozenset(
    {
        "ts",
        "token",
        "segment_left_s",
        "session_left_s",
        "progress_pct",
        "distance_m",
        "elapsed_s",
        "energy_kcal",
        "telemetry_age_s",
        "heart_rate_bpm",
        "loop_lag_s",
        "trip_ts",
    }
)


class Pace:
    """Remembers what was told last. Time is monotonic ns."""

    def __init__(self) -> None:
        self._last: dict[str, Any] | None = None
        self._last_ns = 0

    def is_due(self, message: dict[str, Any], now_ns: int) -> bool:
        """Tell whether to send this state message now, and take it for sent if so."""
        news = {name: value for name, value in message.items() if name not in _CREEPING}
        if news == self._last and now_ns - self._last_ns < EVERY_NS:
            return False
        self._last, self._last_ns = news, now_ns
        return True

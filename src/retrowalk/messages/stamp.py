"""One instant on two clocks, so that times of the core can be told to the outside."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Stamp:
    """Now, as the wall clock (seconds since 1970, UTC) and the monotonic clock of the core (ns) see it."""

    wall_s: float
    monotonic_ns: int

    @property
    def ts(self) -> float:
        """The wall clock to the millisecond, as messages carry it."""
        return round(self.wall_s, 3)

    def wall_of(self, monotonic_ns: int) -> float:
        """Return the wall time of a monotonic instant, to the millisecond."""
        return round(self.wall_s - (self.monotonic_ns - monotonic_ns) / NS_PER_S, 3)

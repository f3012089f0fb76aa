"""The only ramp limiter: no set-point reaches a belt but through here."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model import numbers as n
from retrowalk.model.units import NS_PER_S

_LONGEST_STEP_NS = 2 * n.TICK_NS


@dataclass(slots=True)
class Ramp:
    """A reference that moves toward its goal no faster than its rates, however long nobody looked.

    Values are whole units of the protocol (0.01 km/h or 0.1 %), rates are units per second.
    """

    scaled: int  # the reference times nanoseconds per second, so that no fraction is lost
    at_ns: int

    @classmethod
    def at(cls, value: int, now_ns: int) -> Ramp:
        """Begin at `value`."""
        return cls(value * NS_PER_S, now_ns)

    @property
    def value(self) -> int:
        """The reference, rounded down to a whole unit."""
        return self.scaled // NS_PER_S

    def toward(self, goal: int, *, up: int, down: int, now_ns: int) -> int:
        """Move toward `goal` and return the reference. A stalled loop earns no jump, a steady goal saves none up."""
        spent_ns = min(now_ns - self.at_ns, _LONGEST_STEP_NS)
        scaled_goal = goal * NS_PER_S
        if scaled_goal >= self.scaled:
            self.scaled = min(scaled_goal, self.scaled + up * spent_ns)
        else:
            self.scaled = max(scaled_goal, self.scaled - down * spent_ns)
        self.at_ns = now_ns
        return self.value

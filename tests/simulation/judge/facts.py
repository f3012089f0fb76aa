"""What the judge knows before a story begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrowalk_sim.profiles import Profile, profiles


@dataclass(frozen=True, slots=True)
class Facts:
    """What the judge knows beforehand, in plain words and numbers."""

    machine: str
    caps_kmh: Mapping[str, float]
    ramps_kmh_per_s: Mapping[str, float]
    caps_pct: Mapping[str, float]
    facings: tuple[str, ...]
    strap_line: bool
    remote_start: bool
    hard_bpm: int | None
    happens: frozenset[str]
    lasting: frozenset[str]  # kinds of trouble that go on until they are said to be over; the others are over at once
    expected_s: float
    session_s: float  # its cap
    longest_s: Mapping[str, float]  # of a bout and of a rest, as planned

    @property
    def profile(self) -> Profile:
        """The simulated machine."""
        return profiles()[self.machine]

    @property
    def silent(self) -> bool:
        """The machine takes write commands alone: what it refuses, nobody hears."""
        return "write" not in self.profile.control_point

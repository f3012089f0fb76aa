"""Who walks, and what there is to walk, for tests that walk everything."""

from __future__ import annotations

from retrowalk.model.units import Speed
from retrowalk.programs import load_library, shipped_programs
from retrowalk.walkers import Walker

LIBRARY = load_library([shipped_programs()])
FIT = Walker(
    level=3,
    age=40,
    comfortable_pace=Speed.from_mph(3.5),
    heart_rate="limits",
    heart_rate_soft_bpm=150,
    heart_rate_hard_bpm=165,
)
"""May walk every shipped program."""

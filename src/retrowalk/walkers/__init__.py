"""Who walks: the caps of each level, what a walker's age, pace and history make of them, heart-rate limits. Pure."""

from retrowalk.walkers.caps import CAPS, Caps, Level
from retrowalk.walkers.walker import LevelLocked, Walker

__all__ = ["CAPS", "Caps", "Level", "LevelLocked", "Walker"]

"""Lives through a story: the whole daemon, a treadmill, straps, a walker, a broker and a disk, in virtual time.

Reading order: lived (a story, and what came of it), world (how it goes), service (the daemon's birth and death) and
people; then installation and listener, where the daemon meets this world, and clock, log, disk, wire, heartbeat.
"""

from __future__ import annotations

from simulation.world.lived import Lived, live
from simulation.world.world import World

__all__ = ["Lived", "World", "live"]

"""The judge: sees the simulated belt, strap and heart, and hears what the daemon says. Knows nothing of how it thinks.

Nothing in here imports anything of the daemon's. Reading order: facts and scene (what it knows), trouble (what goes
wrong in the world), then what it judges: watches and dangers, consent, writes, causes. judge brings each line to them.
"""

from __future__ import annotations

from simulation.judge.facts import Facts
from simulation.judge.judge import Judge
from simulation.judge.verdicts import Verdict

__all__ = ["Facts", "Judge", "Verdict"]

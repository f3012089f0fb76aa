"""Minutes: for how long the belt runs beneath somebody, and a session lasts, however often it is paused."""

from __future__ import annotations

from simulation.judge.dangers import Dangers
from simulation.judge.facts import Facts
from simulation.judge.scene import Scene
from simulation.judge.verdicts import Verdicts
from simulation.judge.writes import Writes
from simulation.law import BACKWARD_S, OVERTIME_S, UNSAFE


class Minutes:
    """Counts what a session takes, from its first prompt."""

    def __init__(self, facts: Facts, scene: Scene, writes: Writes, dangers: Dangers, verdicts: Verdicts) -> None:
        self._session_s = facts.session_s
        self._scene, self._writes, self._dangers, self._verdicts = scene, writes, dangers, verdicts
        self._opened_s: float | None = None
        self._backward_s = 0.0
        self._looked_s = 0.0

    def enter(self, now_s: float, phase: str) -> None:
        """Take note of a phase that is entered: a session opens with the first prompt, and ends idle."""
        if phase == "idle":
            self._opened_s = None
        elif phase == "board" and self._opened_s is None:
            self._opened_s, self._backward_s = now_s, 0.0

    def look(self, now_s: float) -> None:
        """Count, and look whether a cap is passed by more than a session needs to come to its end."""
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        if self._opened_s is None or not self._scene.ours or self._scene.belt_kmh <= 0:
            return
        if self._writes.facing == "backward":
            self._backward_s += passed_s
        over_s = max(now_s - self._opened_s - self._session_s, self._backward_s - BACKWARD_S)
        if over_s > OVERTIME_S and self._dangers.able(now_s, for_s=OVERTIME_S):
            self._verdicts.convict(now_s, UNSAFE, "the belt runs, and the session has passed its cap on minutes")

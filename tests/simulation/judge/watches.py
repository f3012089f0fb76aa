"""Watches: what only looking shows. A belt too fast, a machine too silent, or a heart over its limit demands a stop."""

from __future__ import annotations

from simulation.judge.dangers import Dangers
from simulation.judge.facts import Facts
from simulation.judge.scene import NEVER_S, Scene
from simulation.judge.trouble import Trouble
from simulation.judge.writes import Writes
from simulation.law import BLURS_HEART, BOARD_KMH, HEART_S, LIARS, OVERSPEED_S, SILENT_S


class Watches:
    """Looks at the true belt, the telemetry and the true heart."""

    def __init__(self, facts: Facts, scene: Scene, trouble: Trouble, writes: Writes, dangers: Dangers) -> None:
        self.hot_s = NEVER_S  # when the heart was last over its limit
        self._facts, self._scene, self._trouble = facts, scene, trouble
        self._writes, self._dangers = writes, dangers
        self._fast_s: float | None = None
        self._silent_s: float | None = None
        self._hot_since_s: float | None = None

    def look(self, now_s: float, heart_bpm: float) -> None:
        """Look at everything."""
        self._watch_speed(now_s)
        self._watch_silence(now_s)
        self._watch_heart(now_s, heart_bpm)

    def _watch_speed(self, now_s: float) -> None:
        scene, lately = self._scene, self._writes.lately_kmh(now_s)
        allowed_kmh = max((*lately, BOARD_KMH, self._facts.profile.grid.lowest))
        fast = scene.ours and scene.belt_kmh > allowed_kmh + max(0.5, 0.15 * allowed_kmh) + 0.2
        if not fast or self._trouble.blurred(now_s) or self._facts.machine in LIARS:
            self._fast_s = None
        elif self._fast_s is None:
            self._fast_s = now_s
        elif now_s - self._fast_s > OVERSPEED_S:
            self._dangers.demand(now_s, "overspeed")

    def _watch_silence(self, now_s: float) -> None:
        if not self._trouble.goes_on("silence"):
            self._silent_s = None
        elif self._silent_s is None:
            self._silent_s = now_s
        elif now_s - self._silent_s > SILENT_S:
            self._dangers.demand(now_s, "silence")

    def _watch_heart(self, now_s: float, heart_bpm: float) -> None:
        limit_bpm = self._facts.hard_bpm
        if limit_bpm is None or heart_bpm <= limit_bpm:
            self._hot_since_s = None
            return
        self.hot_s = now_s
        if self._hot_since_s is None or heart_bpm <= limit_bpm + 2 or BLURS_HEART & self._facts.happens:
            self._hot_since_s = now_s
        elif now_s - self._hot_since_s > HEART_S:
            self._dangers.demand(now_s, "heart")

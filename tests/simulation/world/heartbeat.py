"""The heart under the heart-rate strap: the walker's, which may race, or somebody else's."""

from __future__ import annotations

from typing import Final

from retrowalk_sim.walker import Walker

EXERTS_BPM: Final = 1.5  # a look at the heart


class Heartbeat:
    """The true heart rate, as the strap on it gets to see it."""

    def __init__(self, walker: Walker) -> None:
        self.now_bpm = 0.0
        self._walker = walker
        self._worn_bpm: float | None = None
        self._exertion_bpm = self._exerted_bpm = 0.0

    def wear(self, bpm: float | None) -> None:
        """Wear somebody else's strap, whose heart does as it pleases (None: one's own)."""
        self._worn_bpm = bpm

    def exert(self, bpm: float) -> None:
        """Let the heart beat faster than the work explains."""
        self._exertion_bpm = bpm

    def bpm(self, now_s: float) -> float:
        """Return the heart rate now. Ask often: it rises and falls a little with each look."""
        own_bpm = self._walker.heart_bpm(now_s)
        self._exerted_bpm += max(-EXERTS_BPM, min(EXERTS_BPM, self._exertion_bpm - self._exerted_bpm))
        self.now_bpm = own_bpm + self._exerted_bpm if self._worn_bpm is None else self._worn_bpm
        return self.now_bpm

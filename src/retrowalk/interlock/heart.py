"""Which heart-rate samples are believed, and for how long a limit has been passed."""

from __future__ import annotations

from collections import deque
from statistics import median

from retrowalk.model import numbers as n
from retrowalk.model.observations import HeartRateSample
from retrowalk.model.settings import HeartLimits

_SHORTEST_RR_MS = 60_000 / n.HEART_RATE_HIGHEST_BPM
_LONGEST_RR_MS = 60_000 / n.HEART_RATE_LOWEST_BPM


class HeartRateFilter:
    """Tells good samples from artefacts. A suspect high value may trip, but no suspect value ever clears a trip."""

    def __init__(self, limits: HeartLimits | None) -> None:
        self.limits = limits
        self.bpm: int | None = None  # the last good value
        self.good_ns: int | None = None
        self._suspect_ns: int | None = None
        self._candidates: list[int] = []  # a new level after an artefact, until enough samples agree
        self._recent = deque[int](maxlen=n.HEART_RATE_ENTRY_SAMPLES)
        self._window = deque[int](maxlen=n.HEART_RATE_MEDIAN_OF)
        self._heard_ns = 0  # the last sample that went into the window
        self._rr_ns: int | None = None
        self._changed_ns = 0
        self._last: HeartRateSample | None = None
        self._over_hard_ns: int | None = None
        self._over_soft_ns: int | None = None

    def hear(self, sample: HeartRateSample, now_ns: int) -> None:
        """Judge one sample and move the limits' clocks."""
        good = self._plausible(sample, now_ns) and self._continuous(sample.bpm, now_ns)
        if good:
            self.bpm, self.good_ns, self._suspect_ns = sample.bpm, now_ns, None
            self._recent.append(now_ns)
        if good or (self.limits and sample.bpm > self.limits.hard_bpm and sample.contact is not False):
            self._window.append(sample.bpm)
            self._heard_ns = now_ns
            self._time_limits(now_ns)

    def age_ns(self, now_ns: int) -> int | None:
        """Return how old the last good sample is; None = there never was one."""
        return None if self.good_ns is None else now_ns - self.good_ns

    def settled(self, now_ns: int) -> bool:
        """Enough good samples came lately to start a belt."""
        return self.entry_samples(now_ns) >= n.HEART_RATE_ENTRY_SAMPLES

    def entry_samples(self, now_ns: int) -> int:
        """Return how many good samples came lately."""
        return sum(now_ns - at_ns <= n.HEART_RATE_ENTRY_NS for at_ns in self._recent)

    def over_hard(self, now_ns: int) -> bool:
        """The median of the last good samples has been over the hard limit for long enough to stop."""
        return self._over(self._over_hard_ns, n.HEART_RATE_HARD_NS, now_ns)

    def over_soft(self, now_ns: int) -> bool:
        """The same over the soft limit, for long enough to ease."""
        return self._over(self._over_soft_ns, n.HEART_RATE_SOFT_NS, now_ns)

    def _over(self, since_ns: int | None, for_ns: int, now_ns: int) -> bool:
        """Tell whether a limit has been passed for long enough, by values that are not themselves long gone."""
        return since_ns is not None and now_ns - since_ns >= for_ns and now_ns - self._heard_ns < n.HEART_RATE_LOST_NS

    def _plausible(self, sample: HeartRateSample, now_ns: int) -> bool:
        if any(_SHORTEST_RR_MS <= interval_ms <= _LONGEST_RR_MS for interval_ms in sample.rr_ms):
            self._rr_ns = now_ns  # a strap on a table sends an interval of seconds now and then
        if self._last is None or (sample.bpm, sample.rr_ms) != (self._last.bpm, self._last.rr_ms):
            self._changed_ns = now_ns
        self._last = sample
        rr_missing = self._rr_ns is not None and now_ns - self._rr_ns >= n.HEART_RATE_RR_MISSING_NS
        unchanged = now_ns - self._changed_ns >= n.HEART_RATE_UNCHANGED_NS
        in_range = n.HEART_RATE_LOWEST_BPM <= sample.bpm <= n.HEART_RATE_HIGHEST_BPM
        return in_range and sample.contact is not False and not rr_missing and not unchanged

    def _continuous(self, bpm: int, now_ns: int) -> bool:
        if self.bpm is None or self.good_ns is None:
            return True
        since_ns = max(now_ns - self.good_ns, n.HEART_RATE_JUMP_NS)
        near = abs(bpm - self.bpm) * n.HEART_RATE_JUMP_NS <= n.HEART_RATE_JUMP_BPM * since_ns
        if self._suspect_ns is None and near:
            return True
        if self._suspect_ns is None:
            self._suspect_ns, self._candidates = now_ns, []
        if now_ns - self._suspect_ns < n.HEART_RATE_SUSPECT_NS:
            return abs(bpm - self.bpm) <= n.HEART_RATE_JUMP_BPM
        return self._agrees(bpm)

    def _agrees(self, bpm: int) -> bool:
        """After an artefact that lasted: believe a new level only when several samples in a row agree on it."""
        if self._candidates and abs(bpm - self._candidates[-1]) > n.HEART_RATE_JUMP_BPM:
            self._candidates = []
        self._candidates.append(bpm)
        return len(self._candidates) >= n.HEART_RATE_ENTRY_SAMPLES

    def _time_limits(self, now_ns: int) -> None:
        if self.limits is None:
            return
        level = median(self._window)
        self._over_hard_ns = _since(self._over_hard_ns, level > self.limits.hard_bpm, now_ns)
        self._over_soft_ns = _since(self._over_soft_ns, level > self.limits.soft_bpm, now_ns)


def _since(start_ns: int | None, holds: bool, now_ns: int) -> int | None:
    """Keep when a condition began to hold; None while it does not."""
    if not holds:
        return None
    return now_ns if start_ns is None else start_ns

"""Heart-rate limits from age: a formula whose standard deviation is 7–12 bpm, so it serves healthy walkers only."""

from __future__ import annotations

from retrowalk.model.settings import HeartLimits


def age_limits(age_years: int, resting_bpm: int) -> HeartLimits:
    """Return hard = 85 % of 208 − 0.7·age, soft = the lower of 60 % of the reserve and 76 %, rounded down."""
    highest_tenths = 2080 - 7 * age_years
    reserve_60 = (6 * highest_tenths + 40 * resting_bpm) // 100
    return HeartLimits(
        soft_bpm=min(reserve_60, 76 * highest_tenths // 1000),
        hard_bpm=85 * highest_tenths // 1000,
    )

"""Which heart-rate samples are believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.model import numbers as n
from retrowalk.model.observations import HeartRateSample
from retrowalk.model.settings import HeartLimits
from retrowalk.model.units import NS_PER_S, seconds

LIMITS = HeartLimits(soft_bpm=120, hard_bpm=140)


def fed(*samples: tuple[float, int], limits: HeartLimits | None = LIMITS) -> HeartRateFilter:
    """Return a filter that heard (second, bpm) samples."""
    heart = HeartRateFilter(limits)
    for at_s, bpm in samples:
        heart.hear(HeartRateSample(bpm), seconds(at_s))
    return heart


def every_second(bpm: int, count: int, since_s: int = 0) -> list[tuple[float, int]]:
    """Return one sample a second, alternating by one so that it does not look frozen."""
    return [(since_s + i, bpm + i % 2) for i in range(count)]


@pytest.mark.parametrize(("bpm", "good"), [
    (29, False), (30, True), (31, True), (219, True), (220, True), (221, False), (0, False),
])  # fmt: skip
def test_a_plausible_value_is_between_30_and_220(bpm: int, good: bool) -> None:
    """Nobody walks with less than 30 or more than 220."""
    assert (fed((0, bpm)).bpm == bpm) is good


@pytest.mark.parametrize(("contact", "good"), [(True, True), (None, True), (False, False)])
def test_no_contact_is_no_heart_rate(contact: bool | None, good: bool) -> None:
    """A strap that says it has no contact is not believed; one that cannot tell is."""
    heart = HeartRateFilter(LIMITS)
    heart.hear(HeartRateSample(90, contact), 0)
    assert (heart.good_ns is not None) is good


@pytest.mark.parametrize(("jump", "good"), [(19, True), (20, True), (21, False), (-20, True), (-21, False)])
def test_more_than_20_within_a_second_is_suspect(jump: int, good: bool) -> None:
    """A jump by more than 20 bpm from the last good value within a second is not believed."""
    assert (fed((0, 90), (1, 90 + jump)).bpm == 90 + jump) is good


@pytest.mark.parametrize(("gap_s", "good"), [(0.2, False), (1.0, False), (1.99, False), (2.0, True), (2.1, True)])
def test_a_longer_gap_allows_a_larger_step(gap_s: float, good: bool) -> None:
    """40 bpm in two seconds is the same rate as 20 in one; a short gap counts as a second."""
    assert (fed((0, 90), (gap_s, 130)).bpm == 130) is good


def test_a_gap_counts_from_the_last_good_value() -> None:
    """A jump within a second is one at any time of the day."""
    assert fed((10, 90), (11, 130)).bpm == 90
    assert fed((10, 90), (12, 130)).bpm == 130


@pytest.mark.parametrize(("bpm", "good"), [(110, True), (111, False), (70, True), (69, False)])
def test_after_an_artefact_the_old_level_is_what_lies_within_20(bpm: int, good: bool) -> None:
    """Of the last good value, and at most that."""
    assert (fed((0, 90), (1, 150), (2, bpm)).bpm == bpm) is good


def test_an_artefact_is_forgotten_when_the_old_level_comes_back() -> None:
    """One odd value, then the old level: good at once, and the artefact left no trace."""
    heart = fed((0, 90), (1, 150), (2, 92))
    assert heart.bpm == 92
    assert heart.good_ns == seconds(2)


@pytest.mark.parametrize(("samples", "bpm"), [
    ([(1, 60), (2, 60), (3, 60), (4, 61), (5, 60), (6, 61)], 90),  # suspect until 4 s, then three agree
    ([(1, 60), (2, 60), (3, 60), (4, 61), (5, 60), (6, 61), (7, 60)], 60),
    ([(1, 60), (4, 61), (5, 60), (6, 120), (7, 61), (8, 60), (9, 61)], 90),  # one disagrees: begin again
    ([(1, 60), (4, 61), (5, 60), (6, 120), (7, 61), (8, 60), (9, 61), (10, 60)], 60),
    ([(1, 150), (4, 150), (5, 170), (6, 190), (7, 210)], 210),  # each agrees with the one before
    ([(1, 150), (4, 150), (5, 171), (6, 190), (7, 210)], 90),
])  # fmt: skip
def test_a_new_level_is_believed_after_four_samples_agree(samples: list[tuple[float, int]], bpm: int) -> None:
    """Suspect for three seconds is lost; after that four samples in a row that agree are a heart rate again."""
    assert fed((0, 90), *samples).bpm == bpm


@pytest.mark.parametrize(("missing_s", "good"), [(4.9, True), (5.0, False), (5.1, False)])
def test_rr_intervals_that_go_missing_mean_a_strap_off_the_body(missing_s: float, good: bool) -> None:
    """RR seen before and missing for 5 s: the strap repeats its last value in the air."""
    heart = HeartRateFilter(LIMITS)
    heart.hear(HeartRateSample(90, rr_ms=(660.0,)), 0)
    heart.hear(HeartRateSample(91), seconds(missing_s))
    assert (heart.bpm == 91) is good


def test_rr_intervals_that_come_back_are_believed() -> None:
    """A frame with RR intervals is good again at once."""
    heart = HeartRateFilter(LIMITS)
    heart.hear(HeartRateSample(90, rr_ms=(660.0,)), 0)
    heart.hear(HeartRateSample(91), seconds(6))
    heart.hear(HeartRateSample(92, rr_ms=(650.0,)), seconds(7))
    assert heart.bpm == 92


@pytest.mark.parametrize(("after_s", "good"), [(59.9, True), (60.0, False), (60.1, False)])
def test_a_value_unchanged_for_a_minute_is_frozen(after_s: float, good: bool) -> None:
    """The same bpm with the same RR for 60 s is no heart."""
    heart = fed((0, 90), (after_s, 90))
    assert (heart.good_ns == seconds(after_s)) is good


def test_a_steady_bpm_with_living_intervals_is_not_frozen() -> None:
    """The same bpm with other RR intervals is alive."""
    heart = HeartRateFilter(LIMITS)
    for second in range(120):
        heart.hear(HeartRateSample(90, rr_ms=(660.0 + second % 2,)), seconds(second))
    assert heart.good_ns == seconds(119)


@pytest.mark.parametrize(("samples", "at_s", "settled"), [
    (every_second(90, 3), 3, False),
    (every_second(90, 4), 3, True),
    (every_second(90, 4), 6, True),
    (every_second(90, 4), 6.01, False),
    ([(0, 90), (1, 91), (2, 90), (3, 20), (4, 91)], 4, True),
])  # fmt: skip
def test_four_good_samples_in_six_seconds_settle(samples: list[tuple[float, int]], at_s: float, settled: bool) -> None:
    """A belt starts only with a heart rate that has settled."""
    assert fed(*samples).settled(seconds(at_s)) is settled


@pytest.mark.parametrize(("bpm", "trips"), [(139, False), (140, False), (142, True)])
def test_over_the_hard_limit_means_over_it(bpm: int, trips: bool) -> None:
    """At the limit is not over it."""
    heart = fed(*[(i / 2, bpm) for i in range(14)])
    assert heart.over_hard(seconds(7)) is trips


@pytest.mark.parametrize(("bpm", "eases"), [(119, False), (120, False), (122, True)])
def test_over_the_soft_limit_means_over_it(bpm: int, eases: bool) -> None:
    """At the limit is not over it."""
    heart = fed(*[(float(i), bpm + i % 2 if eases else bpm) for i in range(20)])
    assert heart.over_soft(seconds(19)) is eases


@pytest.mark.parametrize(("limit", "for_ns"), [("hard", n.HEART_RATE_HARD_NS), ("soft", n.HEART_RATE_SOFT_NS)])
@pytest.mark.parametrize(("early_ns", "over"), [(1, False), (0, True), (-1, True)])
def test_a_limit_must_be_passed_for_its_time(limit: str, for_ns: int, early_ns: int, over: bool) -> None:
    """Three seconds over the hard limit, fifteen over the soft one; not a nanosecond less."""
    heart = HeartRateFilter(LIMITS)
    for at_s in range(20):
        if seconds(at_s) <= for_ns - early_ns:
            heart.hear(HeartRateSample(150 + at_s % 2), seconds(at_s))
    assert getattr(heart, f"over_{limit}")(for_ns - early_ns) is over


def test_the_median_of_five_decides() -> None:
    """Two of five over the limit are not over it, three are."""
    calm = [(float(i), 138) for i in range(5)]
    assert not fed(*calm, (5, 150), (6, 151)).over_hard(seconds(30))
    assert fed(*calm, (5, 150), (6, 151), (7, 150)).over_hard(seconds(10))


@pytest.mark.parametrize(("age_ns", "over"), [
    (n.HEART_RATE_LOST_NS - 1, True), (n.HEART_RATE_LOST_NS, False), (n.HEART_RATE_LOST_NS + 1, False),
])  # fmt: skip
def test_a_limit_passed_long_ago_is_past(age_ns: int, over: bool) -> None:
    """Values older than a lost heart rate trip nothing: the loss has been acted upon."""
    heart = fed(*every_second(150, 9))
    assert heart.over_hard(seconds(8) + age_ns) is over


def test_a_suspect_high_value_may_trip_and_a_suspect_low_one_never_clears() -> None:
    """A jump over the hard limit counts although it is suspect; a jump below does not un-trip."""
    heart = fed(*every_second(100, 5), *every_second(180, 7, since_s=5))
    assert heart.over_hard(seconds(11))
    heart.hear(HeartRateSample(60), seconds(11.5))
    assert heart.over_hard(seconds(12))


def test_a_suspect_value_at_the_hard_limit_does_not_clear_it_either() -> None:
    """Only what is over the limit counts although it is suspect."""
    heart = fed(*every_second(165, 9), (9, 140), (10, 140), (11, 140))
    assert heart.over_hard(seconds(11))


def test_a_high_value_without_contact_trips_nothing() -> None:
    """A strap in the air that says 200 is a strap in the air."""
    heart = HeartRateFilter(LIMITS)
    for second in range(10):
        heart.hear(HeartRateSample(200, contact=False), seconds(second))
    assert not heart.over_hard(seconds(9))


def test_without_limits_there_is_nothing_to_pass() -> None:
    """No limits, no trips; values are still told."""
    heart = fed(*every_second(200, 30), limits=None)
    assert not heart.over_hard(seconds(29))
    assert not heart.over_soft(seconds(29))
    assert heart.bpm in (200, 201)


def test_the_age_of_the_last_good_sample() -> None:
    """Unknown before the first one."""
    assert HeartRateFilter(LIMITS).age_ns(5) is None
    assert fed((1, 90), (2, 300)).age_ns(seconds(3)) == seconds(2)


@given(st.lists(st.tuples(st.integers(0, 3 * NS_PER_S), st.integers(0, 300), st.none() | st.booleans())))
def test_only_plausible_values_are_ever_shown(samples: list[tuple[int, int, bool | None]]) -> None:
    """Whatever a strap sends, the value told is between 30 and 220 or none at all."""
    heart, now_ns = HeartRateFilter(LIMITS), 0
    for spent_ns, bpm, contact in samples:
        now_ns += spent_ns
        heart.hear(HeartRateSample(bpm, contact), now_ns)
        assert heart.bpm is None or n.HEART_RATE_LOWEST_BPM <= heart.bpm <= n.HEART_RATE_HIGHEST_BPM


@pytest.mark.parametrize(("rr_ms", "good"), [
    (272.0, False), (272.7271, False), (60_000 / 220, True), (272.7274, True),
    (2000.0, True), (2000.01, False), (2001.0, False), (5995.1, False),
])  # fmt: skip
def test_an_interval_that_is_no_heartbeat_does_not_show_a_body(rr_ms: float, good: bool) -> None:
    """A strap on a table sends one of seconds now and then: 30 to 220 bpm or it does not count."""
    heart = HeartRateFilter(None)
    heart.hear(HeartRateSample(90, rr_ms=(660.0,)), 0)
    heart.hear(HeartRateSample(91, rr_ms=(rr_ms,)), seconds(4))
    heart.hear(HeartRateSample(92), seconds(6))
    assert (heart.good_ns == seconds(6)) is good

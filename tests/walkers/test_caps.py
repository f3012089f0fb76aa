from __future__ import annotations

from itertools import pairwise

import pytest

from retrowalk.model.plan import ABSOLUTE
from retrowalk.walkers.caps import CAPS, CAREFUL_CAPS, Level

LEVELS: tuple[Level, ...] = (0, 1, 2, 3, "clinic")


@pytest.mark.parametrize(
    ("level", "row"),
    [
        #    km/h, share, incline, METs, ramp, minutes: bout, backward, session
        (0, (1.6, 50, 0, 3.0, 10, (2, 5, 20))),
        (1, (2.0, 50, 0, 3.5, 10, (10, 10, 35))),
        (2, (3.2, 70, 3, 4.5, 15, (10, 15, 40))),
        (3, (4.8, 100, 5, 6.5, 20, (10, 20, 45))),
        ("clinic", (5.6, None, 10, 8.2, 20, (30, 30, 60))),
    ],
)
def test_each_level_has_the_published_caps(level: Level, row: tuple[object, ...]) -> None:
    """The table of the safety page, number by number."""
    caps = CAPS[level]
    minutes = tuple(seconds / 60 for seconds in (caps.bout_s, caps.backward_s, caps.session_s))
    ramp = caps.up_ramp_centi_kmh_per_s
    assert (caps.speed.kmh, caps.pace_percent, caps.incline.pct, caps.mets, ramp, minutes) == row


def test_no_level_passes_the_next_one_nor_the_absolute_caps() -> None:
    """Going up a level never takes anything away, and the last row is the absolute one."""
    for lower, higher in pairwise(CAPS[level] for level in LEVELS):
        assert lower.speed <= higher.speed
        assert lower.incline <= higher.incline
        assert lower.mets <= higher.mets
        assert lower.up_ramp_centi_kmh_per_s <= higher.up_ramp_centi_kmh_per_s
        assert (lower.bout_s, lower.backward_s, lower.session_s) <= (
            higher.bout_s,
            higher.backward_s,
            higher.session_s,
        )
    assert CAPS["clinic"].speed == ABSOLUTE.backward.speed


@pytest.mark.parametrize("level", LEVELS)
def test_the_careful_rows_only_ever_narrow(level: Level) -> None:
    """Age or a fall never allows more than the level itself, and a missing test never more than a passed one."""
    untested, tested = CAREFUL_CAPS[level].untested, CAREFUL_CAPS[level].tested
    assert tested is None or tested <= CAPS[level].speed
    assert untested is None or (tested is not None and untested <= tested)

"""The only ramp limiter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.interlock.ramp import Ramp
from retrowalk.model import numbers as n
from retrowalk.model.units import NS_PER_S, seconds


@pytest.mark.parametrize(("spent_s", "value"), [(0, 80), (0.1, 81), (0.19, 81), (0.2, 82), (0.21, 82), (60, 82)])
def test_up_at_its_rate_and_never_more_than_two_ticks_at_once(spent_s: float, value: int) -> None:
    """0.1 km/h each second; a loop that stalled earns no jump."""
    ramp = Ramp.at(80, 0)
    assert ramp.toward(500, up=10, down=30, now_ns=seconds(spent_s)) == value


def test_down_at_its_own_rate_and_not_beyond_the_goal() -> None:
    """0.3 km/h each second down, and then it stays."""
    ramp = Ramp.at(80, 0)
    assert [ramp.toward(75, up=10, down=30, now_ns=seconds(t / 10)) for t in (1, 2, 3)] == [77, 75, 75]


def test_up_not_beyond_the_goal() -> None:
    """The goal is reached and not passed."""
    ramp = Ramp.at(80, 0)
    assert [ramp.toward(81, up=10, down=30, now_ns=seconds(t / 10)) for t in (1, 2, 3)] == [81, 81, 81]
    assert ramp.value == 81


@given(st.lists(st.tuples(st.integers(0, 2 * NS_PER_S), st.integers(0, 600)), max_size=40), st.integers(1, 30))
def test_no_history_is_steeper_than_the_rates(history: list[tuple[int, int]], up: int) -> None:
    """Whatever the goals and the times: up by no more than up × time, down by no more than down × time."""
    ramp, now_ns, lowest, highest = Ramp.at(80, 0), 0, 80 * NS_PER_S, 80 * NS_PER_S
    for spent_ns, goal in history:
        now_ns += spent_ns
        value = ramp.toward(goal, up=up, down=30, now_ns=now_ns)
        highest += up * min(spent_ns, 2 * n.TICK_NS)
        lowest -= 30 * min(spent_ns, 2 * n.TICK_NS)
        assert lowest // NS_PER_S <= value <= highest // NS_PER_S

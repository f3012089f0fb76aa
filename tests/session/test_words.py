"""What the walker is told."""

from __future__ import annotations

from retrowalk.model.plan import Gap
from retrowalk.model.units import Speed
from retrowalk.session import words
from support.ideal_belt import backward, forward


def test_the_board_prompt_names_facing_and_what_ok_does() -> None:
    """Where to stand, which way to face, and for how long."""
    first = words.board(backward((0.5, 20)), first=True, resumed=False)
    assert "strap clipped" in first
    assert "facing the rear" in first
    assert "walk backward for 0:20" in first
    again = words.board(forward((1.0, 60)), first=False, resumed=True)
    assert "facing the console" in again
    assert again.endswith("press OK to go on.")
    assert "strap" not in again


def test_each_gap_has_its_words() -> None:
    """Rest and turn, both on the side boards."""
    assert set(words.GAPS) == set(Gap)
    assert all("side boards" in text for text in words.GAPS.values())


def test_a_ramp_is_announced_with_its_speed() -> None:
    """In both units."""
    assert words.ramp_ahead(Speed.from_mph(1.0)) == "In five seconds: 1.6 km/h (1.0 mph)."

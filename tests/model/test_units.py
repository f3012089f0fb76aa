from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.model.units import Incline, Speed, format_duration, parse_duration, seconds


@pytest.mark.parametrize(
    ("text", "centi_kmh"),
    [
        ("0.5 mph", 80),
        ("0.8 km/h", 80),
        ("0.8kmh", 80),
        ("1 mph", 160),
        ("2.3 km/h", 230),
        ("4.1 km/h", 410),
        ("3.5 mph", 563),
        ("-1 km/h", -100),
    ],
)
def test_speed_texts_are_read_and_rounded_down_to_a_hundredth(text: str, centi_kmh: int) -> None:
    """Binary fractions such as 2.3 lose nothing, conversions from mph round down."""
    assert Speed.parse(text) == Speed(centi_kmh)


@pytest.mark.parametrize(
    "text", ["", "0.5", "mph", "0,5 mph", "fast", "nan mph", "1e3 mph", "9" * 400 + " mph", "1 m/s"]
)
def test_what_is_no_speed_is_refused_with_an_example(text: str) -> None:
    """Every unreadable text gives a ValueError that shows how a speed is written."""
    with pytest.raises(ValueError, match=r"0\.5 mph"):
        Speed.parse(text)


@pytest.mark.parametrize("text", ["", "2", "%", "2,5 %", "9" * 400 + "%", "two %"])
def test_what_is_no_incline_is_refused_with_an_example(text: str) -> None:
    """Every unreadable text gives a ValueError that shows how an incline is written."""
    with pytest.raises(ValueError, match="2 %"):
        Incline.parse(text)


@pytest.mark.parametrize("text", ["", "90", "1:60", "1:5", "-1:00", "1:00:00", "1000:00"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    """Every unreadable text gives a ValueError that shows how a duration is written."""
    with pytest.raises(ValueError, match="1:30"):
        parse_duration(text)


@given(st.floats(0, 20))
def test_a_speed_is_never_rounded_up(kmh: float) -> None:
    """A converted speed lies at most a hundredth below what was asked, and above it by no more than binary noise."""
    assert -1e-7 <= kmh - Speed.from_kmh(kmh).kmh < 0.01 + 1e-7


@given(st.integers(0, 2000), st.integers(1, 100), st.integers(0, 200))
def test_rounding_to_a_grid_gives_the_highest_grid_point_below(value: int, step: int, origin: int) -> None:
    """A grid of machine steps, wherever it starts, never raises a speed and never loses a whole step."""
    rounded = Speed(value).floor_to(Speed(step), Speed(origin))
    assert (rounded.centi_kmh - origin) % step == 0
    assert 0 <= value - rounded.centi_kmh < step


@given(st.integers(-999, 999), st.integers(1, 50))
def test_an_incline_grid_rounds_down_also_below_zero(value: int, step: int) -> None:
    """Downhill, too, the rounded incline is the lower one."""
    assert 0 <= value - Incline(value).floor_to(Incline(step)).tenths_pct < step


@given(st.integers(-999, 999), st.integers(-999, 999))
def test_inclines_add_up(one: int, other: int) -> None:
    """In tenths of a percent, either way."""
    assert Incline(one) + Incline(other) == Incline(one + other)
    assert Incline(one) - Incline(other) == Incline(one - other)


@given(st.integers(-99_999, 99_999))
def test_speeds_and_inclines_survive_being_written_and_read(number: int) -> None:
    """What is written with all its digits is read as the same value."""
    assert Speed.parse(f"{Speed(number).kmh:.2f} km/h") == Speed(number)
    assert Incline.parse(f"{Incline(number).pct:.1f} %") == Incline(number)


@given(st.integers(0, 59_999))
def test_durations_survive_being_written_and_read(duration_s: int) -> None:
    """Minutes and seconds lose nothing."""
    assert parse_duration(format_duration(duration_s)) == duration_s


def test_seconds_are_whole_nanoseconds() -> None:
    """A tenth of a second is exact."""
    assert seconds(0.1) == 100_000_000


def test_speeds_compare_add_and_print_in_both_units() -> None:
    """A person reads km/h and mph; a belt at standstill is falsy."""
    assert str(Speed.parse("0.5 mph")) == "0.8 km/h (0.5 mph)"
    assert Speed(80) + Speed(20) - Speed(50) == Speed(50)
    assert Speed(80) > Speed(50)
    assert not Speed(0)
    assert str(Incline.parse("2.5%")) == "2.5 %"

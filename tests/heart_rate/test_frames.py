"""Decoding Heart Rate Measurement."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.frames import FrameUnreadable
from retrowalk.heart_rate.frames import HeartRateMeasurement, read_heart_rate


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("0048", HeartRateMeasurement(72, None)),
        ("0648", HeartRateMeasurement(72, contact=True)),
        ("0448", HeartRateMeasurement(72, contact=False)),
        ("012c01", HeartRateMeasurement(300, None)),
        ("0848 0001", HeartRateMeasurement(72, None, energy_kj=256)),
        ("1048 0004 0002", HeartRateMeasurement(72, None, rr_ms=(1000.0, 500.0))),
    ],
)
def test_each_flag_of_the_specification(frame: str, expected: HeartRateMeasurement) -> None:
    """Width, contact, energy and RR intervals, these in 1/1024 s."""
    assert read_heart_rate(bytes.fromhex(frame)) == expected


@pytest.mark.parametrize("frame", ["8048", "1048", "004800", "10480004ff"])
def test_oddities_are_warnings(frame: str) -> None:
    """Reserved flags, announced but missing RR intervals, trailing and half intervals."""
    assert len(read_heart_rate(bytes.fromhex(frame)).warnings) == 1


@given(st.binary(max_size=24))
def test_any_bytes_are_read_or_refused_in_words(frame: bytes) -> None:
    """Whatever arrives, the decoder raises nothing but FrameUnreadable."""
    with suppress(FrameUnreadable):
        read_heart_rate(frame)

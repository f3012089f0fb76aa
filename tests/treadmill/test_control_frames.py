"""Decoding Machine Status and Control Point."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.frames import FrameUnreadable
from retrowalk.treadmill.control_frames import read_control_point, read_status


@pytest.mark.parametrize(
    ("frame", "status", "detail"),
    [
        ("01", "reset", None),
        ("0201", "stopped_or_paused_by_user", "stop"),
        ("0202", "stopped_or_paused_by_user", "pause"),
        ("03", "stopped_by_safety_key", None),
        ("04", "started_or_resumed_by_user", None),
        ("059600", "target_speed_changed", 1.5),
        ("06f6ff", "target_inclination_changed", -1.0),
        ("ff", "control_permission_lost", None),
    ],
)
def test_status_frames_of_the_specification(frame: str, status: str, detail: object) -> None:
    """Each op code that matters has its name and its parameter."""
    decoded = read_status(bytes.fromhex(frame))
    found = decoded.control_information or decoded.speed_kmh or decoded.inclination_pct
    assert (decoded.status, found, decoded.warnings) == (status, detail, ())


@pytest.mark.parametrize("frame", ["0300", "040000", "020100", "ff00"])
def test_bytes_after_a_status_cost_a_warning_and_not_the_event(frame: str) -> None:
    """A safety key with one byte too many is still a safety key."""
    assert len(read_status(bytes.fromhex(frame)).warnings) == 1


def test_unknown_codes_are_named_as_such() -> None:
    """Reserved op codes and results are readable: they are odd, not broken."""
    assert read_status(b"\x42").status == "rfu"
    assert read_status(b"\x02\x09").control_information == "rfu"
    assert (read_control_point(b"\x80\x42\x09").request, read_control_point(b"\x80\x42\x09").result) == ("rfu", "rfu")


def test_answers_carry_request_and_result() -> None:
    """`80 07 05` is: start was refused, control is not held."""
    decoded = read_control_point(b"\x80\x07\x05")
    assert (decoded.request, decoded.result, decoded.warnings) == ("start_or_resume", "control_not_permitted", ())


def test_requests_can_be_decoded_too() -> None:
    """A bug report holds both directions."""
    decoded = read_control_point(b"\x02\x50\x00")
    assert (decoded.request, decoded.speed_kmh, decoded.result) == ("set_target_speed", 0.8, None)


@given(st.binary(max_size=24))
def test_any_bytes_are_read_or_refused_in_words(frame: bytes) -> None:
    """Whatever arrives, the decoders raise nothing but FrameUnreadable."""
    for read in (read_status, read_control_point):
        with suppress(FrameUnreadable):
            read(frame)

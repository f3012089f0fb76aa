"""Decoding what a treadmill sends: frames written from the specification, and the ways in which real machines lie."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.frames import FrameUnreadable
from retrowalk.treadmill.frames import (
    TreadmillData,
    ValueRange,
    read_features,
    read_incline_range,
    read_speed_range,
    read_training_status,
    read_treadmill_data,
)


def test_every_field_of_the_specification_is_read_in_its_unit() -> None:
    """A frame with all thirteen flag bits gives every field, in the order and the unit of the specification."""
    frame = bytes.fromhex(
        "fe1f"  # flags: everything but More Data
        "fa00 f000 7b0000 1e00 0f00 6400 3200 05 06 0c00 f000 04 6e 23 3c00 7800 0a00 fbff".replace(" ", "")
    )
    assert read_treadmill_data(frame) == TreadmillData(
        more_data=False,
        speed_kmh=2.5,
        average_speed_kmh=2.4,
        distance_m=123,
        inclination_pct=3.0,
        ramp_angle_deg=1.5,
        elevation_gain_pos_m=10.0,
        elevation_gain_neg_m=5.0,
        energy_kcal=12,
        energy_per_hour_kcal=240,
        energy_per_min_kcal=4,
        heart_rate_bpm=110,
        met=3.5,
        elapsed_s=60,
        remaining_s=120,
        force_n=10,
        power_w=-5,
    )


def test_more_data_means_that_the_speed_is_elsewhere() -> None:
    """With More Data set, the first field is the first announced one and the speed is not known."""
    data = read_treadmill_data(bytes.fromhex("0500 0a0000"))
    assert (data.more_data, data.speed_kmh, data.distance_m) == (True, None, 10)


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ("0000 ffff", "speed_kmh"),
        ("0400 0000 ffffff", "distance_m"),
        ("0800 0000 ff7f ff7f", "inclination_pct"),
        ("1000 0000 ffff ffff", "elevation_gain_neg_m"),
        ("1000 0000 ff7f ff7f", "elevation_gain_neg_m"),
        ("8000 0000 ffff ffff ff", "energy_per_min_kcal"),
        ("0002 0000 ff", "met"),
        ("0010 0000 ff7f ff7f", "power_w"),
    ],
)
def test_not_available_is_left_out(frame: str, field: str) -> None:
    """All-ones, or 0x7FFF where a number has a sign, is no value; so is one maker's 0x7FFF elevation."""
    assert getattr(read_treadmill_data(bytes.fromhex(frame)), field) is None


def test_a_stopped_belt_is_a_value_and_not_an_absence() -> None:
    """An all-zero frame reads as speed zero: a standing belt and a silent machine must differ."""
    assert read_treadmill_data(bytes(4)).speed_kmh == 0


@pytest.mark.parametrize(("tail", "steps"), [("0200", 2), ("172700", 10007)])
def test_reserved_bit_13_with_two_or_three_bytes_is_a_step_count(tail: str, steps: int) -> None:
    """Walking pads append their step count; the reserved bit is told as a warning."""
    data = read_treadmill_data(bytes.fromhex("0020 6400" + tail))
    assert (data.speed_kmh, data.steps, data.warnings) == (1.0, steps, ("reserved flag bit 13 is set",))


def test_trailing_bytes_are_a_warning() -> None:
    """Padding does not cost the frame."""
    data = read_treadmill_data(bytes.fromhex("0000 6400 0000"))
    assert (data.speed_kmh, data.warnings) == (1.0, ("2 trailing bytes: 0000",))


def test_missing_fields_make_a_frame_unreadable() -> None:
    """An announced field that is not there is an error with characteristic, bytes and reason."""
    with pytest.raises(FrameUnreadable) as caught:
        read_treadmill_data(bytes.fromhex("0400 6400 01"))
    assert (caught.value.char, caught.value.hex) == ("2acd", "0400640001")
    assert caught.value.reason == "distance_m needs 3 bytes at offset 4, 1 are left"


def test_a_cut_frame_is_sound_up_to_the_cut() -> None:
    """A machine that announces 30 bytes and sends 20 still tells its speed, with a warning."""
    data = read_treadmill_data(bytes.fromhex("0400 6400 01"), as_far_as_sound=True)
    assert (data.speed_kmh, data.distance_m) == (1.0, None)
    assert data.warnings == ("cut short: distance_m needs 3 bytes at offset 4, 1 are left",)


@pytest.mark.parametrize("frame", ["", "00", "0000", "000064"])
def test_nothing_sound_is_never_passed_on(frame: str) -> None:
    """Where not even the first field is whole, tolerance ends."""
    with pytest.raises(FrameUnreadable):
        read_treadmill_data(bytes.fromhex(frame), as_far_as_sound=True)


def test_ranges_come_in_kmh_and_percent() -> None:
    """Minimum, maximum and step, signed for the incline."""
    assert read_speed_range(bytes.fromhex("600083022000")) == ValueRange(0.96, 6.43, 0.32)
    assert read_incline_range(bytes.fromhex("e2ff96000500")) == ValueRange(-3.0, 15.0, 0.5)


def test_senseless_ranges_are_told() -> None:
    """A zero step and an upside-down range are readable, with warnings."""
    assert read_speed_range(bytes.fromhex("640032000000")).warnings == (
        "the minimum lies above the maximum",
        "the step is zero",
    )


def test_features_have_names_and_reserved_bits_a_warning() -> None:
    """Bit positions become names; bits beyond the specification are told and not fatal."""
    features = read_features(bytes.fromhex("0c10000003000080"))
    assert features.machine_features == ("total_distance", "inclination", "elapsed_time")
    assert features.target_features == ("speed", "inclination")
    assert features.warnings == ("reserved feature bits 0x80000000",)


@pytest.mark.parametrize(
    ("frame", "status", "text", "warnings"),
    [
        ("000d", "manual_mode", None, 0),
        ("010d4869", "manual_mode", "Hi", 0),
        ("0101", "idle", None, 1),
        ("0010", "rfu", None, 1),
        ("80ff00", "rfu", None, 3),
    ],
)
def test_training_status_tolerates_what_machines_send(frame: str, status: str, text: str | None, warnings: int) -> None:
    """Reserved statuses, flags and an announced but empty text are warnings."""
    decoded = read_training_status(bytes.fromhex(frame))
    assert (decoded.status, decoded.text, len(decoded.warnings)) == (status, text, warnings)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_in_words(frame: bytes) -> None:
    """Whatever arrives, the decoders raise nothing but FrameUnreadable."""
    for read in (read_treadmill_data, read_features, read_speed_range, read_incline_range, read_training_status):
        with suppress(FrameUnreadable):
            read(frame)

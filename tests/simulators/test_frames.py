from __future__ import annotations

import pytest

from retrowalk_sim import frames
from retrowalk_sim.frames import Field, Readings, Result, Status

READINGS = Readings(
    speed_centi_kmh=235,
    average_centi_kmh=200,
    distance_m=70000,
    incline_tenths_pct=-15,
    energy_kcal=12,
    elapsed_s=600,
    steps=1000,
)


@pytest.mark.parametrize(
    ("fields", "frame"),
    [
        (Field(0), "0000 eb00"),
        (Field.MORE_DATA, "0100"),
        (Field.AVERAGE_SPEED, "0200 eb00 c800"),
        (Field.DISTANCE, "0400 eb00 701101"),
        (Field.INCLINE, "0800 eb00 f1ff ff7f"),
        (Field.ELEVATION, "1000 eb00 ffff ffff"),
        (Field.ENERGY, "8000 eb00 0c00 ffff ff"),
        (Field.HEART_RATE, "0001 eb00 00"),
        (Field.MET, "0002 eb00 ff"),
        (Field.ELAPSED, "0004 eb00 5802"),
        (Field.REMAINING, "0008 eb00 ffff"),
        (Field.FORCE, "0010 eb00 ff7f ff7f"),
        (Field.DISTANCE | Field.ELAPSED | Field.RESERVED_13, "0424 eb00 701101 5802 e80300"),
    ],
)
def test_treadmill_data_holds_exactly_what_it_announces(fields: Field, frame: str) -> None:
    """Each flag has its bytes, little-endian and in the order of the flags; More Data takes the speed out."""
    assert frames.treadmill_data(fields, READINGS) == bytes.fromhex(frame)


def test_what_is_too_much_for_its_bytes_is_the_greatest_number_that_fits() -> None:
    """A long way; and the average of a way whose clock has just begun anew."""
    assert frames.treadmill_data(Field.DISTANCE, Readings(distance_m=2**24 + 5)).endswith(b"\xff\xff\xff")
    assert frames.treadmill_data(Field.AVERAGE_SPEED, Readings(average_centi_kmh=70_000)).endswith(b"\xff\xff")


def test_features_announce_the_fields_and_the_targets() -> None:
    """Distance is bit 2, energy 9, elapsed time 12; the speed target bit 0, the incline target bit 1."""
    fields = Field.DISTANCE | Field.ENERGY | Field.ELAPSED
    assert frames.features(fields, incline=False) == bytes.fromhex("0412000001000000")
    assert frames.features(Field.INCLINE, incline=True) == bytes.fromhex("0800000003000000")


def test_ranges_answers_and_status_are_little_endian() -> None:
    """0.8 km/h is 80 hundredths, 1.5 % are 15 tenths."""
    assert frames.speed_range(0.8, 12, 0.1) == bytes.fromhex("5000 b004 0a00")
    assert frames.incline_range(-3, 12, 0.5) == bytes.fromhex("e2ff 7800 0500")
    assert frames.answer(0x02, Result.INVALID_PARAMETER) == bytes.fromhex("800203")
    assert Status.target_speed(2.3) == bytes.fromhex("05e600")
    assert Status.target_incline(-1.5) == bytes.fromhex("06f1ff")

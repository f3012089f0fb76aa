"""What is used of pyftms, and why the rest of it carries neither commands nor telemetry."""

from __future__ import annotations

import inspect
from io import BytesIO

import pytest
from bleak.backends.scanner import AdvertisementData
from pyftms import (  # type: ignore[import-untyped]
    MachineType,
    NotFitnessMachineError,
    ResultCode,
    TrainingStatusCode,
    discover_ftms_devices,
    get_machine_type_from_service_data,
)
from pyftms.client.properties.features import MachineFeatures, MachineSettings  # type: ignore[import-untyped]
from pyftms.models import TreadmillData  # type: ignore[import-untyped]
from pyftms.serializer import get_serializer  # type: ignore[import-untyped]

from retrowalk.model.observations import Answer
from retrowalk.treadmill.assigned import FITNESS_MACHINE
from retrowalk.treadmill.control_frames import ANSWERS
from retrowalk.treadmill.frames import read_features, read_training_status, read_treadmill_data


def advertised(data: bytes | None) -> AdvertisementData:
    """What a scanner makes of these service data."""
    service_data = {} if data is None else {FITNESS_MACHINE: data}
    return AdvertisementData("", {}, service_data, [FITNESS_MACHINE], None, -50, ())


@pytest.mark.parametrize(
    ("data", "types"),
    [
        (b"\x01\x01\x00", MachineType.TREADMILL),
        (b"\x01\x00\x01", MachineType.TREADMILL),  # bytes reversed
        (b"\x01\x01", MachineType.TREADMILL),  # one byte only
        (b"\x01\x21\x00", MachineType.TREADMILL | MachineType.INDOOR_BIKE),
        (b"\x01\x20\x00", MachineType.INDOOR_BIKE),
    ],
)
def test_machine_types_are_read(data: bytes, types: MachineType) -> None:
    """Several bits at once are several types."""
    assert get_machine_type_from_service_data(advertised(data)) == types


@pytest.mark.parametrize("data", [None, b"", b"\x01", b"\x01\x00\x00", b"\x00\x01\x00", b"\x01\x80\x00", bytes(5)])
def test_anything_else_is_one_error(data: bytes | None) -> None:
    """Nothing but NotFitnessMachineError comes out, whatever a machine advertises."""
    with pytest.raises(NotFitnessMachineError):
        get_machine_type_from_service_data(advertised(data))


def test_results_have_the_names_of_answers() -> None:
    """The control point turns one into the other by name."""
    assert {code: Answer[ResultCode(code).name] for code in ANSWERS} == ANSWERS


def test_two_readings_of_the_specification_agree() -> None:
    """Training status codes and feature bits are where pyftms has them, too."""
    assert [read_training_status(bytes((0, code))).status_code for code in TrainingStatusCode] == list(
        TrainingStatusCode
    )
    assert read_training_status(bytes((0, TrainingStatusCode.MANUAL_MODE))).status == "manual_mode"
    both = read_features(
        MachineFeatures.INCLINATION.to_bytes(4, "little") + MachineSettings.INCLINE.to_bytes(4, "little")
    )
    assert (both.machine_features, both.target_features) == (("inclination",), ("inclination",))


def test_discovery_cannot_be_given_an_adapter_or_a_backend() -> None:
    """It makes its own scanner, and drops machines without service data: so only its type reader is used."""
    source = inspect.getsource(discover_ftms_devices)
    assert "backend" not in source
    assert "adapter" not in source
    assert "except NotFitnessMachineError:" in source


def test_frames_are_read_alike_but_an_elevation_that_is_not_available_loses_theirs() -> None:
    """On an ordinary frame both agree; on a common odd one pyftms raises, where the belt must stay in sight."""
    ordinary, odd = bytes.fromhex("0400 6400 0a0000"), bytes.fromhex("1000 6400 ffff ffff")
    theirs = get_serializer(TreadmillData).deserialize(BytesIO(ordinary))
    ours = read_treadmill_data(ordinary)
    assert (theirs.speed_instant, theirs.distance_total) == (ours.speed_kmh, ours.distance_m)
    with pytest.raises(TypeError):
        get_serializer(TreadmillData).deserialize(BytesIO(odd))
    assert read_treadmill_data(odd).speed_kmh == 1.0

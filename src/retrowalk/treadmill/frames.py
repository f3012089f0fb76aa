"""Tolerant decoders of what a treadmill sends. Reserved bits and trailing bytes are warnings; missing fields are not.

Fields that a frame does not carry, or marks as not available, are None. Field names: docs of `retrowalk decode`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from retrowalk.frames import Field, FrameUnreadable, Reader, warn_of_trailing

_MORE_DATA: Final = 1 << 0
_VENDOR_STEPS: Final = 1 << 13
_RESERVED_BITS: Final = range(13, 16)
_NO_ELEVATION_M: Final = 0x7FFF / 10  # sent by a maker for "not available"; no treadmill sinks by 3 km

_SPEED: Final = Field("speed_kmh", 2, scale=100)
_FIELDS_BY_BIT: Final = (
    (1, (Field("average_speed_kmh", 2, scale=100),)),
    (2, (Field("distance_m", 3),)),
    (3, (Field("inclination_pct", 2, scale=10, signed=True), Field("ramp_angle_deg", 2, scale=10, signed=True))),
    (4, (Field("elevation_gain_pos_m", 2, scale=10), Field("elevation_gain_neg_m", 2, scale=10))),
    (5, (Field("pace", 1, shown=False),)),
    (6, (Field("average_pace", 1, shown=False),)),
    (7, (Field("energy_kcal", 2), Field("energy_per_hour_kcal", 2), Field("energy_per_min_kcal", 1))),
    (8, (Field("heart_rate_bpm", 1),)),
    (9, (Field("met", 1, scale=10),)),
    (10, (Field("elapsed_s", 2),)),
    (11, (Field("remaining_s", 2),)),
    (12, (Field("force_n", 2, signed=True), Field("power_w", 2, signed=True))),
)


@dataclass(frozen=True, slots=True)
class TreadmillData:
    """2ACD. `more_data`: the rest, and the speed, come in another frame. `steps`: a common vendor extension."""

    more_data: bool
    speed_kmh: float | None = None
    average_speed_kmh: float | None = None
    distance_m: int | None = None
    inclination_pct: float | None = None
    ramp_angle_deg: float | None = None
    elevation_gain_pos_m: float | None = None
    elevation_gain_neg_m: float | None = None
    energy_kcal: int | None = None
    energy_per_hour_kcal: int | None = None
    energy_per_min_kcal: int | None = None
    heart_rate_bpm: int | None = None
    met: float | None = None
    elapsed_s: int | None = None
    remaining_s: int | None = None
    force_n: int | None = None
    power_w: int | None = None
    steps: int | None = None
    warnings: tuple[str, ...] = ()


def read_treadmill_data(frame: bytes, *, as_far_as_sound: bool = False) -> TreadmillData:
    """Decode 2ACD. Raises FrameUnreadable when announced fields are missing.

    `as_far_as_sound`: a machine that announces more than it sends is believed up to there, with a warning. The
    speed comes first, so a belt is not out of sight for want of a calorie.
    """
    reader = Reader("2acd", frame)
    flags = reader.unsigned(2, "flags")
    values: dict[str, Any] = {}
    warnings: list[str] = []
    try:
        _read_announced(reader, flags, values, warnings)
    except FrameUnreadable as unreadable:
        if not (as_far_as_sound and values):
            raise
        warnings.append(f"cut short: {unreadable.reason}")
    return TreadmillData(more_data=bool(flags & _MORE_DATA), warnings=tuple(warnings), **values)


def _read_announced(reader: Reader, flags: int, values: dict[str, Any], warnings: list[str]) -> None:
    announced = [] if flags & _MORE_DATA else [_SPEED]
    announced += [field for bit, fields in _FIELDS_BY_BIT if flags & 1 << bit for field in fields]
    for field in announced:
        value = field.read(reader)
        if field.name.startswith("elevation") and value == _NO_ELEVATION_M:
            warnings.append(f"{field.name} 0x7fff taken for not available")
        elif value is not None:
            values[field.name] = value
    warnings += [f"reserved flag bit {bit} is set" for bit in _RESERVED_BITS if flags & 1 << bit]
    if flags & _VENDOR_STEPS and reader.left in {2, 3}:
        values["steps"] = reader.unsigned(reader.left, "steps")
    warn_of_trailing(reader, warnings)


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """2AD3. `text` is the machine's own description, None = it sent none."""

    status: str
    status_code: int
    text: str | None = None
    warnings: tuple[str, ...] = ()


_STRING_PRESENT: Final = 1 << 0
_KNOWN_TRAINING_FLAGS: Final = 0x03
_TRAINING_STATUS: Final = (
    "other",
    "idle",
    "warming_up",
    "low_intensity_interval",
    "high_intensity_interval",
    "recovery_interval",
    "isometric",
    "heart_rate_control",
    "fitness_test",
    "speed_outside_low",
    "speed_outside_high",
    "cool_down",
    "watt_control",
    "manual_mode",
    "pre_workout",
    "post_workout",
)


def read_training_status(frame: bytes) -> TrainingStatus:
    """Decode 2AD3. Raises FrameUnreadable when the status is missing; reserved ones are "rfu" with a warning."""
    reader = Reader("2ad3", frame)
    flags = reader.unsigned(1, "flags")
    code = reader.unsigned(1, "the training status")
    known = code < len(_TRAINING_STATUS)
    warnings = [] if known else [f"reserved training status 0x{code:02x}"]
    if flags & ~_KNOWN_TRAINING_FLAGS:
        warnings.append(f"reserved flags 0x{flags:02x}")
    text = reader.rest().decode("utf-8", errors="replace") if flags & _STRING_PRESENT else None
    if text == "":
        warnings.append("announces a text and sends none")
    warn_of_trailing(reader, warnings)
    return TrainingStatus(_TRAINING_STATUS[code] if known else "rfu", code, text or None, tuple(warnings))


@dataclass(frozen=True, slots=True)
class ValueRange:
    """2AD4 in km/h, 2AD5 in %."""

    min: float
    max: float
    step: float
    warnings: tuple[str, ...] = ()


def read_speed_range(frame: bytes) -> ValueRange:
    """Decode 2AD4. Raises FrameUnreadable when it is shorter than three numbers."""
    return _read_range(Reader("2ad4", frame), scale=100, signed=False)


def read_incline_range(frame: bytes) -> ValueRange:
    """Decode 2AD5. Raises FrameUnreadable when it is shorter than three numbers."""
    return _read_range(Reader("2ad5", frame), scale=10, signed=True)


def _read_range(reader: Reader, *, scale: int, signed: bool) -> ValueRange:
    take = reader.signed if signed else reader.unsigned
    lowest, highest = take(2, "the minimum"), take(2, "the maximum")
    step = reader.unsigned(2, "the step")
    warnings = ["the minimum lies above the maximum"] if lowest > highest else []
    warnings += ["the step is zero"] if step == 0 else []
    warn_of_trailing(reader, warnings)
    return ValueRange(lowest / scale, highest / scale, step / scale, tuple(warnings))


@dataclass(frozen=True, slots=True)
class Features:
    """2ACC: what the machine says it reports, and which targets it says it takes."""

    machine_features: tuple[str, ...]
    target_features: tuple[str, ...]
    warnings: tuple[str, ...] = ()


_MACHINE_FEATURES: Final = (
    "average_speed",
    "cadence",
    "total_distance",
    "inclination",
    "elevation_gain",
    "pace",
    "step_count",
    "resistance_level",
    "stride_count",
    "expended_energy",
    "heart_rate",
    "metabolic_equivalent",
    "elapsed_time",
    "remaining_time",
    "power_measurement",
    "force_and_power",
    "user_data_retention",
)
_TARGET_FEATURES: Final = (
    "speed",
    "inclination",
    "resistance",
    "power",
    "heart_rate",
    "expended_energy",
    "steps",
    "strides",
    "distance",
    "time",
    "time_in_two_zones",
    "time_in_three_zones",
    "time_in_five_zones",
    "bike_simulation",
    "wheel_circumference",
    "spin_down",
    "cadence",
)


def read_features(frame: bytes) -> Features:
    """Decode 2ACC. Raises FrameUnreadable when it is shorter than eight bytes."""
    reader = Reader("2acc", frame)
    warnings: list[str] = []
    machine = _names(reader.unsigned(4, "the machine features"), _MACHINE_FEATURES, warnings)
    target = _names(reader.unsigned(4, "the target features"), _TARGET_FEATURES, warnings)
    warn_of_trailing(reader, warnings)
    return Features(machine, target, tuple(warnings))


def _names(bits: int, names: tuple[str, ...], warnings: list[str]) -> tuple[str, ...]:
    if reserved := bits >> len(names) << len(names):
        warnings.append(f"reserved feature bits 0x{reserved:08x}")
    return tuple(name for bit, name in enumerate(names) if bits & 1 << bit)

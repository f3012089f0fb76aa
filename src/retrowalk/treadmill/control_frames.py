"""Tolerant decoders of what is said about control: Machine Status (2ADA) and Control Point (2AD9), either way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retrowalk.frames import Field, Reader, warn_of_trailing
from retrowalk.model.observations import Answer
from retrowalk.treadmill.assigned import ANSWER

_TARGET_SPEED: Final = Field("speed_kmh", 2, scale=100)
_TARGET_INCLINE: Final = Field("inclination_pct", 2, scale=10, signed=True)
_CONTROL_INFORMATION: Final = Field("control_information", 1)
_STOP_OR_PAUSE: Final = {1: "stop", 2: "pause"}


def _unshown(size: int) -> Field:
    return Field("the parameter", size, shown=False)


@dataclass(frozen=True, slots=True)
class Status:
    """2ADA. `speed_kmh` and `inclination_pct` are the new targets, `control_information` is stop or pause."""

    opcode: int
    status: str
    control_information: str | None = None
    speed_kmh: float | None = None
    inclination_pct: float | None = None
    warnings: tuple[str, ...] = ()


STOPPED_OR_PAUSED: Final = 0x02
STOPPED_BY_KEY: Final = 0x03
_STATUS: Final[Mapping[int, tuple[str, Field | None]]] = {
    0x01: ("reset", None),
    STOPPED_OR_PAUSED: ("stopped_or_paused_by_user", _CONTROL_INFORMATION),
    STOPPED_BY_KEY: ("stopped_by_safety_key", None),
    0x04: ("started_or_resumed_by_user", None),
    0x05: ("target_speed_changed", _TARGET_SPEED),
    0x06: ("target_inclination_changed", _TARGET_INCLINE),
    0x07: ("target_resistance_changed", _unshown(1)),
    0x08: ("target_power_changed", _unshown(2)),
    0x09: ("target_heart_rate_changed", _unshown(1)),
    0x0A: ("target_energy_changed", _unshown(2)),
    0x0B: ("target_steps_changed", _unshown(2)),
    0x0C: ("target_strides_changed", _unshown(2)),
    0x0D: ("target_distance_changed", _unshown(3)),
    0x0E: ("target_time_changed", _unshown(2)),
    0x0F: ("target_time_in_two_zones_changed", _unshown(4)),
    0x10: ("target_time_in_three_zones_changed", _unshown(6)),
    0x11: ("target_time_in_five_zones_changed", _unshown(10)),
    0x12: ("bike_simulation_changed", _unshown(6)),
    0x13: ("wheel_circumference_changed", _unshown(2)),
    0x14: ("spin_down_status", _unshown(1)),
    0x15: ("target_cadence_changed", _unshown(2)),
    0xFF: ("control_permission_lost", None),
}


def read_status(frame: bytes) -> Status:
    """Decode 2ADA. Raises FrameUnreadable when the parameter is missing; an unknown op code is a warning."""
    reader = Reader("2ada", frame)
    opcode = reader.unsigned(1, "op code")
    name, parameter = _STATUS.get(opcode, ("rfu", None))
    warnings = [] if opcode in _STATUS else [f"reserved op code 0x{opcode:02x}"]
    values = _read_parameter(reader, parameter, warnings)
    warn_of_trailing(reader, warnings)
    return Status(opcode, name, warnings=tuple(warnings), **values)


def _read_parameter(reader: Reader, parameter: Field | None, warnings: list[str]) -> dict[str, Any]:
    value = parameter.read(reader) if parameter else None
    if parameter is None or value is None:
        return {}
    if parameter is not _CONTROL_INFORMATION:
        return {parameter.name: value}
    if value not in _STOP_OR_PAUSE:
        warnings.append(f"control information {value} is neither 1 (stop) nor 2 (pause)")
    return {parameter.name: _STOP_OR_PAUSE.get(int(value), "rfu")}


ANSWERS: Final[Mapping[int, Answer]] = dict(enumerate(Answer, start=1))
_REQUESTS: Final[Mapping[int, tuple[str, Field | None]]] = {
    0x00: ("request_control", None),
    0x01: ("reset", None),
    0x02: ("set_target_speed", _TARGET_SPEED),
    0x03: ("set_target_inclination", _TARGET_INCLINE),
    0x04: ("set_target_resistance", _unshown(1)),
    0x05: ("set_target_power", _unshown(2)),
    0x06: ("set_target_heart_rate", _unshown(1)),
    0x07: ("start_or_resume", None),
    0x08: ("stop_or_pause", _CONTROL_INFORMATION),
    0x09: ("set_target_energy", _unshown(2)),
    0x0A: ("set_target_steps", _unshown(2)),
    0x0B: ("set_target_strides", _unshown(2)),
    0x0C: ("set_target_distance", _unshown(3)),
    0x0D: ("set_target_time", _unshown(2)),
    0x0E: ("set_target_time_in_two_zones", _unshown(4)),
    0x0F: ("set_target_time_in_three_zones", _unshown(6)),
    0x10: ("set_target_time_in_five_zones", _unshown(10)),
    0x11: ("set_bike_simulation", _unshown(6)),
    0x12: ("set_wheel_circumference", _unshown(2)),
    0x13: ("spin_down_control", _unshown(1)),
    0x14: ("set_target_cadence", _unshown(2)),
}


@dataclass(frozen=True, slots=True)
class ControlPointFrame:
    """2AD9. From the machine: the answer `result` to `request`. To the machine: a request, and `result` is None."""

    request_opcode: int
    request: str
    result: str | None = None
    result_code: int | None = None
    control_information: str | None = None
    speed_kmh: float | None = None
    inclination_pct: float | None = None
    warnings: tuple[str, ...] = ()


def read_control_point(frame: bytes) -> ControlPointFrame:
    """Decode 2AD9, either way. Raises FrameUnreadable when op code, result or parameter is missing."""
    reader = Reader("2ad9", frame)
    first = reader.unsigned(1, "op code")
    opcode = reader.unsigned(1, "the request's op code") if first == ANSWER else first
    name, parameter = _REQUESTS.get(opcode, ("rfu", None))
    warnings = [] if opcode in _REQUESTS else [f"reserved op code 0x{opcode:02x}"]
    result = reader.unsigned(1, "the result") if first == ANSWER else None
    values = _read_parameter(reader, parameter, warnings) if result is None else {}
    if result is not None and result not in ANSWERS:
        warnings.append(f"reserved result 0x{result:02x}")
    warn_of_trailing(reader, warnings)
    words = None if result is None else str(ANSWERS.get(result, "rfu"))
    return ControlPointFrame(opcode, name, words, result, warnings=tuple(warnings), **values)

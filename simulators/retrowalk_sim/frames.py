"""The bytes of the Fitness Machine Service, as a treadmill sends them (FTMS v1.0, little-endian)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from math import floor
from typing import Final

UNKNOWN_U16: Final = 0xFFFF
UNKNOWN_U8: Final = 0xFF
UNKNOWN_S16: Final = 0x7FFF
MAX_U24: Final = 0xFFFFFF
_ROUNDING_SLACK: Final = 1e-6


class Field(IntFlag):
    """The flags of Treadmill Data. The speed is there when MORE_DATA is not."""

    MORE_DATA = 0x0001
    AVERAGE_SPEED = 0x0002
    DISTANCE = 0x0004
    INCLINE = 0x0008
    ELEVATION = 0x0010
    ENERGY = 0x0080
    HEART_RATE = 0x0100
    MET = 0x0200
    ELAPSED = 0x0400
    REMAINING = 0x0800
    FORCE = 0x1000
    RESERVED_13 = 0x2000  # some makers' step count


class Request(IntEnum):
    """Op codes of the control point."""

    REQUEST_CONTROL = 0x00
    RESET = 0x01
    SET_SPEED = 0x02
    SET_INCLINE = 0x03
    START = 0x07
    STOP_OR_PAUSE = 0x08


STOP: Final = 0x01
PAUSE: Final = 0x02


class Result(IntEnum):
    """How the control point answers a request."""

    SUCCESS = 0x01
    NOT_SUPPORTED = 0x02
    INVALID_PARAMETER = 0x03
    FAILED = 0x04
    NOT_PERMITTED = 0x05


class Training(IntEnum):
    """The Training Status values that these treadmills use."""

    IDLE = 0x01
    MANUAL = 0x0D
    PRE_WORKOUT = 0x0E
    POST_WORKOUT = 0x0F
    RESERVED_RUN_DOWN = 0x10  # not the standard's: heard of one maker
    RESERVED_REST = 0x11


@dataclass(slots=True)
class Readings:
    """What a treadmill's electronics know and could tell, in the units of Treadmill Data."""

    speed_centi_kmh: int = 0
    average_centi_kmh: int = 0
    distance_m: int = 0
    incline_tenths_pct: int = 0
    energy_kcal: int = 0
    elapsed_s: int = 0
    steps: int = 0


def _u16(value: int) -> bytes:
    return struct.pack("<H", min(value, UNKNOWN_U16))


def _u24(value: int) -> bytes:
    return min(value, MAX_U24).to_bytes(3, "little")


_ENCODERS: Final[dict[Field, Callable[[Readings], bytes]]] = {
    Field.AVERAGE_SPEED: lambda r: _u16(r.average_centi_kmh),
    Field.DISTANCE: lambda r: _u24(r.distance_m),
    Field.INCLINE: lambda r: struct.pack("<hh", r.incline_tenths_pct, UNKNOWN_S16),
    Field.ELEVATION: lambda _: struct.pack("<HH", UNKNOWN_U16, UNKNOWN_U16),
    Field.ENERGY: lambda r: struct.pack("<HHB", r.energy_kcal, UNKNOWN_U16, UNKNOWN_U8),
    Field.HEART_RATE: lambda _: b"\0",
    Field.MET: lambda _: bytes([UNKNOWN_U8]),
    Field.ELAPSED: lambda r: struct.pack("<H", r.elapsed_s & 0xFFFF),
    Field.REMAINING: lambda _: struct.pack("<H", UNKNOWN_U16),
    Field.FORCE: lambda _: struct.pack("<hh", UNKNOWN_S16, UNKNOWN_S16),
    Field.RESERVED_13: lambda r: _u24(r.steps),
}


@cache
def _layout(fields: Field) -> tuple[bytes, tuple[Callable[[Readings], bytes], ...]]:
    encoders = tuple(encode for flag, encode in _ENCODERS.items() if flag & fields)
    return struct.pack("<H", fields), encoders


def treadmill_data(fields: Field, readings: Readings) -> bytes:
    """Encode one packet with exactly the fields announced."""
    flags, encoders = _layout(fields)
    speed = b"" if fields & Field.MORE_DATA else struct.pack("<H", readings.speed_centi_kmh)
    return flags + speed + b"".join([encode(readings) for encode in encoders])


def centi(kmh: float) -> int:
    """Return `kmh` in hundredths, the resolution of the protocol."""
    return floor(kmh * 100 + _ROUNDING_SLACK)


def tenths(pct: float) -> int:
    """Return `pct` in tenths, the resolution of the protocol."""
    return floor(pct * 10 + _ROUNDING_SLACK)


def speed_range(lowest_kmh: float, highest_kmh: float, step_kmh: float) -> bytes:
    """Encode Supported Speed Range."""
    return struct.pack("<HHH", centi(lowest_kmh), centi(highest_kmh), centi(step_kmh))


def incline_range(lowest_pct: float, highest_pct: float, step_pct: float) -> bytes:
    """Encode Supported Inclination Range."""
    return struct.pack("<hhH", tenths(lowest_pct), tenths(highest_pct), tenths(step_pct))


def features(fields: Field, *, incline: bool) -> bytes:
    """Encode Fitness Machine Feature for a treadmill that sends `fields`."""
    announced = (
        (Field.AVERAGE_SPEED, 0),
        (Field.DISTANCE, 2),
        (Field.INCLINE, 3),
        (Field.ENERGY, 9),
        (Field.HEART_RATE, 10),
        (Field.ELAPSED, 12),
    )
    machine = sum(1 << bit for flag, bit in announced if flag & fields)
    return struct.pack("<II", machine, 0b11 if incline else 0b01)


def answer(request: int, result: Result) -> bytes:
    """Encode the control point's answer to the op code `request`."""
    return bytes([0x80, request, result])


class Status:
    """Frames of Fitness Machine Status."""

    RESET: Final = b"\x01"
    STOPPED: Final = b"\x02\x01"
    PAUSED: Final = b"\x02\x02"
    KEY: Final = b"\x03"
    STARTED: Final = b"\x04"
    CONTROL_LOST: Final = b"\xff"

    @staticmethod
    def target_speed(kmh: float) -> bytes:
        """Encode "target speed changed"."""
        return struct.pack("<BH", 0x05, centi(kmh))

    @staticmethod
    def target_incline(pct: float) -> bytes:
        """Encode "target incline changed"."""
        return struct.pack("<Bh", 0x06, tenths(pct))

"""Assigned numbers of the Fitness Machine Service: UUIDs and op codes. Imports nothing of weight: see failsafe/."""

from __future__ import annotations

from typing import Final

_SIG_BASE: Final = "0000{}-0000-1000-8000-00805f9b34fb"

FITNESS_MACHINE: Final = _SIG_BASE.format("1826")
FEATURE: Final = _SIG_BASE.format("2acc")
TREADMILL_DATA: Final = _SIG_BASE.format("2acd")
SPEED_RANGE: Final = _SIG_BASE.format("2ad4")
INCLINE_RANGE: Final = _SIG_BASE.format("2ad5")
CONTROL_POINT: Final = _SIG_BASE.format("2ad9")
MACHINE_STATUS: Final = _SIG_BASE.format("2ada")
MODEL: Final = _SIG_BASE.format("2a24")
FIRMWARE: Final = _SIG_BASE.format("2a26")
MANUFACTURER: Final = _SIG_BASE.format("2a29")

REQUEST_CONTROL: Final = 0x00
SET_SPEED: Final = 0x02
SET_INCLINE: Final = 0x03
START: Final = 0x07
STOP_OR_PAUSE: Final = 0x08
ANSWER: Final = 0x80

REQUEST_CONTROL_FRAME: Final = bytes((REQUEST_CONTROL,))
START_FRAME: Final = bytes((START,))
STOP_FRAME: Final = bytes((STOP_OR_PAUSE, 0x01))

"""The decoder of Heart Rate Measurement (2A37)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retrowalk.frames import Reader, warn_of_trailing

_WIDE_BPM: Final = 1 << 0
_CONTACT: Final = 1 << 1
_CONTACT_SUPPORTED: Final = 1 << 2
_ENERGY: Final = 1 << 3
_RR: Final = 1 << 4
_RESERVED: Final = 0xE0
_RR_TICKS_PER_S: Final = 1024


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """2A37. `contact` None = the strap cannot tell; `rr_ms`: times between beats, oldest first, to 0.1 ms."""

    heart_rate_bpm: int
    contact: bool | None
    energy_kj: int | None = None
    rr_ms: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


def read_heart_rate(frame: bytes) -> HeartRateMeasurement:
    """Decode 2A37. Raises FrameUnreadable when announced fields are missing."""
    reader = Reader("2a37", frame)
    flags = reader.unsigned(1, "flags")
    bpm = reader.unsigned(2 if flags & _WIDE_BPM else 1, "the heart rate")
    contact = bool(flags & _CONTACT) if flags & _CONTACT_SUPPORTED else None
    energy = reader.unsigned(2, "the energy") if flags & _ENERGY else None
    ticks = []
    while flags & _RR and reader.left > 1:
        ticks.append(reader.unsigned(2, "an RR interval"))
    warnings = [f"reserved flags 0x{flags & _RESERVED:02x}"] if flags & _RESERVED else []
    if flags & _RR and not ticks:
        warnings.append("announces RR intervals and sends none")
    warn_of_trailing(reader, warnings)
    rr_ms = tuple(round(tick * 1000 / _RR_TICKS_PER_S, 1) for tick in ticks)
    return HeartRateMeasurement(bpm, contact, energy, rr_ms, tuple(warnings))

"""What `retrowalk decode` does with one line: "CHAR HEX" to a plain dict. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from retrowalk.frames import FrameUnreadable
from retrowalk.heart_rate.frames import read_heart_rate
from retrowalk.treadmill import control_frames, frames

DECODERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "2acc": frames.read_features,
    "2acd": frames.read_treadmill_data,
    "2ad3": frames.read_training_status,
    "2ad4": frames.read_speed_range,
    "2ad5": frames.read_incline_range,
    "2ad9": control_frames.read_control_point,
    "2ada": control_frames.read_status,
    "2a37": read_heart_rate,
}
_NONE_MEANS_SOMETHING: Final = frozenset({"contact"})  # null: the strap cannot tell


def decode_line(line: str) -> dict[str, Any]:
    """Decode one line such as "2acd 8c05 0000…": `ok` true with fields and `warnings`, or false with an `error`."""
    words = line.split()
    char = words[0].lower().removeprefix("0x") if words else ""
    if char not in DECODERS:
        return _error(char, f'expected "CHAR HEX" with CHAR one of {", ".join(DECODERS)}')
    try:
        frame = bytes.fromhex("".join(words[1:]))
    except ValueError:
        return _error(char, 'not hex; write the bytes as "8c05…", with or without spaces')
    try:
        fields = asdict(DECODERS[char](frame))
    except FrameUnreadable as unreadable:
        return _error(char, unreadable.reason)
    warnings = fields.pop("warnings")
    known = {key: value for key, value in fields.items() if value is not None or key in _NONE_MEANS_SOMETHING}
    return {"char": char, "ok": True, **known, "warnings": list(warnings)}


def _error(char: str, error: str) -> dict[str, Any]:
    return {"char": char, "ok": False, "error": error}

"""What can be the address of a Bluetooth device. Imports next to nothing: see cli/traces.py."""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = "([0-9A-F]{2}:){5}[0-9A-F]{2}"

_ADDRESS: Final = re.compile(ADDRESS, re.IGNORECASE)


def sound_address(told: object) -> str | None:
    """Return `told` in upper case if it can be the address of a device, as in AA:BB:CC:DD:EE:FF, else None."""
    return told.upper() if isinstance(told, str) and _ADDRESS.fullmatch(told) else None

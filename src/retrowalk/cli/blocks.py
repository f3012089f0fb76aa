"""Bars of block characters, for a terminal."""

from __future__ import annotations

from typing import Final

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


def block(share: float, row: int, rows: int) -> str:
    """Return what a bar that fills `share` of `rows` lines shows in line `row`, counted from below."""
    eighths = round(share * rows * 8) - row * 8
    return _BLOCKS[min(max(eighths, 0), 8)]

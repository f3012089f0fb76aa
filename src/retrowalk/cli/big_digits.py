"""Figures three lines high, to be read from where the walker stands."""

from __future__ import annotations

from typing import Final

_ROWS: Final = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": ("╺┓ ", " ┃ ", "╺┻╸"),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", " ━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    ".": (" ", " ", "•"),
    ":": (" ", "•", "•"),
    "–": ("   ", "╺━╸", "   "),
}


def big(figure: str) -> str:
    """Return `figure` in three lines; a character that has no big form is left out."""
    known = [_ROWS[character] for character in figure if character in _ROWS]
    return "\n".join(" ".join(rows[height] for rows in known) for height in range(3))

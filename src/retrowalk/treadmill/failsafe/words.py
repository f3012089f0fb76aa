"""What a person reads of it, line by line."""

from __future__ import annotations

from collections.abc import Callable

type Say = Callable[[str], None]


def named(address: str, say: Say) -> Say:
    """Return a `say` whose lines begin with the address of the treadmill that they are about."""
    return lambda words: say(f"{address}: {words}")


def unrepeated(say: Say) -> Say:
    """Return a `say` that says it, but not again and again."""
    told = ""

    def tell(words: str) -> None:
        nonlocal told
        if words != told:
            say(words)
        told = words

    return tell


def in_words(error: Exception) -> str:
    """Return what an error says of itself."""
    return str(error) or "no answer"

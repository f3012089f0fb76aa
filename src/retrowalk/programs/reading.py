"""Text to program: one file, with every reason at once if it is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retrowalk.files import read_small
from retrowalk.programs.errors import Refusal, Violation
from retrowalk.programs.program import Group, OwnLimits, Program, Rest, Template, Turn, Walk
from retrowalk.programs.rules import violations

LARGEST_FILE_BYTES: Final = 64 * 1024

_TAGS: Final = {"walk", "rest", "turn", "group"}
_KEYS: Final = sorted({key for table in (Program, Walk, Rest, Turn, Group, OwnLimits) for key in table.model_fields})


def read_program(file: Path) -> Program | Template | Refusal:
    """Read one program file and hold it against every cap and rule. Raises nothing for a bad file."""
    try:
        table = tomllib.loads(read_small(file, LARGEST_FILE_BYTES))
    except OSError as error:
        return _unreadable(file, f"cannot be read: {error.strerror}", "a program is a page of text in a file")
    except (ValueError, RecursionError) as error:
        return _unreadable(file, f"is not TOML: {error}", "a program is a TOML file in UTF-8")
    try:
        program = _model(table).model_validate(table)
    except ValidationError as error:
        return Refusal(file, tuple(_explained(error)))
    if isinstance(program, Program) and (found := violations(program)):
        return Refusal(file, found)
    return program


def _model(table: dict[str, object]) -> type[Program | Template]:
    return Template if "template" in table else Program


def _unreadable(file: Path, what: str, limit: str) -> Refusal:
    return Refusal(file, (Violation("file", what, limit),))


def _explained(error: ValidationError) -> Iterator[Violation]:
    for details in error.errors(include_url=False):
        where, key = _place(details["loc"])
        yield _in_words(where, key, details)


def _place(loc: tuple[int | str, ...]) -> tuple[str, str]:
    """Turn pydantic's path into words: ("segment", 1, "walk", "speed") is segment 2, key speed."""
    numbers = [str(part + 1) for part in loc if isinstance(part, int)]
    keys = [part for part in loc if isinstance(part, str) and part not in _TAGS and part not in ("segment", "segments")]
    if loc[:1] != ("segment",) or not numbers:
        return "program", ".".join(map(str, loc))
    return "segment " + ".".join(numbers), ".".join(keys)


def _in_words(where: str, key: str, details: ErrorDetails) -> Violation:
    name = key or "this segment" if where != "program" else key or "the program"
    match details["type"]:
        case "extra_forbidden":
            close = get_close_matches(key.rsplit(".", 1)[-1], _KEYS, n=1)
            return Violation(where, f"unknown key {key!r}", "a misspelt key is refused", "".join(close))
        case "missing":
            return Violation(where, f"{name} is missing", "it has to be written")
        case "kind":
            return Violation(where, "the kind of segment is not clear", f"it {details['msg']}")
        case "value_error":
            return Violation(where, name, details["msg"].removeprefix("Value error, "))
        case _:
            return Violation(where, f"{name} is {_short(details['input'])}", details["msg"])


def _short(value: object, longest: int = 40) -> str:
    text = repr(value if not isinstance(value, BaseModel) else type(value).__name__)
    return text if len(text) <= longest else text[:longest] + "…"

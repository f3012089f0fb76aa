"""Pydantic field types for quantities that people write with their unit: "0.5 mph", "2 %", "1:30"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator

from retrowalk.model.units import Incline, Speed, format_duration, parse_duration

LONGEST_TEXT: Final = 20


def _read[T](kind: type[T], parse: Callable[[str], T], example: str) -> PlainValidator:
    """Accept a text that `parse` understands, or a value that is there already."""

    def read(value: object) -> T:
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise ValueError(f'{str(value)[:LONGEST_TEXT]!r} has no unit or is no text; write "{example}"')
        return parse(value)

    return PlainValidator(read, json_schema_input_type=str)


def refuse_bool(value: object) -> object:
    """Pass everything but true and false, which Python counts as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is no number")  # noqa: TRY004 - pydantic reports ValueError
    return value


class _Seconds(int):
    """Seconds that were read already; a bare number in a file is refused, because it could mean minutes."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> _Seconds:
        return cls(parse_duration(text))


SpeedText = Annotated[
    Speed,
    _read(Speed, Speed.parse, "0.5 mph"),
    PlainSerializer(lambda speed: f"{speed.kmh:.2f} km/h", return_type=str),
]
InclineText = Annotated[
    Incline,
    _read(Incline, Incline.parse, "2 %"),
    PlainSerializer(str, return_type=str),
]
DurationText = Annotated[
    int,
    _read(_Seconds, _Seconds.parse, "1:30"),
    PlainSerializer(format_duration, return_type=str),
]

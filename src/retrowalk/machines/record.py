"""A record: what `retrowalk commission` measured on one treadmill, on one day, with one firmware."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from retrowalk.machines.facts import Facts

FORMAT: Final = 1
_HEAD: Final = """\
# Measured by `retrowalk commission` on the empty belt. Do not edit: run it again.
# Without this file the treadmill is taken for an unknown one.
"""
_DEL: Final = "\x7f"  # the one character that JSON writes plainly and TOML refuses

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("write the date with its offset, as in 2026-01-31T12:00:00+01:00")
    return value


class Figures(BaseModel):
    """What was measured, as it was: the facts of the record are these, with a margin. Speeds are km/h, times s."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_delays_s: tuple[Seconds, ...] = ()
    run_downs: tuple[tuple[float, float], ...] = ()  # from which speed, how long
    stop_written_s: tuple[Seconds, ...] = ()  # from the demand to the wire
    stop_effects_s: tuple[Seconds, ...] = ()  # from the demand to the first lower speed
    speeds: tuple[tuple[float, float], ...] = ()  # told, reported
    real_per_told: float | None = None  # the belt's speed by its way, or by a mark on it, over the one it was told
    real_by: Literal["mark on the belt", "reported distance"] | None = None
    clock_ratio: float | None = None  # the machine's elapsed time over ours
    longest_silence_s: Seconds | None = None
    statuses: tuple[str, ...] = ()


class Record(BaseModel):
    """One file of the state folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[StrictInt, Field(ge=FORMAT, le=FORMAT)] = FORMAT
    address: Annotated[str, AfterValidator(str.upper)]
    name: str = ""
    make: str = ""
    firmware: str = ""
    software: str  # the version of Retrowalk that measured
    date: Annotated[datetime, AfterValidator(_aware)]
    passed: bool
    reasons: tuple[str, ...] = ()  # why it was refused
    skipped: tuple[str, ...] = ()  # tests that nobody wanted to do
    facts: Facts = Facts()
    figures: Figures = Figures()

    def holds_for(self, address: str, firmware: str) -> bool:
        """Whether it is about this treadmill as it is today."""
        return self.address == address.upper() and self.firmware == firmware

    def to_toml(self) -> str:
        """Return the file's text."""
        return _HEAD + "\n".join(_toml(self.model_dump(mode="json", exclude_none=True))) + "\n"


def record_path(folder: Path, address: str) -> Path:
    """Return where the record of a treadmill is."""
    return folder / f"{address.upper().replace(':', '-')}.toml"


def _toml(values: Mapping[str, Any], table: str = "") -> Iterator[str]:
    """Yield the lines of a table and of the tables in it: texts, numbers and lists are written in TOML as in JSON."""
    if table:
        yield f"\n[{table}]"
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    for key, value in values.items():
        if key not in tables:
            yield f"{key} = {json.dumps(value, ensure_ascii=False).replace(_DEL, '')}"
    for key, value in tables.items():
        yield from _toml(value, key)

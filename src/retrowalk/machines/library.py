"""All profiles and all records. A file that cannot be read never stops the others, and is told with what is wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retrowalk.files import read_small
from retrowalk.machines.facts import Facts
from retrowalk.machines.knowledge import Knowledge, know
from retrowalk.machines.profile import About, Match, Profile
from retrowalk.machines.record import Figures, Record

LARGEST_FILE_BYTES: Final = 64 * 1024
_KEYS: Final = sorted({key for table in (Profile, Match, Facts, Record, Figures) for key in table.model_fields})


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that was not taken, with every problem: its key, its value, and what would be right."""

    file: Path
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.file}: {problem}" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Machines:
    """What is known of machines that may be met."""

    profiles: tuple[Profile, ...] = ()
    records: tuple[Record, ...] = ()
    bad: tuple[BadFile, ...] = ()

    def about(self, address: str, about: About, firmware: str, said: Facts) -> Knowledge:
        """Return what is known of the treadmill that says all this of itself."""
        own = [record for record in self.records if record.address == address.upper()]
        record = _newest([record for record in own if record.holds_for(address, firmware)])
        return know(said, self.profile(about), record, stale=None if record else _newest(own))

    def expected(self, address: str | None) -> Knowledge:
        """Return what a record tells of a treadmill that nobody has asked yet; its firmware is taken on trust.

        `address` None: any treadmill, so one that passed if there is one.
        """
        own = [record for record in self.records if address is None or record.address == address.upper()]
        record = _newest([record for record in own if address is None and record.passed] or own)
        about = About(record.name) if record else About()
        return know(Facts(), self.profile(about), record)

    def profile(self, about: About) -> Profile | None:
        """Return the profile that fits best: the one with the most patterns, then the longest."""
        fitting = [profile for profile in self.profiles if profile.match.fits(about)]
        return max(fitting, key=lambda profile: _closeness(profile.match), default=None)


def _newest(records: Sequence[Record]) -> Record | None:
    """Return the last word on a treadmill: a copy of an older one may lie beside it."""
    return max(records, key=lambda record: record.date, default=None)


def _closeness(match: Match) -> tuple[int, int]:
    return len(match.patterns), sum(map(len, match.patterns.values()))


def shipped_machines() -> Path:
    """Return the folder of the shipped profiles: inside an installed package, or of a checkout."""
    package = Path(str(files("retrowalk")))
    installed = package / "shipped" / "machines"
    return installed if installed.is_dir() else package.parents[1] / "config" / "machines"


def load_machines(profiles: Path, records: Path) -> Machines:
    """Read every `*.toml` of both folders; that there are no records yet is no error."""
    heard, bad_profiles = _load(profiles, Profile)
    measured, bad_records = _load(records, Record)
    return Machines(tuple(heard), tuple(measured), (*bad_profiles, *bad_records))


def _load[T: BaseModel](folder: Path, kind: type[T]) -> tuple[list[T], list[BadFile]]:
    taken: list[T] = []
    bad: list[BadFile] = []
    for file in sorted(folder.glob("*.toml")):
        loaded = read(file, kind)
        if isinstance(loaded, BadFile):
            bad.append(loaded)
        else:
            taken.append(loaded)
    return taken, bad


def read[T: BaseModel](file: Path, kind: type[T]) -> T | BadFile:
    """Read one file. Raises nothing for a bad one."""
    try:
        return kind.model_validate(tomllib.loads(read_small(file, LARGEST_FILE_BYTES)))
    except OSError as error:
        return BadFile(file, (f"cannot be read: {error.strerror}",))
    except ValidationError as error:
        return BadFile(file, tuple(_explained(error)))
    except (ValueError, RecursionError) as error:
        return BadFile(file, (f"is not TOML in UTF-8: {error}",))


def _explained(error: ValidationError) -> Iterator[str]:
    for details in error.errors(include_url=False):
        key = ".".join(map(str, details["loc"])) or "the file"
        yield f"{key}{_there(details)}: {_wanted(details)}"


def _there(details: ErrorDetails) -> str:
    value = details["input"]
    if isinstance(value, dict | BaseModel):
        return ""
    return f" = {json.dumps(value, ensure_ascii=False, default=str)[:60]}"


def _wanted(details: ErrorDetails) -> str:
    if details["type"] == "extra_forbidden":
        near = get_close_matches(str(details["loc"][-1]), _KEYS, 1)
        return "there is no such key" + (f"; did you mean {near[0]}?" if near else "")
    if details["type"] == "missing":
        return "is missing; it has to be written"
    return details["msg"].removeprefix("Value error, ")

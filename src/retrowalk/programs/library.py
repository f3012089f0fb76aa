"""All programs that can be walked, and all files that were refused. A bad file never stops the others."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from retrowalk.programs.errors import PlanRefused, Refusal, UnknownProgram, Violation
from retrowalk.programs.program import Program, Template
from retrowalk.programs.reading import read_program


@dataclass(frozen=True, slots=True)
class Library:
    """Programs and templates by id, and the files that were not loaded, with their reasons."""

    programs: dict[str, Program] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()

    def find(self, program_id: str) -> Program:
        """Return the program. Raises UnknownProgram with the nearest names, PlanRefused for a template."""
        if program_id in self.programs:
            return self.programs[program_id]
        if program_id in self.templates:
            raise PlanRefused(program_id, ("it is a template: copy its file, enter the numbers, remove `template`",))
        raise UnknownProgram(program_id, tuple(difflib.get_close_matches(program_id, self.programs, n=3)))


def shipped_programs() -> Path:
    """Return the folder of the shipped programs: inside an installed package, or of a checkout."""
    package = Path(str(files("retrowalk")))
    installed = package / "shipped" / "programs"
    return installed if installed.is_dir() else package.parents[1] / "config" / "programs"


def load_library(folders: Iterable[Path]) -> Library:
    """Read every `*.toml` of `folders`, in order; of two files with one id the first counts, the other is refused."""
    programs: dict[str, Program] = {}
    templates: dict[str, Template] = {}
    refusals: list[Refusal] = []
    first: dict[str, Path] = {}
    for file, loaded in _loaded(folders):
        if isinstance(loaded, Refusal):
            refusals.append(loaded)
        elif loaded.id in first:
            refusals.append(_duplicate(file, loaded.id, first[loaded.id]))
        else:
            first[loaded.id] = file
            _put(loaded, programs, templates)
    return Library(programs, templates, tuple(refusals))


def _put(loaded: Program | Template, programs: dict[str, Program], templates: dict[str, Template]) -> None:
    if isinstance(loaded, Program):
        programs[loaded.id] = loaded
    else:
        templates[loaded.id] = loaded


def _loaded(folders: Iterable[Path]) -> Iterator[tuple[Path, Program | Template | Refusal]]:
    for folder in folders:
        if not _is_folder(folder):
            missing = Violation(
                "folder", "is not there, or hidden from you", "a folder with one TOML file a program is expected"
            )
            yield folder, Refusal(folder, (missing,))
            continue
        for file in sorted(folder.glob("*.toml")):
            yield file, read_program(file)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the folder above lets nobody in, or no folder can have such a name
        return False


def _duplicate(file: Path, program_id: str, first: Path) -> Refusal:
    violation = Violation("program", f"id {program_id!r} is taken by {first}", "an id names one program", "a new id")
    return Refusal(file, (violation,))

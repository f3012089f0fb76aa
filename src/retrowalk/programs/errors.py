"""What can be wrong with a program, as facts.

    ProgramError
    ├── UnknownProgram   no program has this id
    └── PlanRefused      this walker may not walk this program

A file that cannot be loaded raises nothing: it becomes a Refusal, and the other files load.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken cap or rule: where, what is there, what is allowed, and the nearest value that would pass."""

    where: str
    what: str
    limit: str
    nearest: str = ""

    def __str__(self) -> str:
        nearest = f"; nearest that passes: {self.nearest}" if self.nearest else ""
        return f"{self.where}: {self.what}; {self.limit}{nearest}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A program file that was not loaded, with every reason at once."""

    file: Path
    violations: tuple[Violation, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.file}: {violation}" for violation in self.violations)


class ProgramError(Exception):
    """A program cannot be walked."""


class UnknownProgram(ProgramError):  # noqa: N818 - says what happened, as the walker reads it
    """No program has the id `program`; `suggestions` are the ids that look most like it."""

    def __init__(self, program: str, suggestions: tuple[str, ...]) -> None:
        hint = f"; did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"there is no program {program!r}{hint}")
        self.program = program
        self.suggestions = suggestions


class PlanRefused(ProgramError):  # noqa: N818 - says what happened, as the walker reads it
    """The program `program` may not be walked by this walker, for all of `reasons`."""

    def __init__(self, program: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{program} is refused: " + "; ".join(reasons))
        self.program = program
        self.reasons = reasons

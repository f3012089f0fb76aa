"""What to walk: program files, their validation against the caps, and the plan for one walker. Pure but for reading."""

from retrowalk.programs.errors import PlanRefused, ProgramError, Refusal, UnknownProgram, Violation
from retrowalk.programs.library import Library, load_library, shipped_programs
from retrowalk.programs.planning import plan_for
from retrowalk.programs.program import Program, Template
from retrowalk.programs.reading import read_program

__all__ = [
    "Library",
    "PlanRefused",
    "Program",
    "ProgramError",
    "Refusal",
    "Template",
    "UnknownProgram",
    "Violation",
    "load_library",
    "plan_for",
    "read_program",
    "shipped_programs",
]

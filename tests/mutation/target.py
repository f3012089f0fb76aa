"""What is mutated, and by which tests it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TEST_ROOMS: Final = ("tests", "support", "search", "conftest")


@dataclass(frozen=True, slots=True)
class Target:
    """A package, its folder, the tests that must kill its mutants, and the page that answers for survivors."""

    package: str
    folder: Path
    tests: tuple[str, ...]
    page: Path
    importers: tuple[str, ...] = ()  # modules that import the package, tests aside: no fork may find them imported
    threshold: float = 0.95
    patience_s: float = 10.0  # on top of ten times what the tests take

    def keeps_out(self, module: str) -> bool:
        """Tell whether a module must not be imported ahead of a mutant."""
        out = (self.package, *self.importers, *_TEST_ROOMS)
        return any(module == name or module.startswith(f"{name}.") for name in out)

    def modules(self, only: Sequence[str] = ()) -> list[tuple[str, Path]]:
        """Return the modules by name; `only`: those whose files are called so. Raises ValueError for an unknown one."""
        paths = {path.stem: path for path in sorted(self.folder.glob("*.py")) if path.stem != "__init__"}
        if unknown := set(only) - set(paths):
            raise ValueError(f"no {min(unknown)}.py in {self.folder}; there are {', '.join(paths)}")
        return [(f"{self.package}.{name}", path) for name, path in paths.items() if name in only or not only]


INTERLOCK: Final = Target(
    package="retrowalk.interlock",
    folder=Path("src/retrowalk/interlock"),
    tests=("tests/interlock", "tests/engine"),
    page=Path("docs/mutation.md"),
    importers=("retrowalk.engine", "retrowalk.commissioning", "retrowalk.app", "retrowalk.cli"),
)
"""Only the kernel's own tests count: whole sessions, lots and searches are further nets and prove nothing here."""

"""What is mutated, and by which tests it is held."""

from __future__ import annotations

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

    def modules(self, only: str | None) -> list[tuple[str, Path]]:
        """Return the modules by name, or the one whose file is called `only`. Raises ValueError if there is none."""
        paths = [path for path in sorted(self.folder.glob("*.py")) if only in (None, path.stem)]
        if not paths:
            raise ValueError(
                f"no {only}.py in {self.folder}; there are {sorted(p.stem for p in self.folder.glob('*.py'))}"
            )
        return [(f"{self.package}.{path.stem}", path) for path in paths if path.stem != "__init__"]


INTERLOCK: Final = Target(
    package="retrowalk.interlock",
    folder=Path("src/retrowalk/interlock"),
    tests=("tests/interlock", "tests/engine", "tests/safety/test_hazards.py"),
    page=Path("docs/mutation.md"),
    importers=("retrowalk.engine", "retrowalk.commissioning", "retrowalk.app", "retrowalk.cli"),
)
"""The safety tests that draw lots or search are left out: no mutant is to die by luck."""

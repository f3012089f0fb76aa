"""`make coverage`: each module of the core, by its own test module alone, line by line and branch by branch.

One run of the tests, in which coverage notes which test module runs what; then each module is looked at as if only its
own tests had run. Data without behaviour is covered by its import and needs no test module.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "retrowalk"
ROOMS = ("model", "session", "interlock")


class Contexts:
    """Tells coverage which test module is running: a plug-in of pytest."""

    def __init__(self, cover: coverage.Coverage) -> None:
        self._cover = cover

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Name the context after the file."""
        self._cover.switch_context(nodeid.partition("::")[0])


def modules() -> list[tuple[Path, str]]:
    """Return each module of the core with the path of its own test module."""
    paths = [path for room in ROOMS for path in sorted((SOURCE / room).glob("*.py")) if path.stem != "__init__"]
    own = [(path, f"tests/{path.parent.name}/test_{path.name}") for path in paths]
    return [*own, (SOURCE / "engine.py", "tests/engine/test_engine.py")]


def own(test: str) -> str:
    """Return a pattern of a test module: a long one may go on in others, test_kernel.py in test_kernel_stops.py."""
    return rf"^{re.escape(test.removesuffix('.py'))}(_\w+)?\.py$"


def measured() -> coverage.Coverage:
    """Run the tests of the core once. Exits if one fails."""
    packages = [*(f"retrowalk.{room}" for room in ROOMS), "retrowalk.engine"]
    cover = coverage.Coverage(data_file=None, branch=True, source_pkgs=packages)
    cover.set_option("run:disable_warnings", ["module-not-imported"])
    cover.start()
    folders = sorted({str(Path(test).parent) for _, test in modules()})
    code = pytest.main(["-q", "-p", "no:cacheprovider", *folders], [Contexts(cover)])
    cover.stop()
    if code:
        sys.exit(f"coverage: the tests ended with {code!r}")
    return cover


def main() -> int:
    """Print a line a module; fail if one is not covered wholly."""
    cover, worst = measured(), 100.0
    for path, test in modules():
        report = io.StringIO()
        percent = cover.report([str(path)], file=report, contexts=["^$", own(test)], skip_covered=False)
        missing = report.getvalue().splitlines()[2].partition("%")[2].strip()
        name = path.relative_to(SOURCE)
        print(f"{percent:6.1f} %  {name!s:<28} {test if (ROOT / test).exists() else 'data':<36} {missing}".rstrip())
        worst = min(worst, percent)
    print(f"coverage: modules={len(modules())} worst={worst:.1f}")
    return int(worst < 100)


if __name__ == "__main__":
    sys.exit(main())

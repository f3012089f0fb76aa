"""What the honest code does: which test runs which line, how long each takes, and what can be imported ahead."""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Final

import pytest

from mutation.mutants import Mutant
from mutation.target import Target
from mutation.trial import PYTEST_OPTIONS, quiet

_TOOL: Final = 4
_EVENTS: Final = sys.monitoring.events


class BaselineError(Exception):
    """The tests fail without any mutant; nothing can be learned."""


@dataclass(slots=True)
class Baseline:
    """Each test's duration, and the tests that ran each line of each file."""

    durations_s: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)

    def tests_for(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's statement, fastest first; all where only an import does, or none."""
        by_line = self.tests.get(str(mutant.path), {})
        ran = set[str]().union(*(by_line.get(line, ()) for line in mutant.lines or ()))
        return sorted(ran or self.durations_s, key=lambda test: (self.durations_s[test], test))

    def base_s(self, tests: list[str]) -> float:
        """Return how long these tests take on the honest code."""
        return sum(self.durations_s[test] for test in tests)


class _Clock:
    """Adds up how long each test takes: a plug-in of pytest."""

    def __init__(self) -> None:
        self.durations_s: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add set-up, call and tear-down."""
        self.durations_s[report.nodeid] += report.duration


def measure(target: Target) -> Baseline:
    """Run the tests once, in a process of their own. Raises BaselineError."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "baseline"
        pid = os.fork()
        if not pid:
            try:
                quiet()
                answer.write_bytes(pickle.dumps(_measured(target)))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        found = pickle.loads(answer.read_bytes()) if answer.exists() else "no answer"  # noqa: S301  # our own child wrote it
    if not isinstance(found, Baseline):
        raise BaselineError(f"the tests fail on the honest code: {found}; run pytest {' '.join(target.tests)}")
    return found


def _measured(target: Target) -> Baseline | str:
    before = frozenset(sys.modules)
    clock, lines = _Clock(), _Lines(target)
    code = pytest.main([*PYTEST_OPTIONS, *target.tests], plugins=[clock, lines])
    if code != pytest.ExitCode.OK:
        return repr(code)
    return Baseline(dict(clock.durations_s), lines.tests, sorted(frozenset(sys.modules) - before))


class _Lines:
    """Notes which test runs which line of the target: a plug-in of pytest. Each line reports once in a test."""

    def __init__(self, target: Target) -> None:
        self.tests: dict[str, dict[int, set[str]]] = {str(path.resolve()): {} for path in target.folder.glob("*.py")}
        self._test = ""
        sys.monitoring.use_tool_id(_TOOL, "mutation")
        sys.monitoring.register_callback(_TOOL, _EVENTS.LINE, self._note)
        sys.monitoring.register_callback(_TOOL, _EVENTS.PY_START, self._note_start)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Let every line report again."""
        self._test = nodeid
        sys.monitoring.set_events(_TOOL, _EVENTS.LINE | _EVENTS.PY_START)
        sys.monitoring.restart_events()

    def _note(self, code: CodeType, line: int) -> object:
        if (lines := self.tests.get(code.co_filename)) is not None:
            lines.setdefault(line, set()).add(self._test)
        return sys.monitoring.DISABLE

    def _note_start(self, code: CodeType, _: int) -> object:
        """Note a function by its first line: a lambda of one line has no other."""
        return self._note(code, code.co_firstlineno)


def warm(target: Target, baseline: Baseline) -> None:
    """Import what the tests need, but nothing that knows the mutated package: each fork imports that anew."""
    for name in baseline.modules:
        if not target.keeps_out(name):
            with suppress(ImportError):
                importlib.import_module(name)
    tainted = [name for name in sys.modules if target.keeps_out(name)]
    if tainted:
        raise BaselineError(f"imported ahead of its mutants: {tainted}")

"""One mutant, one process: a fork in which the mutant is imported instead of the module, and the tests run."""

from __future__ import annotations

import importlib.machinery
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.abc import MetaPathFinder
from math import ceil
from types import CodeType
from typing import Final

import pytest

from mutation.mutants import Mutant

_MEMORY_BYTES: Final = 4 << 30
_TIMES_LONGER: Final = 10
PYTEST_OPTIONS: Final = ("-q", "--tb=no", "--capture=no", "--assert=plain", "-p", "no:cacheprovider")


class Verdict(StrEnum):
    """What became of a mutant. Only a test that failed is a kill."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    ERROR = "error"
    STILLBORN = "stillborn"  # its module cannot be imported: no test is needed to see that, and none is credited


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a mutated source under the name and the path of the honest one, and leaves no byte code behind."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(mutant.path))
        self._source = mutant.source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the base class's signature
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Stands ahead of all others and finds one module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(self._mutant), origin=str(self._mutant.path))


@dataclass(eq=False)
class Chosen:
    """Runs the chosen tests only, in their order, up to the first that fails: a plug-in of pytest."""

    tests: Sequence[str]
    missing: set[str] = field(default_factory=set)
    failed: str | None = None
    broken: str | None = None
    passed: int = 0
    _session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep whom to tell that it is enough."""
        self._session = session

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what was not chosen."""
        found = {item.nodeid: item for item in items}
        self.missing = set(self.tests) - set(found)
        items[:] = [found[test] for test in self.tests if test in found]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep that a file of tests could not be read."""
        if report.failed:
            self.broken = self.broken or report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first failure; it is enough."""
        if report.failed and self._session:
            self.failed = self.failed or report.nodeid
            self._session.shouldfail = self.failed
        self.passed += report.when == "call" and report.outcome != "failed"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant on trial, in a process of its own."""

    mutant: Mutant
    pid: int
    pipe: int
    deadline_s: float

    def end(self, *, late: bool) -> tuple[Verdict, str]:
        """Kill what is left of the process and tell what it said."""
        os.killpg(self.pid, signal.SIGKILL)
        with os.fdopen(self.pipe, "rb") as pipe:
            said = b"" if late else pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if late:
            return Verdict.TIMEOUT, ""
        try:
            words = json.loads(said)
        except ValueError:
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGXCPU:
                return Verdict.TIMEOUT, ""
            return Verdict.ERROR, f"the process ended without a word, status {code}"
        return Verdict(words[0]), str(words[1])


def begin(mutant: Mutant, tests: Sequence[str], patience_s: float) -> Trial:
    """Put a mutant on trial. Patience is processor time; a process that only waits gets ten times as long."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        _lead_a_group(pid)
        return Trial(mutant, pid, reading, time.monotonic() + _TIMES_LONGER * patience_s)
    try:
        os.close(reading)
        _lead_a_group(0)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(_try(mutant, tests, ceil(patience_s))))
    finally:
        os._exit(0)


def _lead_a_group(pid: int) -> None:
    """Make a process the head of a group, so that what it starts ends with it. Parent and child try; one is first."""
    with suppress(OSError):
        os.setpgid(pid, 0)


def _try(mutant: Mutant, tests: Sequence[str], patience_s: int) -> tuple[Verdict, str]:
    quiet()
    resource.setrlimit(resource.RLIMIT_CPU, (patience_s, patience_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    sys.meta_path.insert(0, _Finder(mutant))
    try:
        importlib.import_module(mutant.module)
    except Exception as problem:  # noqa: BLE001  # whatever a mutant raises
        return Verdict.STILLBORN, repr(problem)
    chosen = Chosen(tests)
    code = pytest.main([*PYTEST_OPTIONS, "--continue-on-collection-errors", *files(tests)], plugins=[chosen])
    return _judged(code, chosen)


def _judged(code: int, chosen: Chosen) -> tuple[Verdict, str]:
    """Believe a kill only with the name of a chosen test that failed, a survivor only if every chosen test passed."""
    if code == pytest.ExitCode.TESTS_FAILED and chosen.failed and chosen.failed in chosen.tests:
        return Verdict.KILLED, chosen.failed
    if chosen.broken or chosen.missing:
        return Verdict.ERROR, f"not collected: {chosen.broken or min(chosen.missing)}"
    if code == pytest.ExitCode.OK and chosen.passed == len(chosen.tests):
        return Verdict.SURVIVED, ""
    return Verdict.ERROR, f"pytest ended with {code!r} after {chosen.passed} of {len(chosen.tests)} tests"


def files(tests: Sequence[str]) -> list[str]:
    """Return the files that hold these tests."""
    return sorted({test.partition("::")[0] for test in tests})


def quiet() -> None:
    """Say nothing on the terminal any more."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)

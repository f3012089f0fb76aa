"""Holds a whole run of the tests to SAFETY.md: a test that the page names must have run, and not have been skipped.

Part of the tests (a path, `-k`, another `-m`, …) is never judged. With xdist the controller judges: it sees all.
The recorded frames of real machines may be absent; a test that was skipped for that is excused where another one of the
same row ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

EXCUSE = "frames"  # what the reason of an excused skip names
KINDS = {"reaction": "reaction", "no nuisance": "no_nuisance"}
_TESTS = 6  # the column of the hazards' table


@dataclass(frozen=True)
class Claim:
    """What one place of the page says is tested: by the exact name of a test, or by how its name begins."""

    place: str
    name: str
    begins: bool = False

    def fits(self, test: str) -> bool:
        """Tell whether `test` is one that is meant."""
        return test.startswith(self.name) if self.begins else test == self.name


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of every table of `page` whose head begins with `heading`."""
    found: list[list[str]] = []
    for block in page.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        if lines and lines[0].startswith(f"| {heading} |"):
            found += ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])
    return found


def quoted(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def hazard_claims(row: list[str]) -> list[Claim]:
    """Return what a row of the hazards says is tested."""
    number, cell = int(row[0]), row[_TESTS]
    place = f"hazard {number}"
    kinds = [kind for words, kind in KINDS.items() if words in cell]
    return [Claim(place, f"test_hazard_{number:02}_{kind}", begins=True) for kind in kinds] + [
        Claim(place, name) for name in quoted(cell)
    ]


def invariants(page: str) -> list[int]:
    """Return the numbers of the invariants."""
    section = page.partition("## 6. ")[2].partition("## 7. ")[0]
    return [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]


def claims(page: str) -> Iterator[Claim]:
    """Yield everything that SAFETY.md says is tested."""
    for row in rows(page, "#"):
        yield from hazard_claims(row)
    for number in invariants(page):
        yield Claim(f"invariant {number}", f"test_invariant_{number:02}_", begins=True)


@dataclass
class Seen:
    """What became of the tests, by name: those that ran, and why others were skipped."""

    ran: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    def complaints(self, claimed: Iterable[Claim]) -> list[str]:
        """Return what is wrong with each claim, in words."""
        claimed = list(claimed)
        kept = {claim.place for claim in claimed if self._complaint(claim) is None}
        found = ((claim, self._complaint(claim)) for claim in claimed)
        return [
            f"{claim.place}: {claim.name}{'…' * claim.begins} {words}"
            for claim, words in found
            if words and not (EXCUSE in words and claim.place in kept)
        ]

    def _complaint(self, claim: Claim) -> str | None:
        skipped = {why for test, why in self.skipped.items() if claim.fits(test)}
        if skipped:
            return f"was skipped: {'; '.join(sorted(skipped))}"
        return None if any(map(claim.fits, self.ran)) else "did not run"


class Traceability:
    """The plugin."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._seen = Seen()
        self._complaints: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of a test that ran, whatever came of it, or was skipped."""
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.skipped:
            self._seen.skipped[name] = (
                report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            )
        elif report.when == "call":
            self._seen.ran.add(name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail a whole run that left something out which the page names."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and is_whole(session.config):
            self._complaints = self._seen.complaints(claims(self._page.read_text(encoding="utf-8")))
            if self._complaints:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which, and why."""
        if self._complaints:
            terminalreporter.section(f"{self._page.name} names tests that did not run", red=True)
            for complaint in self._complaints:
                terminalreporter.write_line(complaint, red=True)


def is_whole(config: pytest.Config) -> bool:
    """Tell whether nothing was selected: this is a run of all tests, as `make test` makes it."""
    option = config.option
    narrowed = ("keyword", "deselect", "ignore", "ignore_glob", "lf", "collectonly", "stepwise", "maxfail")
    as_configured = option.markexpr == _configured_marks(config)
    return (
        config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and as_configured
        and not any(getattr(option, name, None) for name in narrowed)
    )


def _configured_marks(config: pytest.Config) -> str:
    """Return the `-m` of the configuration itself."""
    words = list(config.getini("addopts"))
    return words[words.index("-m") + 1] if "-m" in words else ""


def register(config: pytest.Config) -> None:
    """Judge this run, in the one process that sees all of it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Traceability(config.rootpath / "SAFETY.md"), "traceability")

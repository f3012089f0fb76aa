"""A tiny project is run with the plugin, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAFETY = """\
## 6. Invariants

1. Always.

## 7. Hazards

| # | hazard | detection | remains | answered by | status | tests |
| --- | --- | --- | --- | --- | --- | --- |
| 3 | falls | stop | x | `rule` | yes | reaction, no nuisance |
| 4 | lies | stop | x | `rule` | yes | `test_frames_of_liars` `test_a_liar` |
"""
GOOD = {
    "test_hazard_03_reaction_strap": "pass",
    "test_hazard_03_no_nuisance": "pass",
    "test_frames_of_liars": "pass",
    "test_a_liar": "pass",
    "test_invariant_01_always": "pass",
}
FRAMES_ABSENT = 'pytest.skip("the recorded frames are not there")'


@dataclass(frozen=True)
class Run:
    """A run that ended: its exit status and what it printed."""

    status: int
    text: str


def run(folder: Path, tests: dict[str, str], *arguments: str) -> Run:
    (folder / "SAFETY.md").write_text(SAFETY)
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = tests\naddopts = -m 'not nightly'\nmarkers = nightly\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(HERE)!r})\nimport traceability\n"
        "def pytest_configure(config):\n    traceability.register(config)\n"
    )
    bodies = (f"def {name}():\n    {body}\n" for name, body in tests.items())
    (folder / "tests" / "test_all.py").write_text("import pytest\n" + "\n".join(bodies))
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments)
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    return Run(ended.returncode, ended.stdout + ended.stderr)


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_a_whole_run_of_what_the_page_names_passes(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """With and without worker processes, of which none sees every test."""
    ended = run(tmp_path, GOOD, *arguments)
    assert ended.status == 0, ended.text
    assert "5 passed" in ended.text


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_a_test_that_is_named_and_skipped_fails_the_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Its row and the reason of the skip are in the summary."""
    skipped = GOOD | {"test_hazard_03_no_nuisance": 'pytest.skip("no broker here")'}
    ended = run(tmp_path, skipped, *arguments)
    assert ended.status == pytest.ExitCode.TESTS_FAILED
    assert "hazard 3: test_hazard_03_no_nuisance… was skipped: Skipped: no broker here" in ended.text


def test_a_test_that_is_named_and_not_there_fails_the_run(tmp_path: Path) -> None:
    """Of the hazards, and of the invariants."""
    there = {name: body for name, body in GOOD.items() if name not in ("test_a_liar", "test_invariant_01_always")}
    ended = run(tmp_path, there)
    assert ended.status == pytest.ExitCode.TESTS_FAILED
    assert "hazard 4: test_a_liar did not run" in ended.text
    assert "invariant 1: test_invariant_01_… did not run" in ended.text


def test_a_test_that_is_left_out_by_the_configuration_did_not_run(tmp_path: Path) -> None:
    """The nightly mark is no way around the page."""
    left_out = GOOD | {"test_a_liar": "pass\n\ntest_a_liar = pytest.mark.nightly(test_a_liar)"}
    assert "hazard 4: test_a_liar did not run" in run(tmp_path, left_out).text


def test_absent_frames_are_excused_where_another_test_of_the_row_ran(tmp_path: Path) -> None:
    """They are not part of the repository."""
    ended = run(tmp_path, GOOD | {"test_frames_of_liars": FRAMES_ABSENT})
    assert ended.status == 0, ended.text


def test_absent_frames_are_no_excuse_for_the_only_test_of_a_row(tmp_path: Path) -> None:
    """Somebody must show what the row says."""
    ended = run(tmp_path, GOOD | {"test_frames_of_liars": FRAMES_ABSENT, "test_a_liar": FRAMES_ABSENT})
    assert ended.status == pytest.ExitCode.TESTS_FAILED
    assert "hazard 4: test_frames_of_liars was skipped" in ended.text


@pytest.mark.parametrize(
    "arguments",
    [("-k", "hazard"), ("tests",), ("-m", "nightly"), ("--deselect", "tests/test_all.py::test_a_liar")],
    ids=["-k", "path", "-m", "deselect"],
)
def test_a_part_of_the_tests_is_not_judged(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Whoever runs one test is not told of all the others."""
    ended = run(tmp_path, {"test_hazard_03_reaction_strap": "pass"}, *arguments)
    assert "names tests that did not run" not in ended.text


def test_a_run_that_fails_anyway_is_judged_too(tmp_path: Path) -> None:
    """A named test that fails did run; one that is gone is told beside it."""
    broken = {name: body for name, body in GOOD.items() if name != "test_a_liar"} | {"test_frames_of_liars": "assert 0"}
    ended = run(tmp_path, broken)
    assert ended.status == pytest.ExitCode.TESTS_FAILED
    assert "hazard 4: test_a_liar did not run" in ended.text
    assert "test_frames_of_liars did not run" not in ended.text

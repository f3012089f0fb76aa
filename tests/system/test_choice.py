from __future__ import annotations

import subprocess
import sys

import pytest

from system.choice import HERE

ASK = "from system.choice import chosen; import sys; print(*sorted(chosen(sys.argv[1])))"


def _asked(only: str) -> subprocess.CompletedProcess[str]:
    """Ask in a process of its own: pytest does not run within pytest."""
    command = (sys.executable, "-c", ASK, only)
    return subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@pytest.mark.parametrize(
    ("only", "among", "not_among"),
    [
        ("reboot", {"test_reboot"}, {"test_power_cut", "test_killed"}),
        ("not reboot", {"test_power_cut", "test_killed"}, {"test_reboot"}),
    ],
)
def test_pytest_says_what_is_chosen(only: str, among: set[str], not_among: set[str]) -> None:
    """By the names of tests, of scenarios and contract alike."""
    names = set(_asked(only).stdout.split())
    assert among <= names
    assert not not_among & names


@pytest.mark.parametrize(("only", "complaint"), [("nonsense", "selects no scenario"), ("a b", "not understood")])
def test_what_chooses_nothing_is_told(only: str, complaint: str) -> None:
    """Rather than booting for it."""
    assert complaint in _asked(only).stderr

"""A run takes long: what failed is told at once, not at its end."""

from __future__ import annotations

import sys

import pytest

LINES = 12


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell the end of what went wrong."""
    if report.failed and "system" in report.nodeid:
        sys.stdout.write("\n" + "\n".join(report.longreprtext.splitlines()[-LINES:]) + "\n")

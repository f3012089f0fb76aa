"""A run takes long: what failed is told at once. An emulated loop is slow, and times are taken on it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

LINES = 12


@pytest.fixture(autouse=True)
def _tidy_loop() -> Iterator[None]:
    """Let each test answer for what it leaves open, not one that runs when it is collected at last.

    Neither watch the loop nor slow it with asyncio's debug mode: the daemon has a process of its own here.
    """
    yield
    gc.collect()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell the end of what went wrong."""
    if report.failed and "system" in report.nodeid:
        sys.stdout.write("\n" + "\n".join(report.longreprtext.splitlines()[-LINES:]) + "\n")

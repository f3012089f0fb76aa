"""What holds for every test: no leaked task, no blocked loop, no log noise; and for all of them: SAFETY.md."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

import traceability

BLOCKED_S = 1.0
_QUIET = structlog.make_filtering_bound_logger(logging.CRITICAL)


def pytest_configure(config: pytest.Config) -> None:
    """Hold a run of all tests to what SAFETY.md names."""
    traceability.register(config)


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """Keep the daemon's log out of the test report; tests that read the log configure their own."""
    structlog.configure(wrapper_class=_QUIET, cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


class _Blocked(logging.Handler):
    """Collects asyncio's complaints about callbacks that held the loop."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "Executing" in record.getMessage():
            self.complaints.append(record.getMessage())


def _of_a_library(task: asyncio.Task[object]) -> bool:
    """Whether a library keeps this task for the life of the loop, as bleak does for its D-Bus connection."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "site-packages" in code.co_filename


@pytest.fixture(autouse=True)
async def _tidy_loop(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task behind or holds its loop for a second."""
    if request.node.get_closest_marker("asyncio") is None:
        yield
        return
    loop, blocked = asyncio.get_running_loop(), _Blocked()
    loop.set_debug(True)
    loop.slow_callback_duration = BLOCKED_S
    logger = logging.getLogger("asyncio")
    logger.addHandler(blocked)
    before = asyncio.all_tasks()
    yield
    logger.removeHandler(blocked)
    await asyncio.sleep(0)
    leaked = [task for task in asyncio.all_tasks() - before if not task.done() and not _of_a_library(task)]
    assert not leaked, f"tasks outlived the test: {leaked}"
    assert not blocked.complaints, blocked.complaints

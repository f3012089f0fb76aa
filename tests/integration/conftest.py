"""A scene of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integration.scene import Scene, scene
from retrowalk.cli.demo_stage import missing_tools


@pytest.fixture(autouse=True)
def _tools() -> None:
    """Say what is missing instead of failing a dozen times."""
    if missing := missing_tools():
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Scene]:
    """Set a scene with the demo's own configuration."""
    async with scene(tmp_path) as set_:
        yield set_

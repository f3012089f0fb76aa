"""For the Stop of last resort: a countdown that a test can wait for, and what was said."""

from __future__ import annotations

import pytest

from retrowalk.treadmill.failsafe import standstill


@pytest.fixture(autouse=True)
def _counts_down_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a belt that only stood for as long as a test can wait."""
    monkeypatch.setattr(standstill, "COUNTDOWN_S", 0.8)


@pytest.fixture
def said() -> list[str]:
    """What a person would read."""
    return []

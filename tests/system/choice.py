"""What a pytest expression chooses of all that can run in the guest: pytest itself is asked, before anything boots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from system.host import Unable

HERE: Final = Path(__file__).parent
PLACES: Final = tuple(str(HERE / name) for name in ("scenarios", "contract"))
_QUIETLY: Final = ("--collect-only", "-p", "no:terminal", "-p", "no:cacheprovider")
_OPTIONS: Final = ("-o", "addopts=--import-mode=importlib")  # the project's own need the terminal


class _Collector:
    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what is left after deselection."""
        self.names = frozenset(item.name for item in session.items)


def chosen(only: str) -> frozenset[str]:
    """Return the names of the tests that `only` selects; of all, if it is empty. Raises Unable if these are none."""
    collector = _Collector()
    with _as_in_the_guest():
        status = pytest.main([*_QUIETLY, *_OPTIONS, "-k", only, *PLACES], plugins=[collector])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise Unable(f'ONLY="{only}" selects no scenario; their names are in {HERE}')
    if status != pytest.ExitCode.OK:
        raise Unable(f'ONLY="{only}" was not understood by pytest, which says why above')
    return collector.names


@contextmanager
def _as_in_the_guest() -> Iterator[None]:
    """Outside it the scenarios hide from pytest."""
    before = os.environ.get("RETROWALK_GUEST")
    os.environ["RETROWALK_GUEST"] = before or "/nowhere"
    try:
        yield
    finally:
        if before is None:
            del os.environ["RETROWALK_GUEST"]

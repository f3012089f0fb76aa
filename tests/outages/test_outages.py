"""One outage of each kind with every run of the tests; `make outages` makes a hundred of each."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from outages import run
from outages.room import Room, room
from outages.run import CAUSES, Verdict, outage, series
from outages.table import percentile, table
from outages.unit import Unit
from retrowalk.cli.demo_stage import missing_tools

GOOD = Verdict("killed", "walk", True, False, True, 3.0, 0.5, 1.5)


@pytest.fixture(autouse=True)
def _tools() -> None:
    if missing := missing_tools():
        pytest.skip(f"needs {', '.join(missing)}")


@asynccontextmanager
async def furnished(unit: Unit | None = None) -> AsyncIterator[Room]:
    """A room under a short path: sockets need one."""
    with tempfile.TemporaryDirectory(prefix="outages-") as folder:
        async with room(Path(folder), unit) as it:
            yield it


async def test_an_outage_on_a_running_belt_ends_with_a_belt_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop is written in time, the machine's witness sees the belt stand, and a person can reset what comes next."""
    monkeypatch.setattr(run, "PHASES", {"step_on": run.PHASES["step_on"]})
    for verdict in await asyncio.gather(*map(_once, CAUSES)):
        assert (verdict.miss, verdict.moved, verdict.marked) == ("", True, True)
        assert verdict.stop_s is not None
        assert verdict.stands_s is not None
        assert 0 < verdict.stop_s < verdict.stands_s


async def _once(cause: str) -> Verdict:
    async with furnished() as it:
        return await series(it, cause, random.Random(1))  # noqa: S311 - dice


async def test_an_outage_that_nothing_follows_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the unit's ExecStopPost the belt runs on, and the verdict says so."""
    monkeypatch.setattr(run, "PHASES", {"step_on": run.PHASES["step_on"]})
    monkeypatch.setattr(run, "RUN_DOWN_S", 1.0)
    async with furnished(replace(Unit.read("outage"), stop_post=("true",))) as it:
        verdict = await outage(it, "killed", random.Random(1))  # noqa: S311 - dice
        assert verdict.miss == "the belt moves; no Stop was written"
        assert verdict.stands_s is None


def test_the_unit_is_the_shipped_one() -> None:
    """A hang is killed after two seconds, and then the failsafe runs; the supervisor knows it from the unit alone."""
    unit = Unit.read("hall")
    assert (unit.watchdog_s, unit.watchdog_signal) == (2.0, signal.SIGKILL)
    assert unit.stop_post == (
        "nice",
        "-n",
        "-5",
        sys.executable,
        "-m",
        "retrowalk",
        "stop",
        "--failsafe",
        "--name",
        "hall",
    )


def test_figures_are_of_runs_in_which_a_stop_was_owed() -> None:
    """Not of a belt that stood, or whose Stop was on the wire before; a miss is told by itself."""
    late = replace(GOOD, stop_s=3.5, stands_s=4.5, miss="late")
    head, row, *_, missed = table([GOOD, late, replace(GOOD, moved=False, stop_s=9.0), replace(GOOD, stopped=True)])
    assert head.split()[0] == "cause"
    assert row.split() == ["killed", "4", "2", "0.50", "3.50", "3.50", "-0.50", "4.50", "1"]
    assert missed == "missed: killed, walk: late"


def test_a_percentile_is_a_figure_that_was_seen() -> None:
    """Nearest rank; nothing seen is no figure."""
    assert [percentile([3.0, 1.0, 2.0], percent) for percent in (50, 99, 100)] == [2.0, 3.0, 3.0]
    assert percentile([], 50) is None

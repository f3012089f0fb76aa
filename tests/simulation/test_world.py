"""The world in which stories are lived: timers that are late, and things that wait for others."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from simulation.happenings import HAPPENINGS
from simulation.plots import PLOTS
from simulation.story import Happening, draw, with_happenings
from simulation.world import live
from simulation.world.lateness import LATEST_S, lateness
from virtual_time import run

STORY = replace(draw(1), machine="ideal", known="commissioned")


async def _ticks() -> list[float]:
    loop, at_s = asyncio.get_running_loop(), []
    for number in range(1, 101):
        await asyncio.sleep(number - loop.time())
        at_s.append(loop.time() - number)
    return at_s


def test_timers_are_late_and_never_early() -> None:
    """By some milliseconds, now and then by tens of them, and the same ones each time."""
    story = replace(STORY, late_s=0.01)
    late_s = run(_ticks(), lateness(story))
    assert all(0 <= late <= LATEST_S for late in late_s)
    assert 0.005 < sum(late_s) / len(late_s) < 0.02
    assert late_s == run(_ticks(), lateness(story))
    assert max(map(abs, run(_ticks()))) < 1e-9


def test_what_awaits_a_line_begins_right_after_it() -> None:
    """And not before the happening's own time."""
    awaiting = Happening(3.0, "console_faster", awaits="said phase")
    log = live(with_happenings(STORY, (awaiting,))).log
    begun = next(index for index, line in enumerate(log) if "world console_faster" in line)
    begun_s = float(log[begun].split(maxsplit=1)[0])
    told_s = [float(line.split(maxsplit=1)[0]) for line in log[:begun] if " said  phase" in line]
    assert begun_s - told_s[-1] <= LATEST_S
    assert begun_s > awaiting.at_s


def test_plots_are_made_of_what_can_happen() -> None:
    """A misspelt part would be no part."""
    for parts in PLOTS.values():
        for part in parts:
            assert HAPPENINGS[part.what].end or not part.longest_s
            assert 0 <= part.shortest_s <= part.longest_s

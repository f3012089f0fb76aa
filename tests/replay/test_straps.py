"""Recordings of a heart-rate strap off the body, and what a session must make of them."""

from __future__ import annotations

import asyncio
from functools import partial

from machines.stories import Onlooker, armed, walking, written
from replay.tape import TapedStrap, recording
from retrowalk.model.reports import Ending, Phase, PhaseChanged, Tripped, WorkoutEnded
from support.house import house
from virtual_time import run

RR_PRESENT = 0x10


def _h10(name: str) -> tuple[list[bytes], list[bytes]]:
    """Return the frames of a recording with RR intervals, and those without."""
    frames = [frame.value for frame in recording(name)]
    return [f for f in frames if f[0] & RR_PRESENT], [f for f in frames if not f[0] & RR_PRESENT]


async def _taken_off() -> None:
    worn, off = _h10("h10-removed")
    async with house("ideal", wears=partial(TapedStrap, worn=worn, off=off)) as h:
        onlooker = Onlooker(h)
        await h.settled()
        await walking(h, after_s=20)
        h.heart.faults.off_body = True
        async with asyncio.timeout(20):
            await h.hear(PhaseChanged, lambda changed: changed.phase is Phase.PAUSED)
        assert h.said(Tripped) == []
        ended = await h.hear(WorkoutEnded)
        assert ended.ending is Ending.UNANSWERED
        await asyncio.sleep(26 * 60)
        assert written(h).count("07") == 1
        await onlooker.judge()


def test_an_h10_taken_off_pauses_within_twenty_seconds_and_starts_nothing() -> None:
    """Its last rate, once a second for 26 minutes, counts for 5 s, is lost after 10 more, and answers no prompt."""
    run(_taken_off())


async def _on_a_table() -> None:
    with_rr, without = _h10("h10-table")
    frames = [*without * 4, with_rr[-1]]
    async with house("ideal", wears=partial(TapedStrap, worn=[with_rr[0], *frames * 60], off=frames)) as h:
        onlooker = Onlooker(h)
        await h.settled()
        armed(h)
        await h.hear(PhaseChanged, lambda changed: changed.phase is Phase.PAUSED)
        ended = await h.hear(WorkoutEnded)
        assert ended.ending is Ending.UNANSWERED
        assert written(h).count("07") == 1
        await onlooker.judge()


def test_an_h10_on_a_table_is_found_out() -> None:
    """Its first frame after connecting looks alive, so the belt may start; an RR interval of six seconds does not.

    A frame with such an interval comes between four without: if it counted, the strap would be worn for ever.
    """
    run(_on_a_table())

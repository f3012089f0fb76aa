"""The second half of a reboot: what a new boot finds. Each runs alone, after its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import inf

from system.reboot import CAUSE, events
from system.room import MARKER, STOP, furnished, note


def test_reboot() -> None:
    """`systemctl reboot` in a session: Stop, standstill, and only then the link goes; no marker is left."""
    since_s = float(CAUSE.read_text())

    def first(what: str, fits: Callable[[str], bool] = lambda _: True) -> float:
        later = (e for e in events() if e["what"] == what and float(e["at_s"]) > since_s)
        return next((float(event["at_s"]) - since_s for event in later if fits(event["detail"])), inf)

    moments_s = [0.0, first("written", STOP.__eq__), first("belt_standing"), first("link_down")]
    assert inf not in moments_s[:2], "the belt ran on: no Stop was written"
    note("reboot", stop_s=moments_s[1], standstill_s=moments_s[2])
    assert all(earlier < later for earlier, later in pairwise(moments_s)), moments_s
    assert not MARKER.exists()


async def test_power_cut() -> None:
    """The power fails in a session: the marker is on the disk, and the next boot is latched."""
    assert MARKER.exists()
    async with furnished("power_cut") as room:
        await room.latched_after_restart(0)

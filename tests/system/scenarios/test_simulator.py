"""The simulator's third link, without a kernel at its far end: a device that is not there must not pass for silence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import override

import pytest

from retrowalk_sim.bluez.echo import Echo

LONGEST_S = 60


class DyingEcho(Echo):
    """A device with a defect that shows at the second look."""

    looks = 0

    @property
    @override
    def connectable(self) -> bool:
        self.looks += 1
        if self.looks > 1:
            raise ZeroDivisionError("a defect")
        return True


async def _live(*devices: Echo, folder: Path, up: asyncio.Event | None = None, error: Exception | None = None) -> None:
    from retrowalk_sim.hci import serve  # noqa: PLC0415 - Bumble is in the guest alone

    async with asyncio.timeout(LONGEST_S), serve(devices, f"pty:{folder / 'hci'}"):
        if error:
            raise error
        if up:
            up.set()
        await asyncio.Event().wait()


async def test_a_device_that_dies_ends_whoever_serves_it(tmp_path: Path) -> None:
    """With its error, however well the other one lives."""
    with pytest.RaisesGroup(ZeroDivisionError):
        await _live(Echo(), DyingEcho("00:00:5E:00:53:02"), folder=tmp_path)


async def test_the_end_is_a_quiet_one(tmp_path: Path) -> None:
    """Cancelled, it is cancelled; what fails inside comes out as it is."""
    up = asyncio.Event()
    living = asyncio.create_task(_live(Echo(), folder=tmp_path, up=up))
    await up.wait()
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living
    with pytest.raises(LookupError, match="an error"):
        await _live(Echo(), folder=tmp_path, error=LookupError("an error"))

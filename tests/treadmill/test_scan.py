"""`retrowalk scan` as a process, over a fake org.bluez."""

from __future__ import annotations

import asyncio
import os
import sys

from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air


async def scan(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit status and words."""
    code = "from retrowalk.cli import main; raise SystemExit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        "scan",
        "--for",
        "0.5",
        *arguments,
        env={**os.environ, "COLUMNS": "140"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    words, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, words.decode()


async def test_what_is_in_range_is_listed_with_what_it_can_do() -> None:
    """A treadmill with its ranges, since it was asked, and a strap."""
    async with air(Treadmill(), HeartRateStrap(lambda _: 100.0)):
        status, words = await scan("--ask")
    assert status == 0
    assert "treadmill" in words
    assert "0.8–12 km/h by 0.1, incline 0 %–12 % by 0.5 %" in words
    assert "heart-rate strap" in words


async def test_unasked_machines_are_not_connected() -> None:
    """Somebody may be on that belt: the advertisement must do."""
    treadmill = Treadmill()
    async with air(treadmill):
        status, words = await scan()
        assert not treadmill.witness.of("link_up")
    assert (status, "treadmill" in words) == (0, True)


async def test_an_unknown_adapter_is_told() -> None:
    """No traceback."""
    async with air():
        status, words = await scan("--adapter", "hci7")
    assert status == 3
    assert "cannot scan with hci7: adapter 'hci7' not found" in words

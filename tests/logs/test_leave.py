"""The way out that waits for nobody: what was logged last comes out all the same, if somebody reads."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

UNVERIFIED = 5
WORDS_S = 0.2
BUSY_COMPUTER_S = 0.5
_LEAVE = """\
import pathlib, sys, time
import structlog
from retrowalk.app.commission import Commissioner
from retrowalk.app.daemon import Daemon
from retrowalk.logs import configure_logs
configure_logs(format_="json")
for _ in range({lines}):
    structlog.get_logger().info("chatter", text="x" * 500)
structlog.get_logger().critical("leaving_unverified", do="pull the cord")
pathlib.Path(sys.argv[1]).write_text(str(time.monotonic()))
{who}.__dataclass_fields__["leave"].default({status})
"""


@pytest.mark.parametrize("who", ["Daemon", "Commissioner"])
async def test_the_last_line_of_an_unverified_end_comes_out(tmp_path: Path, who: str) -> None:
    """The journal has it, and the exit status is the one that was given."""
    code = _LEAVE.format(lines=0, who=who, status=UNVERIFIED)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, tmp_path / "since", stderr=PIPE)
    _, said = await process.communicate()
    assert process.returncode == UNVERIFIED
    assert b'"event": "leaving_unverified"' in said


async def test_a_frozen_reader_of_the_log_does_not_hold_up_the_exit(tmp_path: Path) -> None:
    """Its pipe is full and nobody reads: the process ends after 0.2 s, and the failsafe can begin."""
    code = _LEAVE.format(lines=1000, who="Daemon", status=UNVERIFIED)
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, tmp_path / "since", stderr=writing)
    assert await process.wait() == UNVERIFIED
    took_s = time.monotonic() - float((tmp_path / "since").read_text())
    os.close(reading)
    os.close(writing)
    assert WORDS_S <= took_s < WORDS_S + BUSY_COMPUTER_S

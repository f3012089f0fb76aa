"""A real standby, a real lock whose holder is killed, a fake org.bluez on a real bus, and a belt that runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from retrowalk.app.compose import LOCK_NAME
from retrowalk.marker import MARKER_NAME
from retrowalk_sim.treadmill import Treadmill
from treadmill.left_belt import running_belt

LOOK_S = 0.01
PATIENCE_S = 30.0
HOLD = """
import sys, pathlib
from retrowalk.app.compose import only_one
with only_one(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
NOTHING = "no session was left open: nothing to stop"
STANDS = "the belt stands, verified"


async def until(true: Callable[[], bool]) -> None:
    """Wait for what tells nobody when it comes."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - as it says
            await asyncio.sleep(LOOK_S)


@dataclass
class Post:
    """A standby, and the folders that it looks into."""

    process: Process
    run: Path
    state: Path

    def waits(self) -> bool:
        """Tell whether it waits for the death of a daemon: the kernel lists it behind the lock's holder."""
        return re.search(rf"-> FLOCK +ADVISORY +READ +{self.process.pid} ", Path("/proc/locks").read_text()) is not None

    async def says(self, words: str) -> None:
        """Wait until it has said this."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while (line := (await self.process.stderr.readline()).decode().rstrip()) != words:
                assert line, f"it ended and never said: {words}"

    def mark(self, treadmill: Treadmill) -> None:
        """Leave a session open."""
        content = {"address": treadmill.advertisement.address, "latch": None}
        (self.state / MARKER_NAME).write_text(json.dumps(content))


@asynccontextmanager
async def post(folder: Path) -> AsyncIterator[Post]:
    """Have somebody stand by; nobody holds the lock yet, and its folder need not be there."""
    run, state = folder / "run", folder / "state"
    state.mkdir(exist_ok=True)
    code = "from retrowalk.cli import main; raise SystemExit(main())"
    places = {"RUNTIME_DIRECTORY": str(run), "STATE_DIRECTORY": str(state), "RETROWALK_CONFIG": "/nowhere"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "standby", stderr=PIPE, env={**os.environ, **places}
    )
    try:
        yield Post(process, run, state)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def daemon(there: Post) -> AsyncIterator[Process]:
    """Hold the lock as a daemon does, and be waited for; on the way out, die if still alive."""
    there.run.mkdir(exist_ok=True)
    lock = str(there.run / LOCK_NAME)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, lock, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"held\n"
        await until(there.waits)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def dies(there: Post) -> None:
    """Have a daemon live and be killed."""
    async with daemon(there) as process:
        process.kill()


async def test_the_belt_of_a_killed_daemon_is_stopped(tmp_path: Path) -> None:
    """Over the link that is left, which stays; the marker stays, too: it is the next daemon's."""
    async with running_belt() as (treadmill, bluez), post(tmp_path) as there:
        there.mark(treadmill)
        await dies(there)
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0
        assert bluez.connected(treadmill.advertisement.address)
        assert (there.state / MARKER_NAME).exists()

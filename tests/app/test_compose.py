from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from fcntl import LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from threading import Timer

import pytest

from retrowalk.app.compose import GIVEN_WAY_S, AlreadyRunning, FolderUnusable, compose, only_one, serve
from retrowalk.config import Config, DaemonTable
from retrowalk.marker import MARKER_NAME
from retrowalk.systemd import Notifier
from retrowalk_sim.treadmill import Treadmill
from treadmill.air import air
from treadmill.left_belt import written_to

DAEMON = """
import asyncio, fcntl, sys
from pathlib import Path
from retrowalk.app import compose
from retrowalk.config import Config, DaemonTable
from retrowalk.marker import SessionMarker

folder = Path(sys.argv[1])

def close(_marker):
    with (folder / compose.LOCK_NAME).open() as looking:
        try:
            fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            print("the lock is held", flush=True)

SessionMarker.close = close
sys.exit(asyncio.run(compose.serve(Config(daemon=DaemonTable(runtime_dir=folder, state_dir=folder)))))
"""


async def test_a_lock_that_is_no_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A folder that stands in its place: nothing was started."""
    (tmp_path / "run" / "lock").mkdir(parents=True)
    config = Config(daemon=DaemonTable(runtime_dir=tmp_path / "run", state_dir=tmp_path / "state"))
    with pytest.raises(FolderUnusable, match=r"run/lock cannot be opened for writing: Is a directory; remove it"):
        await serve(config)


def test_a_standby_that_looks_keeps_no_daemon_out(tmp_path: Path) -> None:
    """It has the lock, shared, for a moment; the daemon tries again."""
    with (tmp_path / "lock").open("w") as looking:
        flock(looking, LOCK_SH)
        Timer(GIVEN_WAY_S / 2, flock, (looking, LOCK_UN)).start()
        with only_one(tmp_path / "lock"), pytest.raises(BlockingIOError):
            flock(looking, LOCK_SH | LOCK_NB)


def test_whoever_keeps_the_lock_is_a_daemon(tmp_path: Path) -> None:
    """The second one is told which file, once it has tried for as long as it tries."""
    begun_s = time.monotonic()
    refused = pytest.raises(AlreadyRunning, match=f"another daemon holds {tmp_path}/lock")
    with only_one(tmp_path / "lock"), refused, only_one(tmp_path / "lock"):
        pytest.fail("two daemons on one treadmill")
    assert GIVEN_WAY_S <= time.monotonic() - begun_s < 4 * GIVEN_WAY_S


async def test_a_daemon_that_comes_up_latched_stops_the_treadmill_of_its_marker(tmp_path: Path) -> None:
    """And not the first one that it meets, which stands."""
    here, there = (Treadmill("citysports", address=address) for address in ("00:00:00:00:00:01", "00:00:00:00:00:02"))
    (tmp_path / MARKER_NAME).write_text('{"address": "00:00:00:00:00:02", "latch": null}')
    async with air(here, there):
        there.move_by_hand(2.0)
        daemon = compose(Config(daemon=DaemonTable(runtime_dir=tmp_path, state_dir=tmp_path)))
        running = asyncio.create_task(daemon.run())
        async with asyncio.timeout(30):
            await written_to(there)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert not here.witness.of("link_up")
    assert isinstance(daemon.parts.service, Notifier)
    daemon.parts.service.close()
    daemon.parts.marker.close()


async def test_the_lock_is_held_until_the_marker_is_gone(tmp_path: Path) -> None:
    """A marker without a daemon is a session that was left open: a standby would stop a treadmill that was let go."""
    daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", DAEMON, tmp_path, stdout=PIPE)
    assert daemon.stdout is not None
    control = Config(daemon=DaemonTable(runtime_dir=tmp_path)).control_socket
    async with asyncio.timeout(30):
        while not control.exists():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.01)
        daemon.terminate()
        told = (await daemon.stdout.read()).decode().splitlines()
    assert await daemon.wait() == 0
    assert told[-1] == "the lock is held"

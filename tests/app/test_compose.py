from __future__ import annotations

import time
from fcntl import LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from threading import Timer

import pytest

from retrowalk.app.compose import GIVEN_WAY_S, AlreadyRunning, FolderUnusable, only_one, serve
from retrowalk.config import Config, DaemonTable


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

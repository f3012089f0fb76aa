"""The demo does not claim what it did not see. The demo itself, two minutes of it, is `make demo`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from integration.scene import retrowalk
from retrowalk.cli.demo import _audience as audience_of
from retrowalk.cli.demo import _sessions as sessions
from retrowalk.cli.demo import _while_both_live as while_both_live
from retrowalk.cli.demo_stage import StageError, stage

FAILED, USAGE, INTERRUPTED = 1, 2, 130


async def test_a_demo_that_lacks_a_program_names_its_package(tmp_path: Path) -> None:
    """Exit status 2, and the command that installs it; nothing was started."""
    ended = await retrowalk("demo", environment={**os.environ, "PATH": str(tmp_path)})
    assert ended.status == USAGE
    assert "dbus-daemon: apt-get install " in ended.err
    assert not ended.out


async def test_a_demo_on_a_treadmill_that_misbehaves_fails(tmp_path: Path) -> None:
    """A belt that takes km/h for mph trips the clean session: exit status 1, what was expected, and the logs."""
    ended = await retrowalk("demo", "--profile", "mph", "--keep", tmp_path)
    assert ended.status == FAILED
    assert "demo: FAILED: the clean session ended as tripped" in ended.err
    assert "the belt started faster than board speed" in ended.out
    assert "first_speed" in (tmp_path / "daemon.log").read_text()
    assert "demo: ok" not in ended.out


async def test_a_demo_on_no_treadmill_says_which_there_are() -> None:
    """Exit status 2, at once, with the simulator's own words and nothing else."""
    ended = await retrowalk("demo", "--profile", "carousel")
    assert ended.status == USAGE
    assert "'carousel' is no profile; choose from ideal" in ended.err
    assert "FAILED" not in ended.err
    assert not ended.out


@pytest.mark.parametrize("who", ["simulator", "daemon"])
async def test_a_demo_whose_simulator_or_daemon_dies_says_so_at_once(tmp_path: Path, who: str) -> None:
    """It does not wait out its patience for what can no longer happen."""
    announced: list[str] = []
    processes: list[asyncio.subprocess.Process] = []

    def kill_first(words: str) -> None:
        announced.append(words)
        processes[0].kill()

    async with stage(tmp_path) as set_:
        processes.append(set_.simulator.process if who == "simulator" else set_.daemon)
        async with audience_of(set_.settings, lambda _: None) as audience, asyncio.timeout(10):
            with pytest.raises(StageError, match=f"the {who} has died, with status -9"):
                await while_both_live(set_, sessions(audience, set_, kill_first))
    assert len(announced) == 1


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGHUP])
async def test_a_demo_that_is_interrupted_ends_the_daemon_first(tmp_path: Path, by: signal.Signals) -> None:
    """Ctrl-C goes to all in the foreground, twice here: the belt is seen to stand, nobody is killed, in seconds."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "retrowalk", "demo", "--keep", str(tmp_path))
    demo = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, process_group=0)
    assert demo.stdout
    async with asyncio.timeout(60):
        while b"| step_on |" not in await demo.stdout.readline():
            pass
    os.killpg(demo.pid, by)
    await asyncio.sleep(0.1)  # as an impatient hand does
    os.killpg(demo.pid, by)
    async with asyncio.timeout(15):
        _, err = await demo.communicate()
    assert demo.returncode == INTERRUPTED
    assert err.decode() == "demo: interrupted; daemon, simulator and broker have ended, in this order\n"
    assert '"event": "stop_verified"' in (tmp_path / "daemon.log").read_text()

"""`retrowalk commission` as a process of its own, over real bleak and D-Bus."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.scene import READING_S, STOP, Scene
from retrowalk.cli.demo_stage import Simulator, start_simulator

CONFIG = """\
[daemon]
runtime_dir = "run"
state_dir = "state"
[treadmill]
address = "{address}"
[heart_rate]
enabled = false
[walker]
heart_rate = "none"
"""


@dataclass
class Terminal:
    """Somebody at a keyboard."""

    process: asyncio.subprocess.Process
    read: str = ""

    async def sees(self, words: str, patience_s: float = 30) -> None:
        """Read until `words` are there."""
        assert self.process.stdout
        async with asyncio.timeout(patience_s):
            while words not in self.read:
                line = await self.process.stdout.readline()
                assert line, f"it ended without {words!r}: {self.read}"
                self.read += line.decode()

    async def types(self, text: str) -> None:
        """Read, and type a line."""
        await asyncio.sleep(READING_S)
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n".encode())

    async def leaves(self, way_out: str) -> None:
        """Leave by a signal, by the end of the input, or by a word."""
        assert self.process.stdin
        if way_out == "Ctrl-C":
            self.process.send_signal(signal.SIGINT)
        elif way_out == "hang up":
            self.process.stdin.close()
        else:
            await self.types(way_out)

    async def ends(self) -> int:
        """Wait for the exit status."""
        assert self.process.stdout
        async with asyncio.timeout(90):  # the keyboard stays there: its end would be a way out of its own
            self.read += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def terminal(config: Path, bus: str) -> AsyncIterator[Terminal]:
    """Run the command with a keyboard."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "retrowalk", "commission", "--yes", "--config", str(config))
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus},
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def beside_a_treadmill(folder: Path, profile: str = "ideal") -> AsyncIterator[tuple[Terminal, Simulator]]:
    """Run the command beside a simulated treadmill of its own."""
    async with start_simulator(folder, profile) as simulator:
        ready = await simulator.until("ready")
        config = folder / "treadmill.toml"
        config.write_text(CONFIG.format(address=ready["address"]))
        async with terminal(config, ready["bus"]) as keyboard:
            yield keyboard, simulator


@pytest.mark.parametrize("way_out", ["Ctrl-C", "Stop", "hang up"])
async def test_whoever_leaves_a_moving_belt_stops_it_first(tmp_path: Path, way_out: str) -> None:
    """By signal, by word, or because the input ends: Stop, standstill, only then the end; no marker, no record."""
    async with beside_a_treadmill(tmp_path) as (keyboard, simulator):
        await keyboard.sees("Is all that so?")
        await keyboard.types("yes")
        await keyboard.sees("ENTER starts it")
        await keyboard.types("")
        started = await simulator.until("belt_started")
        await keyboard.leaves(way_out)
        assert await keyboard.ends() == 1
        assert [event for event in simulator.of("written", after_s=started["at_s"]) if event["detail"] == STOP]
        assert simulator.of("belt_standing", after_s=started["at_s"])
    assert "Nothing was written" in keyboard.read
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


async def test_a_belt_that_does_not_stop_is_left_to_the_failsafe(tmp_path: Path) -> None:
    """Killed in its alarm: the marker is there, with the address, for `retrowalk stop` and for the daemon."""
    async with beside_a_treadmill(tmp_path, "ignores-stop") as (keyboard, _):
        await keyboard.sees("Is all that so?")
        await keyboard.types("yes")
        await keyboard.sees("ENTER starts it")
        await keyboard.types("")
        await keyboard.sees("the belt is not seen to slow down: feet on the side boards, hold on, pull the cord")
        keyboard.process.kill()
        await keyboard.process.wait()
    assert (tmp_path / "state" / "session-marker").exists()


async def test_it_leaves_a_running_daemon_its_treadmill(idle: Scene) -> None:
    """Exit 2, and nothing is written to the treadmill."""
    async with terminal(idle.config, idle.stage.environment["DBUS_SYSTEM_BUS_ADDRESS"]) as keyboard:
        assert await keyboard.ends() == 2
    assert "another daemon holds" in keyboard.read
    assert idle.writes == []


@pytest.mark.nightly
async def test_a_whole_commissioning(tmp_path: Path) -> None:
    """Two minutes in real time: it passes, and the record is there."""
    async with beside_a_treadmill(tmp_path) as (keyboard, _):
        await keyboard.sees("Is all that so?")
        await keyboard.types("yes")
        for start in range(3):
            keyboard.read = ""
            await keyboard.sees("ENTER starts it", patience_s=120)
            await keyboard.types("")
            if start == 0:
                await keyboard.sees("does the belt stand")
                await keyboard.types("yes")
        assert await keyboard.ends() == 0
    (record,) = (tmp_path / "state" / "machines").glob("*.toml")
    assert "passed = true" in record.read_text()

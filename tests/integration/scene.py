"""Broker, simulated treadmill, daemon and home automation, each a process of its own, and the steps of a session."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.home import PATIENCE_S, Home, home_at
from retrowalk.cli.demo_stage import NODE, Simulator, Stage, stage

STOP = "0801"
START = "07"
READING_S = 1.2  # a prompt can be answered once it has been readable for a second


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit status and what it printed."""

    status: int
    out: str
    err: str


async def retrowalk(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command of the command line to its end."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "retrowalk", *map(str, arguments))
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environment or os.environ)
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@dataclass
class Scene:
    """Everybody is up, the daemon is online and idle."""

    stage: Stage
    home: Home

    @property
    def simulator(self) -> Simulator:
        """The independent witness, and a hand to play with it."""
        return self.stage.simulator

    @property
    def config(self) -> Path:
        """The daemon's configuration."""
        return self.stage.folder / "retrowalk.toml"

    @property
    def marker(self) -> Path:
        """The session marker, where there is one."""
        return self.stage.folder / "state" / "session-marker"

    @property
    def control_socket(self) -> Path:
        """The socket of `retrowalk ctl`."""
        return self.stage.folder / "run" / "control.sock"

    @property
    def now_s(self) -> float:
        """Now, on the clock of the witness: the machine's monotonic one."""
        return time.monotonic()

    @property
    def writes(self) -> list[str]:
        """Everything that was written to the treadmill so far, in order."""
        return [event["detail"] for event in self.simulator.of("written")]

    async def state_on_socket(self, **wanted: object) -> None:
        """Wait for a state with these fields, as the local socket tells it: for when the broker cannot."""
        reader, writer = await asyncio.open_unix_connection(self.control_socket)
        writer.write(b'{"cmd": "watch"}\n')
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted.items() <= json.loads(await reader.readline())["state"].items():
                    pass
        finally:
            writer.close()

    async def ctl(self, *arguments: str) -> Ended:
        """Run `retrowalk ctl`."""
        return await retrowalk("ctl", *arguments, "--config", self.config, environment=self.stage.environment)

    async def clip_on(self) -> None:
        """Put the strap on: its line is seen to open and to close, which also shows that somebody is there."""
        for order, closed in (("pull_strap", False), ("clip_strap", True)):
            self.simulator.do(order)
            await self.state_on_socket(strap_closed=closed)

    async def arm(self) -> None:
        """Choose the demo program, put the strap on, arm."""
        await self.home.taken("select_program", "demo")
        await self.clip_on()
        await self.home.taken("arm")

    async def board(self) -> str:
        """Arm, wait until the walker is asked onto the side boards, read; return the prompt's id."""
        since = len(self.home.events)
        await self.arm()
        prompt = await self.home.event("prompt", since, kind="board")
        await asyncio.sleep(READING_S)
        return str(prompt["prompt"])

    async def start(self) -> None:
        """Board and press: the belt is told to start."""
        await self.board()
        since = len(self.home.events)
        await self.home.press()
        await self.home.phase("starting", since)

    async def run(self) -> None:
        """Start, and wait until the belt runs at board speed."""
        since = len(self.home.events)
        await self.start()
        await self.home.phase("step_on", since)

    async def walk(self) -> None:
        """Run, and wait until the walker walks."""
        since = len(self.home.events)
        await self.run()
        self.simulator.do("walker", step="step_on")
        await self.home.phase("walk", since)

    async def stop_written(self, since_s: float) -> float:
        """Wait for a Stop on the wire later than `since_s`; return when it came."""
        return float((await self.simulator.until("written", after_s=since_s, fits=STOP.__eq__))["at_s"])

    async def stands(self, since_s: float) -> float:
        """Wait until the belt stands, later than `since_s`; return since when."""
        return float((await self.simulator.until("belt_standing", after_s=since_s))["at_s"])

    async def unmarked(self) -> None:
        """Wait until the session marker is gone: the disk has its own thread, and tells nobody."""
        async with asyncio.timeout(PATIENCE_S):
            while self.marker.exists():  # noqa: ASYNC110 (a file has no event)
                await asyncio.sleep(0.05)

    async def reset(self) -> None:
        """Reset a latched stop over the local socket, and wait until the daemon is idle."""
        since = len(self.home.events)
        ended = await self.ctl("reset")
        assert ended.status == 0, ended.err
        await self.home.phase("idle", since)


@asynccontextmanager
async def scene(
    folder: Path, profile: str = "ideal", *, port: int | None = None, mqtt: str = "", session: str = ""
) -> AsyncIterator[Scene]:
    """Set the stage, listen, and wait until the daemon is online; at the end it must not have raised anything."""
    async with (
        stage(folder, profile, port=port, mqtt=mqtt, session=session) as set_,
        home_at(set_.settings.port, f"retrowalk/{NODE}") as home,
    ):
        await home.status("online")
        yield Scene(set_, home)
    assert "Traceback" not in set_.log.read_text(), set_.log.read_text()

"""A treadmill, a daemon under systemd's rules, and a walker who brings a session to a phase. No broker."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from outages.unit import Service, Unit
from retrowalk.cli.demo_stage import Simulator

NODE: Final = "outage"
PROFILE: Final = "ideal"
STOP: Final = "0801"
START: Final = "07"
READING_S: Final = 1.1  # a prompt can be answered once it has been readable for a second
PATIENCE_S: Final = 40.0
_LOOK_S: Final = 0.1
_TESTS: Final = Path(__file__).parents[1]

_CONFIG: Final = """\
[daemon]
name = "{node}"
runtime_dir = "run"
state_dir = "state"
[treadmill]
address = "{address}"
[heart_rate]
enabled = false
[strap]
tier = "simulated"
socket = "strap.sock"
[walker]
level = 0
heart_rate = "none"
[mqtt]
enabled = false
[session]
handrails = true
remote_start = true
[log]
format = "json"
"""


class StuckError(Exception):
    """A session did not come to where an outage was to happen. The message says what it waited for."""


@dataclass
class Room:
    """One treadmill and, run after run, its daemon."""

    folder: Path
    simulator: Simulator
    environment: dict[str, str]
    unit: Unit
    service: Service

    @property
    def marked(self) -> bool:
        """Whether there is a session marker."""
        return (self.folder / "state" / "session-marker").exists()

    async def ask(self, cmd: str, **more: object) -> dict[str, Any]:
        """Say one line over the local socket, and return the answer."""
        reader, writer = await self._connected()
        try:
            writer.write(json.dumps({"cmd": cmd, **more}).encode() + b"\n")
            async with asyncio.timeout(PATIENCE_S):
                answer: dict[str, Any] = json.loads(await reader.readline())
        finally:
            writer.close()
        return answer

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the daemon, which is ready a moment before its socket is."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(FileNotFoundError, ConnectionRefusedError):
                    return await asyncio.open_unix_connection(self.folder / "run" / "control.sock", limit=1 << 20)
                await asyncio.sleep(_LOOK_S)

    async def told(self, cmd: str, **more: object) -> None:
        """Say something that must be taken."""
        answer = await self.ask(cmd, **more)
        if not answer["ok"]:
            raise StuckError(f"{cmd} was refused: {answer['reason']}")

    async def until(self, *phases: str) -> dict[str, Any]:
        """Return the state once the session is at one of `phases`."""
        state: dict[str, Any] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while (state := (await self.ask("state"))["state"])["phase"] not in phases:  # noqa: ASYNC110 - asked anyway
                    await asyncio.sleep(_LOOK_S)
                return state
        raise StuckError(f"not at {' or '.join(phases)} but at {state.get('phase')}: {state.get('faults')}")

    async def come_to(self, phase: str) -> None:
        """Bring an idle daemon's session to `phase`."""
        self.simulator.do("pull_strap")
        await asyncio.sleep(0.3)
        self.simulator.do("clip_strap")
        await self.told("select_program", value="demo")
        await self.told("arm")
        prompt = (await self.until("board"))["prompt_id"]
        if phase == "board":
            return
        while prompt is None:
            prompt = (await self.until("board"))["prompt_id"]
        await asyncio.sleep(READING_S)
        await self.told("confirm", prompt=prompt)
        await self.until("starting", "step_on")
        if phase == "starting":
            return
        await self.until("step_on")
        if phase == "walk":
            await self.until("walk")
        if phase in ("slowing", "paused"):
            await self.told("pause")
            await self.until("slowing" if phase == "slowing" else "paused")

    async def come_back(self) -> None:
        """Start the next daemon if there is none, and have a person reset what is latched."""
        if not self.service.alive:
            await self.service.over()
            self.service = await Service.start(self.unit, self.folder / "retrowalk.toml", self.environment)
        state = await self.until("idle", "tripped", "board", "paused")
        if state["phase"] == "tripped":
            await self.told("reset")
        elif state["phase"] != "idle":
            await self.told("disarm")
        await self.until("idle")

    def writes(self, after_s: float) -> list[tuple[float, str]]:
        """Return what was written to the treadmill since."""
        return [(event["at_s"], event["detail"]) for event in self.simulator.of("written", after_s=after_s)]

    @property
    def stopped(self) -> bool:
        """Whether the newest START or Stop was a Stop."""
        return next((frame == STOP for _, frame in reversed(self.writes(0.0)) if frame in (START, STOP)), False)

    @property
    def stands_since_s(self) -> float | None:
        """Since when the belt stands, as the machine's witness saw it; 0 = all the time; None = it moves."""
        events = [event for event in self.simulator.events if event["what"] in ("belt_started", "belt_standing")]
        if not events:
            return 0.0
        return float(events[-1]["at_s"]) if events[-1]["what"] == "belt_standing" else None


@asynccontextmanager
async def room(folder: Path, unit: Unit | None = None) -> AsyncIterator[Room]:
    """Furnish a room in an empty folder; `unit` None = the shipped one."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything is measured
    unit = unit or Unit.read(NODE)
    async with _machine(folder) as simulator:
        ready = await simulator.until("ready")
        config = folder / "retrowalk.toml"
        config.write_text(_CONFIG.format(node=NODE, address=ready["address"]))
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": ready["bus"]}
        furnished = Room(folder, simulator, environment, unit, await Service.start(unit, config, environment))
        try:
            yield furnished
        finally:
            await furnished.service.close()


@asynccontextmanager
async def _machine(folder: Path) -> AsyncIterator[Simulator]:
    with (folder / "simulator.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "outages.machine", PROFILE, "strap.sock"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(_TESTS)},
        )
    simulator = Simulator(process)
    listening = asyncio.create_task(simulator.listen())
    try:
        yield simulator
    finally:
        simulator.do("quit")
        await process.wait()
        await listening


def now_s() -> float:
    """Now, on the clock of the witness."""
    return time.monotonic()

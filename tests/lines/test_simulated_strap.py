from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from retrowalk.lines.simulated_strap import SimulatedStrap
from retrowalk.model.observations import Observation, StrapLine
from retrowalk_sim.strap_line import HEARTBEAT_S, SafetyStrap, serve_strap

OPEN, CLOSED = StrapLine(closed=False), StrapLine(closed=True)


class Desk:
    """Hears what the line observes."""

    def __init__(self) -> None:
        self.heard: list[Observation] = []
        self._news = asyncio.Event()

    def observe(self, event: Observation) -> None:
        """Take one."""
        self.heard.append(event)
        self._news.set()

    async def until(self, *levels: StrapLine) -> None:
        """Wait until that much is heard; these must be the first."""
        async with asyncio.timeout(5):
            while len(self.heard) < len(levels):
                self._news.clear()
                await self._news.wait()
        assert self.heard[: len(levels)] == [*levels]


@asynccontextmanager
async def following(path: Path) -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(SimulatedStrap(path, desk.observe).run())
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strap"


async def test_a_level_is_observed_when_it_changes_and_not_with_each_heartbeat(path: Path) -> None:
    """A strap that stays as it is makes no work."""
    strap = SafetyStrap()
    async with serve_strap(strap, path), following(path) as desk:
        await desk.until(CLOSED)
        reader, writer = await asyncio.open_unix_connection(path)  # hears the same heartbeats
        for _ in range(3):
            await asyncio.wait_for(reader.readline(), 3 * HEARTBEAT_S)
        writer.close()
        strap.pull()
        await desk.until(CLOSED, OPEN)
        strap.clip()
        await desk.until(CLOSED, OPEN, CLOSED)


async def test_a_line_that_ends_is_open_and_is_closed_again_when_it_is_back(path: Path) -> None:
    """No socket is an open strap; a new one tells its level anew."""
    async with following(path) as desk:
        await desk.until(OPEN)
        async with serve_strap(SafetyStrap(), path):
            await desk.until(OPEN, CLOSED)
        await desk.until(OPEN, CLOSED, OPEN)
        async with serve_strap(SafetyStrap(), path):
            await desk.until(OPEN, CLOSED, OPEN, CLOSED)


@asynccontextmanager
async def saying(path: Path, words: bytes) -> AsyncIterator[None]:
    """Serve a line that says this to whoever comes, and then nothing."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(say, path):
        yield


@pytest.mark.parametrize("last", [b"perhaps\n", b"x" * 100_000, b"\xff\xfe\n", b"\n"])
async def test_a_line_that_talks_nonsense_is_open_at_once(path: Path, last: bytes) -> None:
    """Whatever is not `closed` is open."""
    async with saying(path, b"closed\n" + last), following(path) as desk:
        await desk.until(CLOSED, OPEN)


async def test_a_line_that_falls_silent_is_open_after_a_second(path: Path) -> None:
    """A wire that says nothing is a broken wire."""
    async with saying(path, b"closed\n"), following(path) as desk:
        await desk.until(CLOSED)
        begun_s = asyncio.get_running_loop().time()
        await desk.until(CLOSED, OPEN)
        assert asyncio.get_running_loop().time() - begun_s > 0.9

"""The simulator as another process sees it: real pipes, a real bus of its own, a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from retrowalk_sim.cli import app

PATIENCE_S = 15
MAIN = "from retrowalk_sim.cli import main; main()"


class Simulator:
    """A running `retrowalk-sim … --json`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout

    def order(self, **order: Any) -> None:
        """Send one order."""
        self._stdin.write(json.dumps(order).encode() + b"\n")

    async def until(self, what: str) -> dict[str, Any]:
        """Return the next event of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event: dict[str, Any] = json.loads(await self._stdout.readline())
                if event["what"] == what:
                    return event


@asynccontextmanager
async def simulator(*arguments: str) -> AsyncIterator[Simulator]:
    """Run the command line in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        MAIN,
        *arguments,
        "--json",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Simulator(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_treadmill_takes_orders_and_tells_what_happened(tmp_path: Path) -> None:
    """Ready with its addresses, then each order is witnessed in comparable time; quit ends it with status 0."""
    socket = tmp_path / "strap"
    async with simulator("treadmill", "--profile", "min-1.0", "--heart-rate", "--strap-socket", str(socket)) as sim:
        ready = await sim.until("ready")
        assert ready["address"] == "02:57:41:4C:4B:02"
        assert ready["bus"].startswith("unix:")
        reader, writer = await asyncio.open_unix_connection(socket)
        assert await reader.readline() == b"closed\n"
        ordered_s = time.monotonic()
        sim.order(do="pull_strap")
        assert ordered_s <= (await sim.until("strap_pulled"))["at_s"] <= time.monotonic()
        while await reader.readline() != b"open\n":
            pass
        writer.close()
        sim.order(do="move_by_hand", kmh=2.0)
        await sim.until("belt_started")
        sim.order(do="dance")
        assert "cannot be done" in (await sim.until("misunderstood"))["detail"]
        sim.order(do="quit")
        assert await asyncio.wait_for(sim.process.wait(), PATIENCE_S) == 0
    assert not socket.exists()


@pytest.mark.parametrize("end", [lambda p: p.send_signal(signal.SIGTERM), lambda p: p.stdin.close()])
async def test_a_strap_line_alone_ends_with_its_input_or_a_signal(
    tmp_path: Path, end: Callable[[asyncio.subprocess.Process], None]
) -> None:
    """It cleans its socket up."""
    socket = tmp_path / "strap"
    async with simulator("strap", "--strap-socket", str(socket)) as sim:
        assert (await sim.until("ready"))["socket"] == str(socket)
        end(sim.process)
        assert await asyncio.wait_for(sim.process.wait(), PATIENCE_S) == 0
    assert not socket.exists()


async def test_keys_on_a_terminal_play_with_the_strap(tmp_path: Path) -> None:
    """Keys that come at once are all obeyed, one by one; q ends with status 0."""
    socket, loop = tmp_path / "strap", asyncio.get_running_loop()
    keyboard, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, "strap", "--strap-socket", str(socket), stdin=terminal, stdout=terminal
    )
    drawn = asyncio.Event()

    def look() -> None:
        os.read(keyboard, 65536)
        drawn.set()

    loop.add_reader(keyboard, look)
    try:
        await asyncio.wait_for(drawn.wait(), PATIENCE_S)
        reader, writer = await asyncio.open_unix_connection(socket)
        assert await reader.readline() == b"closed\n"
        os.write(keyboard, b"sxss")
        heard = [await asyncio.wait_for(reader.readline(), PATIENCE_S) for _ in range(8)]
        edges = [line for before, line in pairwise([b"closed\n", *heard]) if line != before]
        assert edges == [b"open\n", b"closed\n", b"open\n"]
        os.write(keyboard, b"q")
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
        writer.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        loop.remove_reader(keyboard)
        os.close(keyboard)
        os.close(terminal)


def test_the_list_names_every_profile() -> None:
    """And whether it behaves."""
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0
    assert "citysports" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--profile", "nope"], "choose from"), (["--link", "string"], "choose bluez")],
)
def test_a_wrong_word_is_refused_with_the_right_ones(arguments: list[str], words: str) -> None:
    """Exit status 2."""
    result = CliRunner().invoke(app, ["treadmill", *arguments])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())

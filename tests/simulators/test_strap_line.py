from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retrowalk_sim.strap_line import HEARTBEAT_S, SafetyStrap, serve_strap


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[tuple[SafetyStrap, Path]]:
    """A closed strap, served on a socket."""
    strap, path = SafetyStrap(), tmp_path / "strap"
    async with serve_strap(strap, path):
        yield strap, path


async def next_line(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readline(), 2)


async def test_every_client_hears_the_state_at_once_and_again(line: tuple[SafetyStrap, Path]) -> None:
    """The state on connecting, then the heartbeat."""
    strap, path = line
    strap.pull()
    reader, writer = await asyncio.open_unix_connection(path)
    assert await next_line(reader) == b"open\n"
    began_s = asyncio.get_running_loop().time()
    assert await next_line(reader) == b"open\n"
    assert asyncio.get_running_loop().time() - began_s > HEARTBEAT_S / 2
    writer.close()


async def test_every_change_is_told_to_every_client_in_order(line: tuple[SafetyStrap, Path]) -> None:
    """A pull and a clip at the same moment are two edges; clipping twice is one."""
    strap, path = line
    connections = [await asyncio.open_unix_connection(path) for _ in range(2)]
    for reader, _ in connections:
        assert await next_line(reader) == b"closed\n"
    strap.pull()
    strap.clip()
    strap.clip()
    strap.pull()
    for reader, writer in connections:
        assert [await next_line(reader) for _ in range(3)] == [b"open\n", b"closed\n", b"open\n"]
        writer.close()


async def test_the_end_of_the_line_is_the_end_of_the_connection(tmp_path: Path) -> None:
    """A reader sees the end; the socket is gone; a client that left before did no harm."""
    path = tmp_path / "strap"
    async with serve_strap(SafetyStrap(), path):
        reader, writer = await asyncio.open_unix_connection(path)
        _, leaver = await asyncio.open_unix_connection(path)
        leaver.close()
        assert await next_line(reader) == b"closed\n"
    assert await reader.read() == b""
    assert not path.exists()
    writer.close()

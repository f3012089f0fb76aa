"""One client of the socket: its lines come in, its answers go out, and both are bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog

from retrowalk.messages import is_stop

MOST_UNANSWERED: Final = 8
READS_WITHIN_S: Final = 2.0
IDLE_S: Final = 10.0
WATCH_EVERY_S: Final = 0.5

log = structlog.get_logger(__name__)

type Answer = dict[str, Any]


class Desk(Protocol):
    """Who answers the lines."""

    def state(self) -> Answer:
        """Return the newest state."""

    def explain(self) -> Answer:
        """Return every permissive as it stands."""

    def stop(self) -> None:
        """Submit a Stop; nobody waits for its answer."""

    def command(self, line: bytes) -> Awaitable[Answer]:
        """Submit a command at once; what is returned waits for its answer."""

    def refuse(self, cmd: str, reason: str) -> Answer:
        """Return a refusal."""


class Client:
    """One connection. A Stop is always read and submitted, whatever its sender has not read or not been answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, desk: Desk) -> None:
        self._reader = reader
        self._writer = writer
        self._desk = desk
        self._answers: set[asyncio.Task[None]] = set()
        self._watching = False
        self._heard_at = asyncio.get_running_loop().time()
        writer.transport.set_write_buffer_limits(0)  # drained = the kernel has it all

    @property
    def claim(self) -> tuple[bool, float]:
        """How good its claim to its place is: first whether it waits for an answer, then when it last said anything."""
        return bool(self._answers), self._heard_at

    async def serve(self) -> None:
        """Serve until the client goes, is idle for too long, or does not read."""
        try:
            # A line beyond the limit raises ValueError: that client is not one of ours.
            with suppress(ConnectionError, ValueError):
                while line := await self._next_line():
                    self._heard_at = asyncio.get_running_loop().time()
                    self._take(line)
                    await asyncio.sleep(0)  # a flood of lines gets its turn like everybody, and no more
            if self._answers and not self._writer.is_closing():
                await asyncio.wait(self._answers)  # it has only closed its writing end
        finally:
            for answer in self._answers:
                answer.cancel()
            self._writer.transport.abort()

    async def _next_line(self) -> bytes:
        """Return the next line; empty when there will be none."""
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    return await self._reader.readline()
            except TimeoutError:
                if not self._answers:
                    return b""

    def _take(self, line: bytes) -> None:
        stop = is_stop(line)
        if self._writer.is_closing() and not stop:  # of a client that was hung up on, only a Stop still counts
            return
        word = None if stop else _word(line)
        if not stop and len(self._answers) >= MOST_UNANSWERED:
            self._refuse(word, f"busy: {MOST_UNANSWERED} lines are unanswered; read their answers first")
        elif word == "watch" and self._watching:
            self._refuse(word, "this connection watches already")
        elif word == "watch":
            self._watching = True
            self._begin(self._watch())
        elif word == "state":
            self._begin(self._write(self._desk.state()))
        elif word == "explain":
            self._begin(self._write(self._desk.explain()))
        elif len(self._answers) < 2 * MOST_UNANSWERED:
            self._begin(self._tell(self._desk.command(line)))  # submitted in this call; only its answer waits
        else:
            self._desk.stop()

    def _begin(self, answer: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(answer, name="control answer")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _refuse(self, word: str | None, reason: str) -> None:
        if not self._writer.transport.get_write_buffer_size():  # who does not read is not told either
            self._begin_writing(self._desk.refuse(word or "", reason))

    async def _watch(self) -> None:
        while not self._writer.is_closing():
            await self._write(self._desk.state())
            await asyncio.sleep(WATCH_EVERY_S)

    async def _tell(self, answer: Awaitable[Answer]) -> None:
        await self._write(await answer)

    async def _write(self, answer: Answer) -> None:
        """Write one line. Whoever does not read it for 2 s is hung up on."""
        self._begin_writing(answer)
        try:
            async with asyncio.timeout(READS_WITHIN_S):
                await self._writer.drain()
        except TimeoutError:
            log.warning("control_client_dropped", why="it does not read", after_s=READS_WITHIN_S)
            self._writer.transport.abort()
        except ConnectionError:
            self._writer.transport.abort()

    def _begin_writing(self, answer: Answer) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(answer).encode() + b"\n")


def _word(line: bytes) -> str | None:
    """Return the `cmd` of a line, if it has one."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    cmd = message.get("cmd") if isinstance(message, dict) else None
    return cmd if isinstance(cmd, str) else None

"""The local socket: the same commands as over MQTT, one JSON object a line, and they work with a dead broker.

Who may open the socket may command: its mode is 0660. There is no freshness check, for nothing is queued or replayed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import structlog

from retrowalk.messages import (
    LONGEST_COMMAND_BYTES,
    RefusedMessage,
    Stamp,
    parse_command,
    response_message,
    state_message,
    to_request,
)
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Reply, Report, State
from retrowalk.model.requests import Origin, Request, Verb

MODE: Final = 0o660
MOST_CLIENTS: Final = 16
REPLY_WITHIN_S: Final = 2.0
ARMED_WITHIN_S: Final = 50.0  # arming waits for the machine, and gives up by itself after 45 s
HANGS_UP_LATER_S: Final = 3.0
WATCH_EVERY_S: Final = 0.5

log = structlog.get_logger(__name__)


class ControlServer:
    """Serves the socket. `snapshot` returns the newest state, None before there is one."""

    def __init__(
        self,
        path: Path,
        *,
        submit: Callable[[Request], None],
        snapshot: Callable[[], State | None],
        find_plan: Callable[[str], Plan],
        simulated: bool = False,
        wall_clock: Callable[[], float] = time.time,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._path = path
        self._submit = submit
        self._snapshot = snapshot
        self._find_plan = find_plan
        self._simulated = simulated
        self._wall_clock = wall_clock
        self._clock_ns = clock_ns
        self._numbers = count(1)
        self._awaited: dict[str, asyncio.Future[Reply]] = {}
        self._clients: set[asyncio.Task[None]] = set()

    def publish(self, report: Report) -> None:
        """Hand a reply to the client that waits for it. Never blocks."""
        if isinstance(report, Reply) and report.origin is Origin.SOCKET:
            awaited = self._awaited.get(report.request_id)
            if awaited is not None and not awaited.done():
                awaited.set_result(report)

    async def run(self) -> None:
        """Serve until cancelled, then remove the socket. Raises OSError when it cannot be made."""
        server = await asyncio.start_unix_server(self._welcome, sock=_listen(self._path), limit=LONGEST_COMMAND_BYTES)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            await self._dismiss()  # first: a server does not count as closed while a client hangs on
            await server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _dismiss(self) -> None:
        clients = list(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            log.warning("control_refused", clients=len(self._clients))
            writer.close()
            return
        client = asyncio.create_task(self._serve(reader, writer), name="control client")
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.TaskGroup() as answers:  # a Stop waits for no answer to what came before it
                # A line beyond the limit raises ValueError: that client is not one of ours.
                with suppress(ConnectionError, ValueError):
                    while line := await reader.readline():
                        answers.create_task(self._handle(line, writer), name="control answer")
        finally:
            writer.close()

    async def _handle(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            match _word(line):
                case "watch":
                    while not writer.is_closing():
                        await _write(writer, self._state())
                        await asyncio.sleep(WATCH_EVERY_S)
                case "state":
                    await _write(writer, self._state())
                case _:
                    await _write(writer, await self._command(line))

    def _state(self) -> dict[str, Any]:
        state = self._snapshot()
        if state is None:
            return {"state": None}
        return {"state": state_message(state, stamp=self._stamp(), token=None, simulated=self._simulated)}

    async def _command(self, line: bytes) -> dict[str, Any]:
        try:
            message = parse_command(line)
            request = to_request(message, Origin.SOCKET, self._find_plan)
        except RefusedMessage as refusal:
            return self._response("", "", ok=False, reason=refusal.reason)
        # The engine sees a number of ours: two clients may choose the same id.
        reply = await self._ask(replace(request, id=f"socket-{next(self._numbers)}"))
        if reply is None:
            words = f"the engine did not answer within {_patience_s(request.verb):g} s"
            return self._response(message.id or "", message.cmd, ok=False, reason=words)
        return self._response(message.id or "", message.cmd, ok=reply.ok, reason=reply.reason)

    async def _ask(self, request: Request) -> Reply | None:
        awaited = self._awaited[request.id] = asyncio.get_running_loop().create_future()
        try:
            self._submit(request)
            return await asyncio.wait_for(awaited, _patience_s(request.verb))
        except TimeoutError:
            return None
        finally:
            del self._awaited[request.id]

    def _response(self, request_id: str, cmd: str, *, ok: bool, reason: str) -> dict[str, Any]:
        return response_message(request_id, cmd, ok=ok, reason=reason, stamp=self._stamp())

    def _stamp(self) -> Stamp:
        return Stamp(self._wall_clock(), self._clock_ns())


def ask(path: Path, message: dict[str, Any]) -> dict[str, Any]:
    """Send one message to the daemon at `path` and return its answer. Raises OSError when there is none."""
    return next(talk(path, message, _patience_s(message.get("cmd")) + HANGS_UP_LATER_S))


def talk(path: Path, message: dict[str, Any], timeout_s: float = 5.0) -> Iterator[dict[str, Any]]:
    """Send one message and yield every line that comes back. Raises OSError when the daemon goes, or is not there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        client.connect(str(path))
        client.sendall(json.dumps(message).encode() + b"\n")
        with client.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)
    raise ConnectionResetError(f"the daemon at {path} hung up")


def _listen(path: Path) -> socket.socket:
    """Bind `path`, replacing what a dead daemon left. Raises FileExistsError when another daemon serves it."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        os.fchmod(listener.fileno(), MODE)  # Linux gives the file the socket's mode: never wider, not for an instant
        listener.bind(str(path))
        path.chmod(MODE)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise FileExistsError(f"another daemon serves {path}")


def _patience_s(cmd: object) -> float:
    return ARMED_WITHIN_S if cmd == Verb.ARM else REPLY_WITHIN_S


def _word(line: bytes) -> str | None:
    """Return the `cmd` of a line, if it has one."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message.get("cmd") if isinstance(message, dict) else None


async def _write(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()

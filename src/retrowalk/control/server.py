"""The daemon's end of the socket: who has a place, and what the engine answers to whom."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import structlog

from retrowalk.control.client import Client
from retrowalk.control.listening import SocketUnusable, listen
from retrowalk.control.patience import patience_s
from retrowalk.messages import (
    CommandMessage,
    RefusedMessage,
    Stamp,
    explain_message,
    parse_command,
    response_message,
    state_message,
    to_request,
)
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Permissive, Reply, Report, Rung, State, StopStep
from retrowalk.model.requests import Origin, Request, Verb

MOST_CLIENTS: Final = 32
ACCEPTED_AT_ONCE: Final = 8  # fewer than there are places: a newcomer is read before it can be the longest idle one
LONGEST_LINE_BYTES: Final = 16 * 1024  # a command has 1 KiB, a Stop is taken with whatever else is in it
RETRY_S: Final = 2.0

log = structlog.get_logger(__name__)


class ControlServer:
    """Serves the socket. `snapshot` returns the newest state, None before there is one; `permissives` every rule."""

    def __init__(
        self,
        path: Path,
        *,
        submit: Callable[[Request], None],
        snapshot: Callable[[], State | None],
        find_plan: Callable[[str], Plan],
        permissives: Callable[[], Sequence[Permissive]] = tuple,
        simulated: bool = False,
        wall_clock: Callable[[], float] = time.time,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._path = path
        self._submit = submit
        self._snapshot = snapshot
        self._find_plan = find_plan
        self._permissives = permissives
        self._simulated = simulated
        self._wall_clock = wall_clock
        self._clock_ns = clock_ns
        self._numbers = count(1)
        self._awaited: dict[str, asyncio.Future[Reply]] = {}
        self._clients: dict[Client, asyncio.Task[None]] = {}
        self._complaint = ""
        self._stops_verified = 0

    def publish(self, report: Report) -> None:
        """Hand a reply to the client that waits for it, and count the stops that were seen to work. Never blocks."""
        if isinstance(report, StopStep) and report.rung is Rung.VERIFIED:
            self._stops_verified += 1
        if isinstance(report, Reply) and report.origin is Origin.SOCKET:
            awaited = self._awaited.get(report.request_id)
            if awaited is not None and not awaited.done():
                awaited.set_result(report)

    async def run(self) -> None:
        """Serve until cancelled, then remove the socket. While it cannot be made, say so once and keep trying."""
        while True:
            try:
                listener = listen(self._path)
            except SocketUnusable as error:
                self._complain(str(error))
                await asyncio.sleep(RETRY_S)
            else:
                self._complaint = ""
                await self._serve(listener)

    def _complain(self, words: str) -> None:
        if words != self._complaint:
            log.error("control_socket_unusable", words=words, belt="not affected; MQTT and the button go on")
        self._complaint = words

    async def _serve(self, listener: socket.socket) -> None:
        try:
            server = await asyncio.start_unix_server(
                self._welcome, sock=listener, limit=LONGEST_LINE_BYTES, backlog=ACCEPTED_AT_ONCE
            )
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                server.close()
                await self._dismiss()  # first: a server does not count as closed while a client hangs on
                await server.wait_closed()
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)

    async def _dismiss(self) -> None:
        tasks = list(self._clients.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give a place to whoever comes: there may be a Stop in it. The longest idle one makes room."""
        if len(self._clients) >= MOST_CLIENTS:
            idlest = min(self._clients, key=lambda client: client.claim)
            log.warning("control_client_dropped", why="its place was needed", clients=len(self._clients))
            self._clients.pop(idlest).cancel()
        client = Client(reader, writer, self)
        task = self._clients[client] = asyncio.create_task(client.serve(), name="control client")
        task.add_done_callback(lambda _: self._clients.pop(client, None))

    # -- what a client asks ------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return the newest state, as over MQTT but for its token: nobody needs one here. And how many stops worked."""
        state, told = self._snapshot(), None
        if state is not None:
            told = state_message(state, stamp=self._stamp(), token=None, simulated=self._simulated)
        return {"state": told, "stops_verified": self._stops_verified}

    def explain(self) -> dict[str, Any]:
        """Return every permissive as it stands."""
        state = self._snapshot()
        if state is None:
            return {"explain": None}
        message = explain_message(state, self._permissives(), stamp=self._stamp(), simulated=self._simulated)
        return {"explain": message}

    def refuse(self, cmd: str, reason: str) -> dict[str, Any]:
        """Return a refusal."""
        return self._response("", cmd, ok=False, reason=reason)

    def stop(self) -> None:
        """Submit a Stop; nobody waits for its answer."""
        self._submit(Request(Verb.STOP, Origin.SOCKET))

    def command(self, line: bytes) -> Awaitable[dict[str, Any]]:
        """Submit a command at once; what is returned waits for its answer."""
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        try:
            message = parse_command(line)
            request = to_request(message, Origin.SOCKET, self._find_plan)
        except RefusedMessage as refusal:
            answered.set_result(self.refuse("", refusal.reason))
            return answered
        # The engine sees a number of ours: two clients may choose the same id.
        request = replace(request, id=f"socket-{next(self._numbers)}")
        awaited = self._awaited[request.id] = asyncio.get_running_loop().create_future()
        more = {"stops_verified": self._stops_verified} if request.verb is Verb.STOP else {}
        self._submit(request)
        return self._answer(message, request, awaited, more)

    async def _answer(
        self, message: CommandMessage, request: Request, awaited: asyncio.Future[Reply], more: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            reply = await asyncio.wait_for(awaited, patience_s(request.verb))
        except TimeoutError:
            words = f"the engine did not answer within {patience_s(request.verb):g} s"
            return self._response(message.id or "", message.cmd, ok=False, reason=words)
        finally:
            del self._awaited[request.id]
        return self._response(message.id or "", message.cmd, ok=reply.ok, reason=reply.reason) | more

    def _response(self, request_id: str, cmd: str, *, ok: bool, reason: str) -> dict[str, Any]:
        return response_message(request_id, cmd, ok=ok, reason=reason, stamp=self._stamp())

    def _stamp(self) -> Stamp:
        return Stamp(self._wall_clock(), self._clock_ns())

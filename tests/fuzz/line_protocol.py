"""The local socket as a target: a real server, a client that says anything, and one after it that must be served."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

from mqtt_lab import find_plan
from retrowalk.control import ControlServer
from retrowalk.model.reports import Reply
from retrowalk.model.requests import Request

_PATIENCE_S: Final = 5.0
_STATE: Final = b'{"cmd": "state"}\n'


def talk(data: bytes, folder: Path) -> None:
    """Say `data` to a fresh server, then ask for its state. Raises what it raised, and if it does not answer."""
    failures: list[dict[str, Any]] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: failures.append(context))
        runner.run(_talk(data, folder / "control.sock"))
    if failures:
        raise AssertionError(f"the server raised: {failures}") from failures[0].get("exception")


async def _talk(data: bytes, path: Path) -> None:
    def answer(request: Request) -> None:
        server.publish(Reply(request.id, request.verb, request.origin, ok=True, reason=""))

    server = ControlServer(path, submit=answer, snapshot=lambda: None, find_plan=find_plan)
    serving = asyncio.create_task(server.run())
    while not path.exists():  # noqa: ASYNC110, ASYNC240 - made in the task's first round, in memory
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            stranger = await _said(path, data)
            next_one = await _said(path, _STATE)
            if "state" not in json.loads(await next_one[0].readline()):
                raise AssertionError("the next client was not served")
            for _, writer in (stranger, next_one):
                writer.transport.abort()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def _said(path: Path, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    writer.write_eof()
    return reader, writer

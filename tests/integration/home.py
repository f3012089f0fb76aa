"""Home automation, as the broker's own command-line clients: one mosquitto_sub hears all, a mosquitto_pub a message."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 30.0
_HEARD = ("status", "link", "state", "event", "response")


@dataclass
class Home:
    """Everything that one daemon said over the broker on `port`, in order, and a voice to answer with."""

    port: int
    root: str
    statuses: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, lines: asyncio.StreamReader) -> None:
        """Keep what mosquitto_sub prints, until it ends."""
        async for line in lines:
            message = json.loads(line)
            topic, payload = message["topic"].rsplit("/", 1)[-1], message.get("payload", "")
            if topic in ("status", "link"):
                (self.statuses if topic == "status" else self.links).append(payload)
            else:
                {"state": self.states, "event": self.events, "response": self.responses}[topic].append(
                    json.loads(payload)
                )
            self._news.set()

    async def until[T](self, find: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
        """Return what `find` finds, once it does; it looks again after each message."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while (found := find()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        last = [{k: v for k, v in event.items() if k != "ts"} for event in self.events[-6:]]
        raise AssertionError(f"{what} did not come within {patience_s:g} s; the last events: {last}")

    async def event(self, event_type: str, since: int = 0, /, **wanted: object) -> dict[str, Any]:
        """Return the first event of `event_type` with these fields, from number `since` on."""
        return await self.until(
            lambda: self._find(self.events[since:], event_type=event_type, **wanted), f"{event_type} {wanted}"
        )

    async def phase(self, phase: str, since: int = 0) -> None:
        """Wait until the session came to `phase`, from event number `since` on."""
        await self.event("phase", since, phase=phase)

    async def state(self, since: int = 0, **wanted: object) -> dict[str, Any]:
        """Return the first state with these fields, from number `since` on."""
        return await self.until(lambda: self._find(self.states[since:], **wanted), f"a state with {wanted}")

    async def status(self, status: str, since: int = 0, patience_s: float = PATIENCE_S) -> None:
        """Wait until the daemon was said to be `status`, from number `since` on."""
        await self.until(lambda: status in self.statuses[since:] or None, status, patience_s)

    async def response(self, since: int = 0, **wanted: object) -> dict[str, Any]:
        """Return the first response with these fields, from number `since` on."""
        return await self.until(lambda: self._find(self.responses[since:], **wanted), f"a response with {wanted}")

    async def publish(self, topic: str, payload: str | bytes, *options: str) -> None:
        """Publish to `<root>/<topic>` with mosquitto_pub."""
        content = "-s" if payload else "-n"  # from stdin, where nothing is no message
        command = _client("mosquitto_pub", self.port, "-t", f"{self.root}/{topic}", *options, content)
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
        await process.communicate(payload if isinstance(payload, bytes) else payload.encode())
        assert process.returncode == 0, f"mosquitto_pub failed with {process.returncode}"

    async def command(self, cmd: str, value: object = None, **more: object) -> dict[str, Any]:
        """Send a fresh command and return the daemon's response to it."""
        request = secrets.token_hex(4)
        message = {"cmd": cmd, "ts": time.time(), "id": request} | ({} if value is None else {"value": value}) | more
        await self.publish("cmd", json.dumps(message))
        return await self.response(id=message["id"])

    async def taken(self, cmd: str, value: object = None, **more: object) -> None:
        """Send a fresh command that must be accepted."""
        response = await self.command(cmd, value, **more)
        assert response["ok"], f"{cmd} was refused: {response['reason']}"

    async def press(self) -> None:
        """Press the declared button, and say when."""
        await self.publish("button/ok", json.dumps({"press": "short", "ts": time.time()}))

    async def stop(self, payload: str | bytes = b"") -> None:
        """Say stop."""
        await self.publish("cmd/stop", payload)

    @staticmethod
    def _find(messages: list[dict[str, Any]], **wanted: object) -> dict[str, Any] | None:
        return next((message for message in messages if wanted.items() <= message.items()), None)


def _client(program: str, port: int, *options: str) -> tuple[str, ...]:
    return (program, "-V", "5", "-h", "127.0.0.1", "-p", str(port), "-q", "1", *options)


@asynccontextmanager
async def home_at(port: int, root: str) -> AsyncIterator[Home]:
    """Listen to the daemon `root`, and return once it is known whether it is online."""
    topics = [option for topic in _HEARD for option in ("-t", f"{root}/{topic}")]
    command = _client("mosquitto_sub", port, "--retain-as-published", "-F", "%j", *topics)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, limit=1 << 20)
    assert process.stdout is not None
    home = Home(port, root)
    listening = asyncio.create_task(home.listen(process.stdout))
    try:
        yield home
    finally:
        process.kill()
        await process.wait()
        await listening

"""A bridge before a real broker, and a stranger who watches and sends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from brokers import Broker
from retrowalk.model.observations import Observation
from retrowalk.model.plan import ABSOLUTE, Plan
from retrowalk.model.requests import Request
from retrowalk.mqtt import MqttBridge, MqttSettings

PATIENCE_S = 10.0
ROOT = "retrowalk/lab"


def find_plan(program: str) -> Plan:
    """Know one program."""
    if program != "demo":
        raise LookupError(f"no program {program!r}; known: demo")
    return Plan("demo", "Demo", 0, (), (), (), ABSOLUTE)


@dataclass
class Engine:
    """Stands where the engine does: keeps what it is told, in order."""

    told: list[Request | Observation] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, item: Request | Observation) -> None:
        """Keep what is submitted or observed."""
        self.told.append(item)
        self.news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; it is looked at after each item."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def until_told(self, item: Request | Observation, times: int = 1) -> None:
        """Return once `item` came `times` times."""
        await self.until(lambda: self.told.count(item) >= times)

    @property
    def requests(self) -> list[Request]:
        """The requests alone."""
        return [item for item in self.told if isinstance(item, Request)]


class Stranger:
    """Another client of the broker: subscribes to everything, keeps it in order, publishes what it likes."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.heard: list[aiomqtt.Message] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Keep all messages, until cancelled."""
        async for message in self.client.messages:
            self.heard.append(message)
            self._news.set()

    async def until[T](self, find: Callable[[], T | None]) -> T:
        """Return what `find` finds, once it does."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := find()) is None:
                self._news.clear()
                await self._news.wait()
        return found

    def texts(self, topic: str) -> list[str]:
        """Return all payloads of `<root>/<topic>` so far."""
        return [m.payload.decode() for m in self.heard if m.topic.value == f"{ROOT}/{topic}"]

    async def json(self, topic: str, **wanted: Any) -> dict[str, Any]:
        """Return the first payload of `<root>/<topic>` with these fields, waiting for it."""

        def find() -> dict[str, Any] | None:
            payloads = [json.loads(text) for text in self.texts(topic) if text]
            return next((p for p in payloads if wanted.items() <= p.items()), None)

        return await self.until(find)

    async def text(self, topic: str, wanted: str) -> None:
        """Wait until `<root>/<topic>` carried `wanted`."""
        await self.until(lambda: wanted in self.texts(topic) or None)

    async def send(self, topic: str, payload: str | bytes, *, retain: bool = False, **properties: Any) -> None:
        """Publish to `<root>/<topic>`, with MQTT 5 properties."""
        extra = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
        for name, value in properties.items():
            setattr(extra, name, value)
        await self.client.publish(f"{ROOT}/{topic}", payload, qos=1, retain=retain, properties=extra)

    async def command(self, cmd: str, age_s: float = 0.0, **more: Any) -> None:
        """Send a command with a time `age_s` ago."""
        await self.send("cmd", json.dumps({"cmd": cmd, "ts": time.time() - age_s, **more}))


@dataclass
class Lab:
    """A connected bridge with its engine, and a stranger."""

    bridge: MqttBridge
    engine: Engine
    stranger: Stranger
    broker: Broker


@asynccontextmanager
async def stranger_at(port: int, **login: str) -> AsyncIterator[Stranger]:
    """Connect a stranger that hears everything."""
    v5 = aiomqtt.ProtocolVersion.V5
    async with aiomqtt.Client("127.0.0.1", port, protocol=v5, timeout=5, **login) as client:  # type: ignore[arg-type]
        stranger = Stranger(client)
        await client.subscribe("#", options=_as_published())
        listening = asyncio.create_task(stranger.listen())
        try:
            yield stranger
        finally:
            await cancelled(listening)


def _as_published() -> SubscribeOptions:
    """Ask for the retain flag as it was published."""
    return SubscribeOptions(qos=1, retainAsPublished=True)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError, aiomqtt.MqttError):
        await task


@asynccontextmanager
async def running(bridge: MqttBridge) -> AsyncIterator[asyncio.Task[None]]:
    """Run a bridge."""
    task = asyncio.create_task(bridge.run())
    try:
        yield task
    finally:
        await cancelled(task)


def make_bridge(engine: Engine, port: int, **settings: Any) -> MqttBridge:
    """Make a bridge of the node "lab" with two declared buttons."""
    chosen: dict[str, Any] = {"declared_buttons": ("ok",), "reconnect_s": 0.1, **settings}
    return MqttBridge(
        MqttSettings(node="lab", host="127.0.0.1", port=port, **chosen),
        submit=engine.take,
        observe=engine.take,
        find_plan=find_plan,
        programs=("demo", "first-20s"),
    )

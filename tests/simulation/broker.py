"""A broker in memory behind the bridge's own door: it may go, freeze, flood, and hand out what it retained."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from retrowalk.mqtt.broker import BrokerError, Connection, Incoming, Outgoing
from retrowalk.mqtt.settings import MqttSettings

ROUND_TRIP_S: Final = 0.004
PATIENCE_S: Final = 5.0
MOST_WAITING: Final = 100


class MemoryBroker:
    """One broker, for one daemon at a time."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.up = True
        self.frozen = False
        self._connection: MemoryConnection | None = None

    @asynccontextmanager
    async def dial(self, _settings: MqttSettings, _name: str, _will: Outgoing | None) -> AsyncIterator[Connection]:
        """Connect, as `retrowalk.mqtt.broker.connect` does. Raises BrokerError."""
        await self.round_trip()
        connection = self._connection = MemoryConnection(self)
        try:
            yield connection
        finally:
            if self._connection is connection:
                self._connection = None

    async def round_trip(self) -> None:
        """Wait for the broker's word. Raises BrokerError when none comes."""
        if self.frozen:
            await asyncio.sleep(PATIENCE_S)
            raise BrokerError("timed out")
        await asyncio.sleep(ROUND_TRIP_S)
        if not self.up:
            raise BrokerError("connection refused")

    def send(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Let somebody publish under the daemon's topics."""
        if self.up and not self.frozen and self._connection:
            self._connection.deliver(Incoming(f"{self.root}/{topic}", payload, retained, None, None))

    def fail(self) -> None:
        """Die: every connection is lost."""
        self.up = False
        if self._connection:
            self._connection.lose()

    def freeze(self) -> None:
        """Answer nothing any more."""
        self.frozen = True

    def recover(self) -> None:
        """Be well again."""
        self.up, self.frozen = True, False


class MemoryConnection(Connection):
    """A live connection to it."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._topics: set[str] = set()
        self._waiting: deque[Incoming] = deque()
        self._news = asyncio.Event()
        self._lost = False
        self._dropped = 0

    async def subscribe(self, topics: Iterable[str]) -> tuple[str, ...]:
        """Subscribe; nothing is refused."""
        await self._broker.round_trip()
        self._topics.update(topics)
        return ()

    async def publish(self, message: Outgoing, timeout_s: float | None = None) -> None:
        """Publish; the daemon hears what it subscribed to itself. Raises BrokerError."""
        async with asyncio.timeout(timeout_s):
            await self._broker.round_trip()
        if message.topic in self._topics:
            self.deliver(Incoming(message.topic, message.payload.encode(), False, None, None))

    async def incoming(self) -> AsyncGenerator[Incoming]:
        """Yield what comes, a Stop first. Raises BrokerError when the connection is lost."""
        while not self._lost:
            while self._waiting:
                yield self._waiting.popleft()
            self._news.clear()
            await self._news.wait()
        raise BrokerError("connection lost")

    @property
    def dropped(self) -> int:
        """How many messages were too many to read."""
        return self._dropped

    def deliver(self, message: Incoming) -> None:
        """Take a message in."""
        if message.topic not in self._topics:
            return
        if message.topic.endswith("/cmd/stop"):
            self._waiting.appendleft(message)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(message)
        else:
            self._dropped += 1
        self._news.set()

    def lose(self) -> None:
        """Let the connection break."""
        self._lost = True
        self._news.set()

"""Proves that what is sent to the daemon reaches it: a broker's ACL denies without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from retrowalk.mqtt.broker import Incoming, Outgoing


class SelfTest:
    """One probe a topic, known by a nonce that nobody else can have; each is swallowed once."""

    def __init__(self, topics: Iterable[str], nonce: str) -> None:
        self._pending = set(topics)
        self._payload = f"probe {nonce}"
        self._all_heard = asyncio.Event()

    def probes(self) -> list[Outgoing]:
        """Return what to publish."""
        return [Outgoing(topic, self._payload, expires_s=5) for topic in sorted(self._pending)]

    def swallow(self, message: Incoming) -> bool:
        """Tell whether `message` is an awaited probe: then nobody else may see it."""
        if message.topic not in self._pending or message.payload != self._payload.encode():
            return False
        self._pending.discard(message.topic)
        if not self._pending:
            self._all_heard.set()
        return True

    async def unheard(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for the probes; return the topics of those that did not come in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._all_heard.wait()
        except TimeoutError:
            pass
        return tuple(sorted(self._pending))

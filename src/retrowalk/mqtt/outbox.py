"""What waits to be published: the newest state, and events in order up to a bound. Nothing here ever blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from retrowalk.model.reports import State
from retrowalk.mqtt.broker import Outgoing

MOST_EVENTS: Final = 200
MOST_TRIES: Final = 3


class Outbox:
    """Filled by the control loop, emptied by whoever holds a connection."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self._events: deque[Outgoing] = deque()
        self._most_events = most_events
        self._state: State | None = None
        self._filled = asyncio.Event()
        self._tries = 0
        self.dropped = 0

    def put_event(self, event: Outgoing) -> None:
        """Append; when full, the oldest goes and is counted: a late trip matters more than an early cue."""
        if len(self._events) >= self._most_events:
            self._drop_first()
        self._events.append(event)
        self._filled.set()

    def put_answer(self, answer: Outgoing) -> None:
        """Append where there is room: a flood of commands, all answered, must not push out a trip."""
        if len(self._events) < self._most_events // 2:
            self.put_event(answer)
        else:
            self.dropped += 1

    def put_state(self, state: State) -> None:
        """Replace whatever state waits."""
        self._state = state
        self._filled.set()

    async def wait(self) -> None:
        """Return once there is something to send."""
        await self._filled.wait()
        self._filled.clear()

    def first_event(self) -> Outgoing | None:
        """Return the oldest event without removing it: it may yet fail to go out.

        One that failed three times is dropped: there are brokers that hang up on a message that they do not like.
        """
        if self._tries >= MOST_TRIES:
            self._drop_first()
        if not self._events:
            return None
        self._tries += 1
        return self._events[0]

    def sent(self, event: Outgoing) -> None:
        """Remove `event` if it is still the oldest."""
        if self._events and self._events[0] is event:
            self._events.popleft()
            self._tries = 0

    def _drop_first(self) -> None:
        self._events.popleft()
        self._tries = 0
        self.dropped += 1

    def take_state(self) -> State | None:
        """Return the newest state once."""
        state, self._state = self._state, None
        return state

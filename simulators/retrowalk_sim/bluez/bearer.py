"""The ATT bearer of one connection: one request at a time, in order, and 30 s of patience."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from retrowalk_sim.bluez.errors import UNLIKELY
from retrowalk_sim.gatt import AttError

type Send = Callable[[float], float]
"""Puts a request to the device at a time in seconds; returns when its response leaves. Raises AttError."""

type Done = Callable[[AttError | None], None]
"""Takes the outcome of a request: None for success."""


@dataclass(frozen=True, slots=True)
class _Request:
    send: Send
    done: Done


class Bearer:
    """Queues requests as bluetoothd does. A request without a response for `timeout_s` calls `on_timeout`."""

    def __init__(self, timeout_s: float, on_timeout: Callable[[], None], *, held: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._on_timeout = on_timeout
        self._waiting: deque[_Request] = deque()
        self._pending: _Request | None = None
        self._on_air: list[Callable[[], None]] | None = [] if held else None
        self._response: asyncio.TimerHandle | None = None
        self._timeout: asyncio.TimerHandle | None = None

    def request(self, send: Send, done: Done) -> None:
        """Send when it is its turn; `done` is called exactly once, at the latest by `close`."""
        self._waiting.append(_Request(send, done))
        self._next()

    def command(self, send: Callable[[float], None]) -> None:
        """Send now, without a response."""
        self._transmit(lambda: send(self._loop.time()))

    def hold(self) -> None:
        """Let nothing more reach the device, until `release`."""
        if self._on_air is None:
            self._on_air = []

    def release(self) -> None:
        """Let what was held reach the device, in order."""
        while self._on_air:  # what a response sets off goes behind what was held before
            self._on_air.pop(0)()
        self._on_air = None

    def silence(self) -> None:
        """Let nothing reach the device, nor a response come back, ever again."""
        self.hold()
        _cancel(self._response)

    def close(self) -> None:
        """End the bearer: every request fails as bluetoothd words it."""
        _cancel(self._response, self._timeout)
        requests = [self._pending, *self._waiting] if self._pending else list(self._waiting)
        self._pending, self._on_air = None, []
        self._waiting.clear()
        for request in requests:
            request.done(AttError(UNLIKELY))

    def _next(self) -> None:
        if self._pending is None and self._waiting:
            request = self._pending = self._waiting.popleft()
            self._timeout = self._loop.call_later(self._timeout_s, self._on_timeout)
            self._transmit(lambda: self._put(request))

    def _transmit(self, transmission: Callable[[], None]) -> None:
        if self._on_air is None:
            transmission()
        else:
            self._on_air.append(transmission)

    def _put(self, request: _Request) -> None:
        now_s = self._loop.time()
        try:
            response_s = request.send(now_s)
        except AttError as error:
            self._finish(error)
            return
        if response_s <= now_s:
            self._finish(None)
        elif response_s < inf:
            self._response = self._loop.call_at(response_s, self._finish, None)

    def _finish(self, error: AttError | None) -> None:
        _cancel(self._timeout)
        request, self._pending = self._pending, None
        if request is not None:
            request.done(error)
        self._next()


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()

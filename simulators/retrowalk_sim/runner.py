"""Lets a sans-I/O peripheral live on an asyncio loop: the one rhythm that every link shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Self

from retrowalk_sim.gatt import Emission, Peripheral


class Runner:
    """Advances a peripheral whenever it is due, in loop time, and hands what it sends to `deliver`.

    A link calls `kick` after every input (connected, subscribed, write …). `deliver` runs in the loop, and must not
    block.
    """

    def __init__(self, peripheral: Peripheral, deliver: Callable[[Emission], None]) -> None:
        self.peripheral = peripheral
        self._deliver = deliver
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None

    @property
    def now_s(self) -> float:
        """The time that the peripheral lives in: the loop's."""
        return asyncio.get_running_loop().time()

    def start(self) -> None:
        """Begin on the running loop."""
        self._loop = asyncio.get_running_loop()
        self.kick()

    def stop(self) -> None:
        """Leave the peripheral alone. May be called twice."""
        self._loop = None
        self._cancel()

    def kick(self) -> None:
        """Advance the peripheral in the loop's next round; before `start` and after `stop`, do nothing."""
        if self._loop is not None:
            self._cancel()
            self._timer = self._loop.call_soon(self._step)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _step(self) -> None:
        self._cancel()
        for emission in self.peripheral.advance(self.now_s):
            self._deliver(emission)
        if self._timer is None and self.peripheral.due_s < inf:
            self._arm()

    def _arm(self) -> None:
        if self._loop is not None:  # what was delivered may have stopped the runner
            self._timer = self._loop.call_at(self.peripheral.due_s, self._step)

"""What each way to stop a belt can do, so that all are measured alike."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Final

from benchmarks.machine import Machine

_PATIENCE_S: Final = 5.0
_TOLD_S: Final = (
    0.25  # within this the machine has told that control is lost: its simulator looks up ten times a second
)


class Client(ABC):
    """Somebody who drives a belt. `stop` begins to stop it, in the loop, and returns at once."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tasks: list[asyncio.Task[Any]] = []

    @abstractmethod
    async def start(self) -> None:
        """Take control and start the belt."""

    @abstractmethod
    async def command(self, number: int) -> None:
        """Set as many speeds, which the machine does not answer; return once the first is, or all are, written."""

    @abstractmethod
    async def set_point(self) -> None:
        """Set one speed, and return once the machine has answered."""

    @abstractmethod
    def begin_set_point(self) -> None:
        """Begin to set a speed."""

    @abstractmethod
    def stop(self) -> None:
        """Begin to stop the belt."""

    async def lost_control(self) -> float:
        """Be told that another client took control, and ask for a stop; return when."""
        self.machine.simulator.do("take_control")
        await asyncio.sleep(_TOLD_S)
        return await edge(self.stop)

    async def rest(self) -> None:
        """End a round: let what was begun come to its end, and whatever will not, not."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=_PATIENCE_S)
        await self.dismiss()

    async def dismiss(self) -> None:
        """Cancel what was begun."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin `work`; what it raises is its user's loss."""
        self.tasks.append(asyncio.ensure_future(work))


async def edge(act: Callable[[], None]) -> float:
    """Let something happen outside the loop, as a strap's line opens; `act` is how the loop hears. Return when."""
    loop = asyncio.get_running_loop()

    def happen() -> float:
        happened_s = time.monotonic()
        loop.call_soon_threadsafe(act)
        return happened_s

    return await asyncio.to_thread(happen)

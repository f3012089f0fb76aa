"""A treadmill link on a bench: a simulated treadmill at its other end, and all that was observed on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from retrowalk.bluetooth import Bluetooth
from retrowalk.model.commands import Connect, PermittedCommand, RequestControl, SetSpeed, Start, Stop
from retrowalk.model.observations import LinkUp, Observation
from retrowalk.model.units import Speed, seconds
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.memory import Radio
from retrowalk_sim.profiles import Profile
from retrowalk_sim.treadmill import Treadmill


def loop_ns() -> int:
    """The loop's clock: real, or virtual."""
    return seconds(asyncio.get_running_loop().time())


@dataclass
class Bench:
    """The link under test, its treadmill, and what the engine would have heard."""

    treadmill: Treadmill
    seen: list[Observation] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    link: TreadmillLink = field(init=False)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def observe(self, observation: Observation) -> None:
        """Be the engine."""
        self.seen.append(observation)
        self._heard.set()

    async def until[T: Observation](self, kind: type[T], fits: Callable[[T], bool] = lambda _: True) -> T:
        """Return the next observation of `kind` that `fits`, heard from now on. Fails after 60 s."""
        begun = len(self.seen)
        async with asyncio.timeout(60):
            while True:
                for observation in self.seen[begun:]:
                    if isinstance(observation, kind) and fits(observation):
                        return observation
                begun = len(self.seen)
                self._heard.clear()
                await self._heard.wait()

    def of[T: Observation](self, kind: type[T]) -> list[T]:
        """Return all observations of `kind` so far."""
        return [observation for observation in self.seen if isinstance(observation, kind)]

    def written(self) -> list[str]:
        """Return the hex of all that reached the machine's control point."""
        return [event.detail for event in self.treadmill.witness.of("written")]

    def control(self) -> int:
        """Request control; return the command's number."""
        number = next(self.numbers)
        self.link.execute(RequestControl(number))
        return number

    def stop(self, *, without_response: bool = False) -> int:
        """Stop; return the command's number."""
        number = next(self.numbers)
        self.link.execute(Stop(number, without_response=without_response))
        return number

    def start(self) -> int:
        """Start; return the command's number."""
        return self._permit(Start())

    def speed(self, kmh: float, *, expires_s: float = 1.0) -> int:
        """Set a speed; return the command's number."""
        return self._permit(SetSpeed(Speed.from_kmh(kmh)), expires_s)

    def _permit(self, action: Start | SetSpeed, expires_s: float = 1.0) -> int:
        number = next(self.numbers)
        self.link.execute(PermittedCommand(number, action, loop_ns() + seconds(expires_s)))
        return number


@asynccontextmanager
async def bench(
    profile: Profile | str = "ideal",
    settings: TreadmillSettings | None = None,
    *others: Treadmill,
    left: str | None = None,
) -> AsyncIterator[Bench]:
    """A running link over the memory radio, `others` on the air, too; nothing is connected yet."""
    treadmill = Treadmill(profile)
    with Radio(treadmill, *others) as radio:
        bluetooth = Bluetooth(None, radio.client, radio.scanner, radio.adapter)
        async with running(treadmill, bluetooth, settings, left=left) as ready:
            yield ready


@asynccontextmanager
async def running(
    treadmill: Treadmill, bluetooth: Bluetooth, settings: TreadmillSettings | None = None, *, left: str | None = None
) -> AsyncIterator[Bench]:
    """A running link over any Bluetooth. `left`: the treadmill that a daemon before may have left running."""
    ready = Bench(treadmill)
    ready.link = TreadmillLink(settings or TreadmillSettings(), ready.observe, bluetooth, clock_ns=loop_ns, left=left)
    task = asyncio.create_task(ready.link.run())
    try:
        yield ready
    finally:
        await ready.link.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def up(ready: Bench) -> LinkUp:
    """Connect, and return what was told of the machine."""
    ready.link.execute(Connect())
    return await ready.until(LinkUp)

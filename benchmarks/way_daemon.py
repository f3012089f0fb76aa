"""The daemon's way: its own engine, crank and link in a session that walks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.client import Client
from benchmarks.machine import Machine
from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Bridge, Parts
from retrowalk.bluetooth import Bluetooth
from retrowalk.engine import Engine
from retrowalk.marker import SessionMarker
from retrowalk.model.commands import Connect, PermittedCommand, RequestControl, SetSpeed, Start
from retrowalk.model.observations import Answered, LinkUp, MachineEvent, MachineStatus, Observation, StrapLine, Written
from retrowalk.model.reports import State
from retrowalk.model.requests import Request
from retrowalk.model.settings import EngineSettings, StrapTier
from retrowalk.model.units import NS_PER_S, Speed, seconds
from retrowalk.systemd import Notifier
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from support.ideal_belt import backward, plan, world

_SETTINGS: Final = EngineSettings(strap=StrapTier.LINE, handrails=True, without_heart_rate=True)
_WALK: Final = plan(backward((0.5, 300)))
_LEAD_NS: Final = seconds(0.15)  # an engine is walked to its belt in less
_UNNUMBERED: Final = 1_000_000  # numbers that no engine comes to
_MANY: Final = 100
_SLOWLY: Final = Speed.from_kmh(0.8)


class _KeptLink:
    """A link that the daemon of one round borrows."""

    def __init__(self, link: TreadmillLink) -> None:
        self.execute = link.execute

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


class KeptBridge:
    """A bridge that the daemon of one round borrows."""

    def __init__(self, bridge: Bridge) -> None:
        self.publish = bridge.publish
        self.publish_state = bridge.publish_state

    async def run(self) -> None:
        """Live until cancelled."""
        await asyncio.Event().wait()


class DaemonClient(Client):
    """The daemon's own engine, crank and link, in mid-walk. An ideal belt walks a fresh engine there for each round."""

    name = "daemon"

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(machine)
        self.link = TreadmillLink(TreadmillSettings(address=machine.address), self.hear, Bluetooth())
        self.bridge: KeptBridge | None = None
        self.taken = 0  # requests that came
        self._folder = folder
        self._manager = Notifier({})
        self._numbers = count(_UNNUMBERED)
        self._daemon: Daemon | None = None
        self._marker: SessionMarker | None = None
        self._heard: list[tuple[float, Observation]] = []
        self._news = asyncio.Event()

    def hear(self, event: Observation) -> None:
        """Pass on what the link observes; between rounds nobody is told."""
        self._heard.append((time.monotonic(), event))
        if self._daemon:
            self._daemon.observe(event)
        self._news.set()

    def submit(self, request: Request) -> None:
        """Pass on a request."""
        self.taken += 1
        if self._daemon:
            self._daemon.observe(request)
        self._news.set()

    async def flooded(self) -> None:
        """Wait until requests come, and many of them."""
        async with asyncio.timeout(30):
            while self.taken < _MANY:
                self._news.clear()
                await self._news.wait()

    async def start(self) -> None:
        """Start the belt over the link; then the engine of a session that walks takes over."""
        self._heard.clear()
        for command in (RequestControl(next(self._numbers)), self._permit(Start())):
            self.link.execute(command)
            await self._answered(command.number)
        self._daemon = Daemon(await _walking_engine())
        self._marker = SessionMarker(self._folder, self.hear)
        self._daemon.parts = Parts(_KeptLink(self.link), self._marker, self._manager, bridge=self.bridge)
        self.spawn(self._daemon.run())
        await asyncio.sleep(0)

    async def command(self, number: int) -> None:
        """Hand that many set-points to the link: the engine alone never has more than one on its way."""
        for _ in range(number):
            command = self._permit(SetSpeed(_SLOWLY))
            self.link.execute(command)
            await self._until(lambda e, n=command.number: e == Written(n))  # type: ignore[misc]

    async def set_point(self) -> None:
        """Set a speed."""
        command = self._permit(SetSpeed(_SLOWLY))
        self.link.execute(command)
        await self._answered(command.number)

    def begin_set_point(self) -> None:
        """Begin to set a speed."""
        self.link.execute(self._permit(SetSpeed(_SLOWLY)))

    def stop(self) -> None:
        """Observe that the strap is pulled."""
        self.hear(StrapLine(closed=False))

    def state(self) -> State:
        """Return what the daemon of this round knows."""
        assert self._daemon is not None, "between rounds there is none"
        return self._daemon.state()

    async def lost_control(self) -> float:
        """Be told that another client took control: that trips by itself."""
        self.machine.simulator.do("take_control")
        return await self._until(lambda event: event == MachineStatus(MachineEvent.CONTROL_LOST))

    async def rest(self) -> None:
        """Dismiss the daemon of this round."""
        await self.dismiss()
        self._daemon = None
        if self._marker:
            self._marker.clear()
            self._marker.close()
            self._marker = None

    def close(self) -> None:
        """Let go what is not a link."""
        self._manager.close()

    async def connect(self) -> None:
        """Connect."""
        self.link.execute(Connect())
        await self._until(lambda event: isinstance(event, LinkUp))

    async def _answered(self, number: int) -> None:
        await self._until(lambda event: isinstance(event, Answered) and event.number == number)

    async def _until(self, fits: Callable[[Observation], bool]) -> float:
        async with asyncio.timeout(30):
            while True:
                for at_s, event in self._heard:
                    if fits(event):
                        return at_s
                self._news.clear()
                await self._news.wait()

    def _permit(self, action: Start | SetSpeed) -> PermittedCommand:
        return PermittedCommand(next(self._numbers), action, time.monotonic_ns() + NS_PER_S)


async def _walking_engine() -> Engine:
    """Return an engine that has walked on an ideal belt until now."""
    spent_ns = world(_SETTINGS, now_ns=0).walking(_WALK).now_ns
    walk = world(_SETTINGS, now_ns=time.monotonic_ns() + _LEAD_NS - spent_ns).walking(_WALK)
    await asyncio.sleep((walk.now_ns - time.monotonic_ns()) / NS_PER_S)
    return walk.engine


@asynccontextmanager
async def daemon_client(machine: Machine) -> AsyncIterator[DaemonClient]:
    """A connected one."""
    with TemporaryDirectory() as folder:
        client = DaemonClient(machine, Path(folder))
        running = asyncio.create_task(client.link.run())
        try:
            await client.connect()
            yield client
        finally:
            await client.rest()
            await client.link.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            client.close()

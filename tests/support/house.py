"""The whole daemon in virtual time: real engine, real crank, real link over bleak in memory, simulated everything else.

The simulator's witness, not the daemon, says what the belt did.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Parts
from retrowalk.bluetooth import Bluetooth
from retrowalk.engine import Engine
from retrowalk.heart_rate.client import HeartRateClient, HeartRateSettings
from retrowalk.model import numbers
from retrowalk.model.observations import ButtonPress, ButtonSource, MarkerStored, StrapLine
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Cue, Phase, PromptKind, PromptOpened, Report, State
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import EngineSettings, HeartLimits, StrapTier
from retrowalk.model.units import NS_PER_S, seconds
from retrowalk.session import words
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.memory import Radio
from retrowalk_sim.profiles import Profile
from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.walker import Walker

SETTINGS = EngineSettings(strap=StrapTier.LINE, handrails=True, heart=HeartLimits(soft_bpm=150, hard_bpm=165))
_READING_S = 1.5


class _Disk:
    """A session marker that lives as long as the test."""

    def __init__(self) -> None:
        self.content: str | None = None
        self.observe: Callable[[MarkerStored], None] = lambda _: None

    def cause(self) -> str | None:
        return self.content

    def store(self, address: str, latch: str | None) -> None:
        self.content = latch or f"restart_in_session {address}"
        asyncio.get_running_loop().call_later(0.01, self.observe, MarkerStored(ok=True))

    def clear(self) -> None:
        self.content = None

    def close(self) -> None: ...


class Nobody:
    """A service manager that listens to nothing."""

    def ready(self, status: str) -> None:
        """Hear that it is up."""

    def status(self, status: str) -> None:
        """Hear what goes on."""

    def alive(self) -> None:
        """Hear that the loop is healthy."""

    def stopping(self, status: str) -> None:
        """Hear that it ends."""

    def let_go(self) -> None:
        """Hear that nothing can move any more."""


@dataclass
class House:
    """A treadmill, a willing walker, and the daemon between them. Also the daemon's only listener."""

    treadmill: Treadmill
    strap: SafetyStrap
    walker: Walker
    heart: HeartRateStrap
    daemon: Daemon
    disk: _Disk
    willing: bool = True
    reports: list[Report] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # -- the listener ---

    def publish(self, report: Report) -> None:
        """Hear a report, and do what a walker does then."""
        self.reports.append(report)
        self._changed.set()
        if not self.willing:
            return
        loop = asyncio.get_running_loop()
        match report:
            case PromptOpened(prompt) if prompt.kind is PromptKind.BOARD:
                self.walker.step_off()
                loop.call_later(_READING_S, self.press)
            case PromptOpened(prompt) if prompt.kind is PromptKind.QUESTION:
                loop.call_later(_READING_S, self.press)
            case Cue(text) if text == words.STEP_ON_TIMED:
                self.walker.step_on()
            case _:
                pass

    def publish_state(self, state: State) -> None:
        """Hear the state."""

    async def run(self) -> None:
        """Live until cancelled."""
        await asyncio.Event().wait()

    # -- what a test does ---

    async def settled(self) -> None:
        """Let the strap line have been closed for long enough to be believed."""
        await asyncio.sleep(numbers.STRAP_STABLE_NS / NS_PER_S)

    def press(self) -> None:
        """Press the button at the treadmill."""
        self.daemon.observe(ButtonPress(ButtonSource.GPIO))

    def ask(self, verb: Verb, **more: object) -> None:
        """Ask over the local socket."""
        self.daemon.observe(Request(verb, Origin.SOCKET, **more))  # type: ignore[arg-type]

    def arm(self, plan: Plan) -> None:
        """Select, plug the strap in and arm."""
        self.ask(Verb.SELECT_PROGRAM, plan=plan)
        self.strap.pull()
        self.strap.clip()
        self.ask(Verb.ARM)

    async def hear[T: Report](self, kind: type[T], fits: Callable[[T], bool] = lambda _: True) -> T:
        """Return the first report of `kind` that fits, past or to come. Fails after three hours."""
        async with asyncio.timeout(3 * 3600):
            while True:
                for report in self.reports:
                    if isinstance(report, kind) and fits(report):
                        return report
                self._changed.clear()
                await self._changed.wait()

    async def reach(self, phase: Phase) -> None:
        """Wait until the session is in `phase`."""
        async with asyncio.timeout(3 * 3600):
            while self.daemon.engine.phase is not phase:
                self._changed.clear()
                await self._changed.wait()

    def said[T: Report](self, kind: type[T]) -> list[T]:
        """Return all reports of one kind."""
        return [report for report in self.reports if isinstance(report, kind)]


@asynccontextmanager
async def house(
    profile: Profile | str | Treadmill = "ideal",
    settings: EngineSettings = SETTINGS,
    treadmill_settings: TreadmillSettings | None = None,
    *,
    wears: Callable[[Callable[[float], float]], HeartRateStrap] = HeartRateStrap,
) -> AsyncIterator[House]:
    """Bring a house up on the running (virtual) loop, and take it down again."""
    loop = asyncio.get_running_loop()
    treadmill, strap = profile if isinstance(profile, Treadmill) else Treadmill(profile), SafetyStrap()
    walker = Walker(treadmill, strap)
    heart = wears(walker.heart_bpm)
    daemon = Daemon(Engine(settings), clock_ns=lambda: seconds(loop.time()), leave=_never)
    disk = _Disk()
    disk.observe = daemon.observe
    made = House(treadmill, strap, walker, heart, daemon, disk)
    strap.listen(lambda closed: daemon.observe(StrapLine(closed)))
    with Radio(treadmill, heart) as radio:
        bluetooth = Bluetooth(None, radio.client, radio.scanner, radio.adapter)
        clock = daemon.clock_ns
        link = TreadmillLink(treadmill_settings or TreadmillSettings(), daemon.observe, bluetooth, clock_ns=clock)
        heart_rate = HeartRateClient(HeartRateSettings(), daemon.observe, bluetooth)
        daemon.parts = Parts(link, disk, Nobody(), heart_rate, bridge=made)
        running = asyncio.create_task(daemon.run())
        daemon.observe(StrapLine(closed=True))
        try:
            yield made
        finally:
            daemon.shut_down()
            await running


def _never(status: int) -> None:
    raise AssertionError(f"the daemon left with {status}: the belt could not be confirmed stopped")

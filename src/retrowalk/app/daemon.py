"""The crank: an input comes in, the engine handles it, commands go out, reports are told, one timer is set anew.

An input is handled in the call that brings it, so nothing stands between a pulled strap and the Stop. What moves the
belt goes out last: it has been announced by then.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from retrowalk import logs
from retrowalk.app.flight import Flight, FlightRecorder
from retrowalk.app.parts import Parts
from retrowalk.engine import Engine, Outcome
from retrowalk.model.commands import (
    ClearMarker,
    Command,
    Connect,
    Disconnect,
    Exit,
    PermittedCommand,
    Relay,
    StoreMarker,
)
from retrowalk.model.observations import Observation, Tick
from retrowalk.model.reports import Permissive, Phase, PhaseChanged, Report, State, StopStep, Tripped, Warned
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import NS_PER_S

log = structlog.get_logger()

_STATE_EVERY_NS: Final = NS_PER_S
_WATCHDOG_EVERY_NS: Final = NS_PER_S // 2
_KICKS_WHILE_LETTING_GO: Final = 20  # half a second apart
_RESTART_S: Final = 1.0
_LAST_STOP_S: Final = 1.0
UNVERIFIED: Final = 5  # the exit status when the belt could not be confirmed stopped


@dataclass(slots=True)
class Daemon:
    """Turns the engine's crank. `parts` is set once, after `observe` could be handed to them."""

    engine: Engine
    clock_ns: Callable[[], int] = time.monotonic_ns
    leave: Callable[[int], None] = logs.leave
    parts: Parts = field(init=False)
    recorder: FlightRecorder = field(default_factory=FlightRecorder)
    _inputs: deque[Observation | Request] = field(default_factory=deque)
    _turning: bool = False
    _failed: bool = False
    _timer: asyncio.TimerHandle | None = None
    _state_ns: int = 0
    _kicked_ns: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _verified: bool = True

    def observe(self, event: Observation | Request) -> None:
        """Take one input: handled now, or right after the one that is being handled. Never raises, never blocks."""
        self._inputs.append(event)
        if self._turning or self._failed:
            return
        self._turning = True
        try:
            while self._inputs and not self._failed:
                self._turn(self._inputs.popleft())
        finally:
            self._turning = False

    def state(self) -> State:
        """Return everything that is known now."""
        return self.engine.state(self.clock_ns())

    def permissives(self) -> tuple[Permissive, ...]:
        """Return every rule of the interlock as it stands now."""
        return self.engine.permissives(self.clock_ns())

    def shut_down(self) -> None:
        """Stop the belt, verify, let the treadmill go, and end `run`."""
        self.parts.service.stopping("stopping the belt, then letting the treadmill go")
        self.observe(Request(Verb.SHUTDOWN, Origin.SIGNAL))

    async def run(self) -> int:
        """Run until the engine says that the process may end; return the exit status."""
        link = _supervised(self.parts.link.run)
        companions = [_supervised(companion.run) for companion in self.parts.companions]
        try:
            self._boot()
            status = _status(self.state())
            self.parts.service.ready(status)
            log.info("daemon_ready", status=status)
            await self._over.wait()
            if not self._verified:
                log.critical("leaving_unverified", belt="NOT confirmed to stand", do="pull the cord")
                self.leave(UNVERIFIED)
        finally:
            self._failed = True  # whatever still comes in is not acted upon
            if self._timer:
                self._timer.cancel()
            _guarded(self._cut, self.recorder)
            await self._let_go()
            await _end([*companions, link])
        return 0

    async def _let_go(self) -> None:
        """Let the treadmill go, which takes bluetoothd seconds in which the loop is healthy; then no longer say so."""
        letting_go = asyncio.ensure_future(self.parts.link.close())
        for _ in range(_KICKS_WHILE_LETTING_GO):
            if (await asyncio.wait({letting_go}, timeout=_WATCHDOG_EVERY_NS / NS_PER_S))[0]:
                break
            self.parts.service.alive()
        await letting_go
        if self._over.is_set():
            self.parts.service.let_go()

    # -- inside --------------------------------------------------------------------------------------------------

    def _boot(self) -> None:
        now_ns = self.clock_ns()
        outcome = self.engine.boot(self.parts.marker.cause(), now_ns)
        self._carry_out(outcome)
        self._tell(outcome.reports, now_ns)

    def _turn(self, event: Observation | Request) -> None:
        now_ns = self.clock_ns()
        try:
            outcome = self.engine.handle(event, now_ns)
            self._carry_out(outcome)
        except Exception:
            log.critical("engine_failed", belt="stop is being written", do="pull the cord", exc_info=True)
            self._fail()
            return
        if self.parts.relay:
            self.parts.relay.beat()
        self._tell(outcome.reports, now_ns)
        self._move(outcome)
        if now_ns - self._kicked_ns >= _WATCHDOG_EVERY_NS:
            self._kicked_ns = now_ns
            self.parts.service.alive()

    def _carry_out(self, outcome: Outcome) -> None:
        """Do all but what moves the belt, and set the timer."""
        for command in outcome.commands:
            if not isinstance(command, PermittedCommand):
                self._do(command)
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        wait_s = max(0, outcome.deadline_ns - self.clock_ns()) / NS_PER_S
        self._timer = loop.call_later(wait_s, self.observe, Tick())

    def _move(self, outcome: Outcome) -> None:
        """Move the belt, which was announced by now."""
        for command in outcome.commands:
            if isinstance(command, PermittedCommand):
                self.parts.link.execute(command)

    def _do(self, command: Command) -> None:
        parts = self.parts
        match command:
            case StoreMarker(latch):
                machine = self.state().machine
                parts.marker.store(machine.address if machine else "", latch)
            case ClearMarker():
                parts.marker.clear()
            case Exit(verified):
                self._verified = verified
                self._over.set()
            case Relay(closed):
                if parts.relay:
                    parts.relay.hold(closed)
            case Connect() | Disconnect():
                parts.link.execute(command)
                if parts.heart_rate:
                    parts.heart_rate.execute(command)
            case _:
                parts.link.execute(command)

    def _tell(self, reports: tuple[Report, ...], now_ns: int) -> None:
        for report in reports:
            for listener in self.parts.listeners:
                _guarded(listener.publish, report)
            _guarded(_log, report)
        _guarded(partial(self._record, now_ns), reports)
        if reports or now_ns - self._state_ns >= _STATE_EVERY_NS:
            self._state_ns = now_ns
            state = self.engine.state(now_ns)
            if self.parts.bridge:
                _guarded(self.parts.bridge.publish_state, state)
            if any(isinstance(report, PhaseChanged) for report in reports):
                self.parts.service.status(_status(state))

    def _record(self, now_ns: int, reports: tuple[Report, ...]) -> None:
        self._keep(self.recorder.hear(reports, now_ns, self.engine.reading))

    def _cut(self, recorder: FlightRecorder) -> None:
        self._keep(recorder.cut())

    def _keep(self, flights: list[Flight]) -> None:
        if self.parts.trips:
            for flight in flights:
                self.parts.trips.store(flight)

    def _fail(self) -> None:
        """Write the precomputed Stop, kick no watchdog, and leave the link up for the failsafe."""
        self._failed = True
        for command in self.engine.precomputed_stop():
            self.parts.link.execute(command)
        asyncio.get_running_loop().call_later(_LAST_STOP_S, self.leave, UNVERIFIED)


def _supervised(run: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    name = getattr(run, "__qualname__", "part")
    return asyncio.create_task(_supervise(name, run), name=name)


async def _supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a part for ever; its failure is its own, and never cancels another part."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("part_failed", part=name, belt="not affected; the engine goes on", retry_s=_RESTART_S)
        await asyncio.sleep(_RESTART_S)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _guarded[T](tell: Callable[[T], None], what: T) -> None:
    """Tell somebody something; if that fails it is their fault and their problem, never the belt's."""
    try:
        tell(what)
    except Exception:
        log.exception("listener_failed", what=type(what).__name__)


def _status(state: State) -> str:
    if state.phase is Phase.IDLE:
        return "idle: hands off until armed"
    trip = f", tripped: {state.trip.words}" if state.trip else ""
    return f"{state.phase.value}{trip}"


def _log(report: Report) -> None:
    match report:
        case Tripped(trip):
            speed = str(trip.speed) if trip.speed else "unknown"
            log.error("tripped", cause=trip.cause, words=trip.words, do=trip.remedy, belt=f"stopping from {speed}")
        case StopStep(rung, cause, elapsed_ns, alarm, words):
            level = log.critical if alarm else log.info
            level(rung.value, cause=cause, elapsed_ms=elapsed_ns // 1_000_000, words=words)
        case PhaseChanged(phase):
            log.info("phase", phase=phase.value)
        case Warned(what, words):
            log.warning(what, words=words)
        case _:
            log.debug("report", report=report)

"""An independent judge of the engine: looks at what goes in and comes out, knows nothing of how it is decided.

Each rule is an invariant of SAFETY.md, by its number; a broken one raises AssertionError in the call that broke it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from retrowalk.engine import Engine, Outcome
from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    ClearMarker,
    Command,
    Connect,
    Disconnect,
    Exit,
    PermittedCommand,
    Rebuild,
    Relay,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    Stop,
    StoreMarker,
)
from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    ButtonPress,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    Observation,
    StrapLine,
    Telemetry,
    WriteFailed,
    Written,
)
from retrowalk.model.plan import ABSOLUTE, Facing, Plan
from retrowalk.model.reports import Motion, PromptClosed, Reply, Rung, StopStep, Tripped, Warned
from retrowalk.model.requests import Request, Verb
from retrowalk.model.units import LEVEL, NS_PER_S, Speed

_LONGEST_WAIT_NS = n.ANSWER_PATIENCE_NS + 2 * n.TICK_NS  # for the answer to the set-point before
_HARMLESS = (Connect, Disconnect, StoreMarker, ClearMarker, Exit)


@dataclass
class Judge:
    """Hears every input and outcome of one engine."""

    engine: Engine
    strap_matters: bool
    strap_closed: bool = False
    key_ns: int | None = None
    machine: Machine | None = None
    linked: bool = False
    plan: Plan | None = None
    zero_frames: int = 0
    relay_open: bool = False
    opened: bool = False
    marked: bool = False
    stop_asked: bool = False
    stopped: bool = True
    facing: Facing = Facing.BACKWARD
    confirmed: dict[str, int] = field(default_factory=dict)  # board prompts answered and not used up
    points: list[tuple[int, Speed]] = field(default_factory=list)  # of this boarding
    demanded: bool = False
    rebuilding: bool = False
    writing: set[int] = field(default_factory=set)
    settled_ns: int | None = None

    def before(self, event: Observation | Request, now_ns: int) -> None:
        """Take one input, before the engine does."""
        match event:
            case StrapLine(closed):
                self.strap_closed = closed
            case MachineStatus(MachineEvent.STOPPED_BY_KEY):
                self.key_ns = now_ns
            case LinkUp(machine):
                self.machine, self.linked, self.rebuilding, self.zero_frames = machine, True, False, 0
                self.writing.clear()
            case LinkDown():
                self.linked, self.zero_frames = False, 0
                self.writing.clear()
            case Telemetry(speed) if speed is not None:
                self.zero_frames = 0 if speed else self.zero_frames + 1
            case Written(number) | WriteFailed(number) if number in self.writing:
                self.writing.discard(number)
                self.settled_ns = now_ns
            case Request(verb) if verb in (Verb.STOP, Verb.SHUTDOWN):
                self.stop_asked = True
            case ButtonPress():
                self.stop_asked = self.stop_asked or self.engine.state(now_ns).motion is not Motion.STANDSTILL
            case _:
                pass

    def after(self, event: Observation | Request, outcome: Outcome, now_ns: int) -> None:
        """Take what came of it."""
        self._reports(event, outcome, now_ns)
        for command in outcome.commands:
            self._command(command, now_ns)
        if isinstance(event, Request) and event.verb is Verb.STOP:
            self._stop_is_emitted(outcome)
        self._stop_is_pursued(outcome, now_ns)
        if self.stop_asked and self.engine.state(now_ns).motion is Motion.IDLE:
            self.stop_asked = False

    def _reports(self, event: Observation | Request, outcome: Outcome, now_ns: int) -> None:
        for report in outcome.reports:
            match report:
                case PromptClosed(prompt_id, "ok") if prompt_id.startswith("board"):
                    self.confirmed[prompt_id] = now_ns
                case StopStep(Rung.DEMANDED):
                    self.demanded, self.settled_ns = True, None
                case StopStep(Rung.VERIFIED | Rung.TAKEN_AS_STANDING):
                    self.demanded = False
                case Tripped():
                    self.marked = True
                case Warned("stop_given_up"):
                    assert not self.opened, "8: a stop given up in a session"
                    assert not self.marked, "8: a stop given up before its marker is gone"
                    self.demanded = False
                case Reply(verb=Verb.RESET, ok=True):
                    self.demanded = False
                case Reply(verb=Verb.SELECT_PROGRAM, ok=True) if isinstance(event, Request):
                    self.plan = event.plan
                case _:
                    pass

    def _command(self, command: Command, now_ns: int) -> None:
        match command:
            case StoreMarker():
                self.marked = True
                self.opened = self.opened or command.latch is None
            case ClearMarker():
                self.opened = self.marked = False
            case Disconnect():
                self.opened = False
                assert not self.demanded, "8: let go before a demanded stop was verified"
            case Rebuild():
                self.rebuilding = True
                self.writing.clear()
            case Stop(number):
                self.stopped = True
                self.writing.add(number)
                assert self.marked or self.opened or self.stop_asked, "13: a Stop nobody asked for, outside a session"
            case Relay(closed):
                assert not (closed and self.engine.state(now_ns).latched), "1: the relay closes on a latched stop"
                self.relay_open = not closed
            case RequestControl():
                assert self.opened, "13: a write outside a session"
            case PermittedCommand():
                self._permitted(command, now_ns)
            case _:
                assert isinstance(command, _HARMLESS)

    def _permitted(self, command: PermittedCommand, now_ns: int) -> None:
        assert self.opened, "13: a write outside a session"
        assert self.strap_closed or not self.strap_matters, "1: permitted with the strap open"
        assert not self.engine.state(now_ns).latched, "1: permitted while latched"
        assert not self.relay_open, "1: permitted with the relay open"
        assert self.key_ns != now_ns, "1: permitted with the key pulled"
        assert now_ns < command.expires_ns <= now_ns + n.PERMIT_EXPIRES_NS, "9: a permission that does not expire"
        match command.action:
            case Start():
                self._start(now_ns)
            case SetSpeed(speed):
                self._set_speed(speed, now_ns)
            case SetIncline(incline):
                assert not self.stopped, "3: a set-point after a Stop"
                assert self.plan
                assert LEVEL <= incline <= ABSOLUTE.ceiling(self.facing).incline, "5: incline beyond the absolute cap"
                assert incline <= self.plan.limits.ceiling(self.facing).incline, "5: incline beyond the plan's cap"

    def _start(self, now_ns: int) -> None:
        assert self.confirmed, "2: a START without a confirmation of its own"
        prompt_id, confirmed_ns = self.confirmed.popitem()
        assert now_ns - confirmed_ns <= n.CONFIRM_EXPIRES_NS, f"2: {prompt_id} was confirmed too long ago"
        assert self.zero_frames >= n.STANDSTILL_FRAMES, "7: a START without verified standstill"
        assert not self.demanded, "3: a START before the Stop was verified"
        self.confirmed.clear()
        self.stopped = False
        self.points = []
        self.facing = self.engine.state(now_ns).facing or Facing.BACKWARD

    def _set_speed(self, speed: Speed, now_ns: int) -> None:
        assert not self.stopped, "3: a set-point after a Stop"
        assert self.plan
        assert self.machine
        ceiling = self.plan.limits.ceiling(self.facing)
        assert speed <= min(ceiling.speed, ABSOLUTE.ceiling(self.facing).speed, self.machine.fastest), "5: over a cap"
        assert speed >= self.machine.slowest, "5: under the machine's minimum"
        if not self.points:
            assert speed <= max(n.BOARD_SPEED, self.machine.slowest), "6: a bout that starts above board speed"
        else:
            self._ramp(self.points[-1], speed, min(ceiling.up_ramp_centi_kmh_per_s, 20), now_ns)
        self.points.append((now_ns, speed))

    def _ramp(self, last: tuple[int, Speed], speed: Speed, up: int, now_ns: int) -> None:
        assert self.machine
        spent_s = min(now_ns - last[0], _LONGEST_WAIT_NS) / NS_PER_S  # a steady set-point saves no ramp up
        change, step = speed.centi_kmh - last[1].centi_kmh, self.machine.step.centi_kmh
        assert change <= up * spent_s + step, f"5: up by {change} in {spent_s:.2f} s"
        down = n.DOWN_RAMP_CENTI_KMH_PER_S
        assert -change <= down * spent_s + step, f"5: down by {-change} in {spent_s:.2f} s"

    def _stop_is_emitted(self, outcome: Outcome) -> None:
        if self.linked and not self.rebuilding:
            assert isinstance(outcome.commands[0], Stop), "4: a Stop that was not emitted first of all"
        else:
            assert self.demanded, "4: a Stop without a link that is not pursued"

    def _stop_is_pursued(self, outcome: Outcome, now_ns: int) -> None:
        if not self.demanded:
            return
        if not self.linked:
            assert self.engine.state(now_ns).alarm, "8: a stop that cannot be written, and no alarm"
        elif not self.rebuilding and not self.writing and self.settled_ns is not None:
            late = now_ns - self.settled_ns >= n.STOP_RESEND_NS
            assert not late or any(isinstance(c, Stop) for c in outcome.commands), "8: a stop that is not re-sent"

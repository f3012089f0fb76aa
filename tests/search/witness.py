"""What an onlooker knows who hears all that the interlock hears and sees what it commands, but not how it thinks."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from retrowalk.interlock import Interlock
from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    ClearMarker,
    Command,
    Disconnect,
    PermittedCommand,
    Rebuild,
    RequestControl,
    SetSpeed,
    Start,
    Stop,
    StoreMarker,
)
from retrowalk.model.intent import Boarding
from retrowalk.model.observations import (
    Answered,
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
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Motion, Report, Rung, StopStep, Tripped
from retrowalk.model.units import NS_PER_S, Speed
from search.worlds import World


@dataclass(slots=True)
class Witness:
    """The facts of one history, as far as the invariants need them."""

    world: World
    strap_closed: bool = False
    key_ns: int | None = None
    linked: bool = False
    linked_ns: int = 0
    woken: bool = False  # the belt stood when the link came up, and began to move right after
    zero_frames: int = 0  # in a row, since the last motion, demanded stop or new link
    opened: bool = False
    latched: bool = False
    asked: bool = (
        False  # by somebody, by a marker, or by a belt that our link woke: Stops may be written outside a session
    )
    stopped: bool = True  # a Stop was commanded after the last START
    demanded: bool = False  # … and is not yet verified
    rebuilding: bool = False
    boarding: int = 0  # the last that was used up
    facing: Facing | None = None
    held_facing: Facing | None = None  # what the interlock takes the facing to be
    held_latch: bool = False
    motion: Motion = Motion.IDLE
    set_point: Speed | None = None  # of this boarding
    highest: int = 0  # what a ramp may have reached by now, in 0.01 km/h times nanoseconds per second
    lowest: int = 0
    at_ns: int = 0
    permit: tuple[int, int] | None = None  # the number on its way, and since when
    control: int | None = None
    stops: tuple[int, ...] = ()  # numbers on their way
    pulse: int = 110  # what the heart-rate strap says, bpm

    @property
    def key(self) -> Hashable:
        """What tells apart two histories that left the interlock in the same state."""
        stops = min(len(self.stops), 2)
        flags = (self.strap_closed, self.linked, self.opened, self.latched, self.asked, self.stopped, self.rebuilding)
        return (
            flags,
            min(self.zero_frames, 2),
            self.facing,
            self.set_point,
            self.permit is not None,
            stops,
            self.pulse,
        )

    def hear(self, observation: Observation, now_ns: int) -> None:
        """Take what the interlock is told."""
        self._ramps_on(now_ns)
        match observation:
            case StrapLine(closed):
                self.strap_closed = closed
            case MachineStatus(MachineEvent.STOPPED_BY_KEY):
                self.key_ns = now_ns
            case LinkUp() | LinkDown():
                self.linked, self.zero_frames, self.stops = isinstance(observation, LinkUp), 0, ()
                self.permit, self.rebuilding = None, self.rebuilding and not self.linked
                self.linked_ns, self.woken = now_ns, False
            case Telemetry(Speed() as speed):
                soon = now_ns - self.linked_ns <= n.STARTS_ON_CONNECT_NS
                self.woken = bool(speed) and (self.woken or (soon and self.zero_frames > 0))
                self.zero_frames = 0 if speed else self.zero_frames + 1
            case Written(number):
                self.stops = tuple(stop for stop in self.stops if stop != number)
            case WriteFailed(number) | Answered(number):
                self.stops = tuple(stop for stop in self.stops if stop != number)
                self.permit = None if self.permit and self.permit[0] == number else self.permit
            case _:
                pass
        if self.permit and now_ns - self.permit[1] > n.ANSWER_PATIENCE_NS:
            self.permit = None

    def see(self, commands: tuple[Command, ...], reports: list[Report], offered: Boarding | None, now_ns: int) -> None:
        """Take what the interlock commands, in order; `offered` is the boarding that was proposed to it."""
        free = self.permit is None
        for report in reports:
            self._reported(report)
        for command in commands:
            self._commanded(command, offered, now_ns)
        spoken = any(isinstance(c, PermittedCommand) and isinstance(c.action, Start | SetSpeed) for c in commands)
        if free and not spoken and self.set_point is not None:
            self._settle(self.set_point)  # a set-point that was due would have come: the ramp has not gone on

    def look_at(self, lock: Interlock) -> None:
        """Take what the interlock shows."""
        self.motion, self.held_facing, self.held_latch = lock.motion, lock.readings.facing, lock.trip is not None

    def _ramps_on(self, now_ns: int) -> None:
        spent_ns, self.at_ns = now_ns - self.at_ns, now_ns
        if self.set_point is not None:
            self.highest += self.world.ceiling(self.facing).up_ramp_centi_kmh_per_s * spent_ns
            self.lowest -= n.DOWN_RAMP_CENTI_KMH_PER_S * spent_ns

    def _reported(self, report: Report) -> None:
        match report:
            case StopStep(Rung.DEMANDED):
                self.demanded, self.zero_frames = True, 0
            case StopStep(Rung.VERIFIED):
                self.demanded = self.asked = False
            case Tripped():
                self.latched, self.asked = True, self.asked or self.woken
            case _:
                pass

    def _commanded(self, command: Command, offered: Boarding | None, now_ns: int) -> None:
        match command:
            case StoreMarker(None):
                self.opened = True
            case ClearMarker():
                self.opened = False
            case Disconnect():
                self.opened = self.demanded = self.asked = False
            case Rebuild():
                self.rebuilding, self.stops = True, ()
            case RequestControl(number):
                self.control = number
            case Stop(number):
                self.stopped, self.stops = True, (*self.stops, number)
            case PermittedCommand(number, action):
                self.permit = (number, now_ns)
                if isinstance(action, Start):
                    self._started(offered)
                elif isinstance(action, SetSpeed):
                    self.set_point = action.speed
                    self._settle(action.speed)
            case _:
                pass

    def _started(self, offered: Boarding | None) -> None:
        self.stopped, self.set_point = False, None
        self.highest = self.lowest = self.world.board_speed.centi_kmh * NS_PER_S
        if offered:
            self.boarding, self.facing = offered.number, offered.facing

    def _settle(self, speed: Speed) -> None:
        """A set-point tells where the ramp is, to a step of the machine."""
        self.highest = min(self.highest, (speed.centi_kmh + self.world.machine.step.centi_kmh) * NS_PER_S)
        self.lowest = max(self.lowest, speed.centi_kmh * NS_PER_S)


_FIELDS: Final = attrgetter(*(field.name for field in fields(Witness)))


def copy(witness: Witness) -> Witness:
    """Copy what an onlooker knows; all of it is frozen."""
    return Witness(*_FIELDS(witness))

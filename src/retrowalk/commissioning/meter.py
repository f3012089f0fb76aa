"""Measures what a machine does between a command and its effect, from what the interlock hears too."""

from __future__ import annotations

from dataclasses import dataclass, field

from retrowalk.model.commands import Command, PermittedCommand, SetSpeed, Start, Stop
from retrowalk.model.observations import (
    Answered,
    LinkUp,
    MachineEvent,
    MachineStatus,
    Observation,
    Telemetry,
    Written,
)
from retrowalk.model.units import NS_PER_S, STANDSTILL, Speed


@dataclass(slots=True)
class Counter:
    """Something that the machine counts, by the moments at which the count grew: those are sharp, the count is not."""

    value: int | None = None
    first: tuple[int, int] | None = None  # when it grew, to what
    last: tuple[int, int] | None = None

    def hear(self, value: int | None, now_ns: int) -> None:
        """Take a count; None = the frame did not have it."""
        if value is not None and self.value is not None and value > self.value:
            self.last = now_ns, value
            self.first = self.first or self.last
        self.value = self.value if value is None else value

    @property
    def rate_per_s(self) -> float | None:
        """How fast it grows; None = not seen to grow by more than three."""
        if self.first is None or self.last is None or self.last[1] - self.first[1] < 3:
            return None
        return (self.last[1] - self.first[1]) * NS_PER_S / (self.last[0] - self.first[0])


@dataclass(slots=True)
class Meter:
    """Everything with its time. None = not yet, since `start` or `stop` was last commanded."""

    now_ns: int = 0
    started_ns: int | None = None
    moved_ns: int | None = None
    stop_ns: int | None = None
    stop_written_ns: int | None = None
    stop_numbers: set[int] = field(default_factory=set)
    stop_from: Speed = STANDSTILL
    slower_ns: int | None = None
    stood_ns: int | None = None
    told: Speed | None = None
    told_ns: int = 0
    speed: Speed = STANDSTILL
    speed_ns: int = 0  # since when it has been reported
    highest: Speed = STANDSTILL
    zeros: int = 0
    zero_ns: int = 0
    frames: int = 0  # with a speed, since the start
    frame_ns: int | None = None
    longest_gap_ns: int = 0
    first_on_link: Speed | None = None
    answers: dict[int, str] = field(default_factory=dict)
    events: list[MachineEvent] = field(default_factory=list)
    way: Counter = field(default_factory=Counter)
    clock: Counter = field(default_factory=Counter)

    def count_anew(self) -> None:
        """Measure way and clock from here on."""
        self.way, self.clock = Counter(), Counter()

    def sent(self, command: Command) -> None:
        """Take note of a command on its way out."""
        match command:
            case PermittedCommand(action=Start()):
                self.started_ns, self.moved_ns, self.stop_ns, self.told = self.now_ns, None, None, None
                self.frames, self.longest_gap_ns, self.frame_ns, self.highest = 0, 0, None, STANDSTILL
                self.events.clear()
            case PermittedCommand(action=SetSpeed(speed)):
                self.told, self.told_ns = speed, self.now_ns
            case Stop(number) if number > 0 and self.stop_ns is None:
                self.stop_ns, self.stop_from, self.stop_numbers = self.now_ns, self.speed, {number}
                self.stop_written_ns = self.slower_ns = self.stood_ns = None
            case Stop(number) if number > 0:
                self.stop_numbers.add(number)
            case _:
                pass

    def hear(self, observation: Observation) -> None:
        """Take one observation."""
        match observation:
            case LinkUp():
                self.first_on_link = None
            case Telemetry():
                self._hear_frame(observation)
            case MachineStatus(event):
                self.events.append(event)
            case Answered(number, answer):
                self.answers[number] = answer.value
            case Written(number) if number in self.stop_numbers and self.stop_written_ns is None:
                self.stop_written_ns = self.now_ns
            case _:
                pass

    def _hear_frame(self, frame: Telemetry) -> None:
        self.way.hear(frame.distance_m, self.now_ns)
        self.clock.hear(frame.elapsed_s, self.now_ns)
        if frame.speed is None:
            return
        if self.frame_ns is not None:
            self.longest_gap_ns = max(self.longest_gap_ns, self.now_ns - self.frame_ns)
        self.frame_ns, self.frames = self.now_ns, self.frames + 1
        self.zeros = 0 if frame.speed else self.zeros + 1
        if self.zeros == 1:
            self.zero_ns = self.now_ns  # and wait for a second one: single frames of zeros are a known lie
        else:
            self._hear_speed(frame.speed, self.zero_ns if self.zeros else self.now_ns)

    def _hear_speed(self, speed: Speed, at_ns: int) -> None:
        if self.first_on_link is None:
            self.first_on_link = speed
        if speed != self.speed:
            self.speed_ns = at_ns
        self.speed, self.highest = speed, max(self.highest, speed)
        if speed and self.moved_ns is None:
            self.moved_ns = at_ns
        if self.stop_ns is not None:
            self.stop_from = max(self.stop_from, speed)
            if self.slower_ns is None and speed < self.stop_from:
                self.slower_ns = at_ns
            if self.stood_ns is None and not speed and at_ns >= self.stop_ns:
                self.stood_ns = at_ns

    @property
    def telemetry_hz(self) -> float | None:
        """How often it told its speed since the last start."""
        if self.started_ns is None or self.frames < 4 or self.frame_ns is None:
            return None
        return self.frames * NS_PER_S / (self.frame_ns - self.started_ns)


def between_s(begun_ns: int | None, ended_ns: int | None) -> float | None:
    """Return the time from one moment to another, in seconds; None = one of them never came."""
    if begun_ns is None or ended_ns is None:
        return None
    return round((ended_ns - begun_ns) / NS_PER_S, 2)

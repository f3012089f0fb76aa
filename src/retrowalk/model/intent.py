"""What passes between the session, which proposes, and the interlock, which disposes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from retrowalk.model.machine import Machine
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Fault, Motion
from retrowalk.model.units import Incline, Speed


@dataclass(frozen=True, slots=True)
class Boarding:
    """One confirmed boarding: the right to one START, for a moment. Numbers only ever grow."""

    number: int
    facing: Facing
    confirmed_ns: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the session would like the belt to do now. The default is: nothing."""

    boarding: Boarding | None = None
    facing: Facing | None = None  # of whoever boards next
    target: Speed | None = None
    incline: Incline | None = None
    halt: bool = False


class Wish(StrEnum):
    """What the session asks of the interlock besides motion."""

    CONNECT = "connect"
    OPEN = "open"  # the belt is ours from here on
    CLOSE = "close"  # hands off


@dataclass(frozen=True, slots=True)
class View:
    """What the session may know of the interlock."""

    motion: Motion
    latched: bool
    open: bool
    linked: bool
    machine: Machine | None
    board_speed: Speed
    speed: Speed | None
    set_point: Speed | None
    level: bool  # the last permitted incline is zero
    standstill_ns: int | None  # since when the belt stands; None = not verified
    faults: tuple[Fault, ...]  # rules broken now; with no motion they forbid the next step
    pausing: bool  # a rule asks for a pause
    ending: bool  # … and for the end of the session
    alarm: str | None

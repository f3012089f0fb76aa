"""What the world tells the engine. Adapters decode; the engine decides what to believe, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from retrowalk.model.machine import Machine
from retrowalk.model.units import Incline, Speed


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed and nothing else happened."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A fresh link: notifications are on, nothing has been written yet; numbers of former commands mean nothing."""

    machine: Machine


@dataclass(frozen=True, slots=True)
class LinkDown:
    """There is no link, or it could not be made. `reason` is for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One Treadmill Data frame. Every frame is passed on, changed or not; None = the frame did not carry it."""

    speed: Speed | None = None
    incline: Incline | None = None
    distance_m: int | None = None
    elapsed_s: int | None = None
    energy_kcal: int | None = None
    steps: int | None = None


class MachineEvent(StrEnum):
    """A Machine Status that the engine cares for. Own commands may echo as the "user", old ones may be replayed."""

    RESET = "reset"
    STOPPED_BY_USER = "stopped_by_user"
    PAUSED_BY_USER = "paused_by_user"
    STOPPED_BY_KEY = "stopped_by_safety_key"
    STARTED_BY_USER = "started_by_user"
    TARGET_SPEED_CHANGED = "target_speed_changed"
    TARGET_INCLINE_CHANGED = "target_incline_changed"
    CONTROL_LOST = "control_lost"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """One Machine Status frame."""

    event: MachineEvent


class Answer(StrEnum):
    """The machine's answer to a request. Success means accepted, not done."""

    SUCCESS = "success"
    NOT_SUPPORTED = "not_supported"
    INVALID_PARAMETER = "invalid_parameter"
    FAILED = "failed"
    NOT_PERMITTED = "control_not_permitted"


@dataclass(frozen=True, slots=True)
class Written:
    """Command `number` is on the wire: its write completed."""

    number: int


@dataclass(frozen=True, slots=True)
class WriteFailed:
    """Command `number` did not reach the wire, and will not be sent again by the link."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The machine answered command `number`."""

    number: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class HeartRateLink:
    """The heart-rate strap's link came or went."""

    up: bool


@dataclass(frozen=True, slots=True)
class HeartRateSample:
    """One Heart Rate Measurement frame, unfiltered. `contact` None = the strap cannot tell."""

    bpm: int
    contact: bool | None = None
    rr_ms: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class StrapLine:
    """An edge of the safety strap's line (normally closed), or its level when the line was first read."""

    closed: bool


class ButtonSource(StrEnum):
    """Where a button is wired to."""

    GPIO = "gpio"
    DECLARED = "declared"  # MQTT, opt-in by configuration


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A press of a button at the treadmill: OK at standstill, STOP on a moving belt.

    One that is not `fresh` may have waited on its way, for a prompt that did not exist yet: all it can do is stop.
    """

    source: ButtonSource
    long: bool = False
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class MarkerStored:
    """The session marker is on the disk (fsynced), or could not be written."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Power:
    """Whether the computer's power supply is good enough; one that nobody can measure is never observed."""

    ok: bool


@dataclass(frozen=True, slots=True)
class BrokerLink:
    """The MQTT broker came or went."""

    up: bool


type Observation = (
    Tick
    | LinkUp
    | LinkDown
    | Telemetry
    | MachineStatus
    | Written
    | WriteFailed
    | Answered
    | HeartRateLink
    | HeartRateSample
    | StrapLine
    | ButtonPress
    | MarkerStored
    | BrokerLink
    | Power
)

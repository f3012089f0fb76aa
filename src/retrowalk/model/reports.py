"""What the engine tells the world: events, once each, and the state, as often as somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retrowalk.model.machine import Machine
from retrowalk.model.plan import Facing, Gap
from retrowalk.model.requests import Origin, Verb
from retrowalk.model.units import Incline, Speed


class Phase(StrEnum):
    """How far a session is."""

    IDLE = "idle"  # hands off: no link, no writes
    ARMED = "armed"  # connecting, and waiting for presence
    BOARD = "board"  # belt stands; asks the walker onto the side boards, and for OK
    STARTING = "starting"  # START is permitted; the belt comes to board speed
    STEP_ON = "step_on"  # belt at board speed; the walker steps on
    WALK = "walk"
    SLOWING = "slowing"  # planned ramp-down to standstill
    REST = "rest"
    TURN = "turn"
    PAUSED = "paused"
    COOL_DOWN = "cool_down"  # board speed before the end
    QUESTIONS = "questions"
    STOPPING = "stopping"  # a stop was demanded and is not yet verified
    TRIPPED = "tripped"  # latched; a person must reset


class Motion(StrEnum):
    """What the interlock holds the belt to be doing; rules say in which of these they apply."""

    IDLE = "idle"
    STANDSTILL = "standstill"
    BOARDING = "boarding"  # START was permitted, no motion seen yet
    MOVING = "moving"
    STOPPING = "stopping"


RUNNING: Final = (Motion.BOARDING, Motion.MOVING)
"""The belt is meant to run, or about to."""

MAY_MOVE: Final = (*RUNNING, Motion.STOPPING)
"""The belt is not known to stand."""


class Kind(StrEnum):
    """What a broken rule does. Stops are looked at first."""

    NO_ENTRY = "no_entry"  # the belt may not start
    EASE = "ease"  # no increases, step down
    PAUSE = "pause"  # planned ramp-down, unlatched
    STOP = "stop"  # stop now, latched
    WARN = "warn"  # is said, and changes nothing


class PromptKind(StrEnum):
    """What a prompt asks."""

    BOARD = "board"
    STEP_ON = "step_on"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to the walker, answered once."""

    id: str
    kind: PromptKind
    text: str
    opened_ns: int


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a rule has read and what its limit is, in `unit`; None = not known, or there is none."""

    value: float | None = None
    limit: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return ""
        limit = "" if self.limit is None else f", limit {self.limit:g}"
        return f"{self.value:.3g}{limit} {self.unit}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that is broken now: what it does, in words for a person, and what that person can do."""

    rule: str
    kind: Kind
    words: str
    remedy: str
    waits: bool = False  # it may clear while somebody waits for it
    gauge: Gauge = Gauge()


@dataclass(frozen=True, slots=True)
class Permissive:
    """One row of the rules table as it stands now. `kind`: what breaking it does now; None = it does not apply."""

    rule: str
    kinds: tuple[tuple[Motion, Kind], ...]
    kind: Kind | None
    broken: bool
    gauge: Gauge
    words: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Trip:
    """A latched stop: its rule, when it was decided, and the readings that decided it."""

    cause: str
    words: str
    remedy: str
    at_ns: int
    speed: Speed | None
    heart_rate_bpm: int | None


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The session went on."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class PromptOpened:
    """The walker is asked something."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PromptClosed:
    """A prompt is over: answered, or withdrawn (`answer` None)."""

    prompt_id: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Cue:
    """A sentence to speak or show now."""

    text: str


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """A stage of a bout, or a standstill between bouts, begins. Counts start at 1."""

    bout: int
    stage: int
    what: Facing | Gap
    target: Speed
    incline: Incline
    duration_s: int


@dataclass(frozen=True, slots=True)
class WorkoutStarted:
    """The first belt start of a session was confirmed."""

    program: str


class Ending(StrEnum):
    """How a workout ended."""

    COMPLETED = "completed"
    ENDED_EARLY = "ended_early"
    UNANSWERED = "unanswered"
    TRIPPED = "tripped"
    DISARMED = "disarmed"


@dataclass(frozen=True, slots=True)
class WorkoutEnded:
    """The session is over."""

    program: str
    ending: Ending
    bouts_done: int
    answer: str | None = None  # fine | hard | hurt, None = not answered


@dataclass(frozen=True, slots=True)
class Tripped:
    """The interlock stopped the belt and latched."""

    trip: Trip


class Rung(StrEnum):
    """The steps of the stop ladder."""

    DEMANDED = "stop_demanded"
    WRITTEN = "stop_written"
    RESENT = "stop_resent"
    NO_EFFECT = "no_effect"
    WITHOUT_RESPONSE = "stop_without_response"
    LINK_REBUILT = "link_rebuilt"
    NO_STANDSTILL = "no_standstill"
    LINK_LOST = "link_lost"
    RELAY_OPENED = "relay_opened"
    AWAITS_WORD = "awaits_word"
    TAKEN_AS_STANDING = "taken_as_standing"
    VERIFIED = "stop_verified"


@dataclass(frozen=True, slots=True)
class StopStep:
    """One rung of the stop ladder, `elapsed_ns` after the stop was demanded. `alarm`: a person must act at once."""

    rung: Rung
    cause: str
    elapsed_ns: int
    alarm: bool
    words: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a person should know and that stops nothing."""

    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request."""

    request_id: str
    verb: Verb
    origin: Origin
    ok: bool
    reason: str


type Report = (
    PhaseChanged
    | PromptOpened
    | PromptClosed
    | Cue
    | SegmentStarted
    | WorkoutStarted
    | WorkoutEnded
    | Tripped
    | StopStep
    | Warned
    | Reply
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What belt, strap and walker were doing in one moment; None = not known."""

    at_ns: int
    phase: Phase
    program: str | None
    machine: str | None
    speed: Speed | None
    target: Speed | None
    heart_rate_bpm: int | None
    strap_closed: bool | None
    link_up: bool
    telemetry_age_s: float | None


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is known now, for people and home automation. None = not known, or does not apply now."""

    phase: Phase
    motion: Motion
    latched: bool
    trip: Trip | None
    faults: tuple[Fault, ...]
    prompt: Prompt | None
    cue: str | None
    alarm: str | None
    program: str | None
    title: str | None
    facing: Facing | None
    bout: int | None
    bouts: int | None
    stage: int | None
    stages: int | None
    segment_left_s: float | None
    session_left_s: float | None
    progress: float | None  # 0 … 1
    link_up: bool
    machine: Machine | None
    speed: Speed | None
    target: Speed | None
    limit: Speed | None
    incline: Incline | None
    distance_m: int | None
    elapsed_s: int | None
    energy_kcal: int | None
    telemetry_age_s: float | None
    heart_rate_bpm: int | None
    heart_rate_soft_bpm: int | None
    heart_rate_hard_bpm: int | None
    strap_closed: bool | None
    present: bool
    loop_lag_s: float

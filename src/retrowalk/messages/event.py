"""What happened, once each: one model an event, one maker a report."""

from __future__ import annotations

from functools import singledispatch
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.messages.stamp import Stamp
from retrowalk.messages.state import kmh
from retrowalk.model import reports
from retrowalk.model.plan import Facing, Gap
from retrowalk.model.reports import Ending, Phase, PromptKind, Report


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ts: float = Field(description="When it was told: seconds since 1970, UTC.")


class PhaseEvent(_Event):
    """The session went on."""

    event_type: Literal["phase"] = "phase"
    phase: Phase


class PromptEvent(_Event):
    """The walker is asked something."""

    event_type: Literal["prompt"] = "prompt"
    prompt: str = Field(description="Its id, for a confirm.")
    kind: PromptKind
    text: str


class PromptClosedEvent(_Event):
    """A prompt is over: answered, or withdrawn (`answer` null)."""

    event_type: Literal["prompt_closed"] = "prompt_closed"
    prompt: str
    answer: str | None


class CueEvent(_Event):
    """A sentence to speak now."""

    event_type: Literal["cue"] = "cue"
    text: str


class SegmentEvent(_Event):
    """A stage of a bout, or a standstill between bouts, begins. Counts start at 1."""

    event_type: Literal["segment"] = "segment"
    bout: int
    stage: int
    what: Facing | Gap
    target_kmh: float
    incline_pct: float
    duration_s: int


class WorkoutStartedEvent(_Event):
    """The first belt start of a session was confirmed."""

    event_type: Literal["workout_started"] = "workout_started"
    program: str


class WorkoutEndedEvent(_Event):
    """The session is over."""

    event_type: Literal["workout_ended"] = "workout_ended"
    program: str
    ending: Ending
    bouts_done: int
    answer: str | None


class TripEvent(_Event):
    """The interlock stopped the belt and latched."""

    event_type: Literal["trip"] = "trip"
    cause: str
    words: str
    remedy: str
    at: float = Field(description="When it was decided: seconds since 1970, UTC.")
    speed_kmh: float | None
    heart_rate_bpm: int | None


class StopEvent(_Event):
    """One rung of the stop ladder, `elapsed_s` after the stop was demanded. `alarm`: a person must act at once."""

    event_type: Literal[
        "stop_demanded",
        "stop_written",
        "stop_resent",
        "no_effect",
        "stop_without_response",
        "link_rebuilt",
        "no_standstill",
        "link_lost",
        "stop_verified",
        "relay_opened",
        "awaits_word",
        "taken_as_standing",
    ]
    cause: str
    elapsed_s: float
    alarm: bool
    words: str


class WarningEvent(_Event):
    """Something that a person should know and that stops nothing."""

    event_type: Literal["warning"] = "warning"
    what: str
    words: str


class CommandRejectedEvent(_Event):
    """A command was refused."""

    event_type: Literal["command_rejected"] = "command_rejected"
    id: str
    cmd: str
    reason: str


type EventMessage = Annotated[
    PhaseEvent
    | PromptEvent
    | PromptClosedEvent
    | CueEvent
    | SegmentEvent
    | WorkoutStartedEvent
    | WorkoutEndedEvent
    | TripEvent
    | StopEvent
    | WarningEvent
    | CommandRejectedEvent,
    Field(discriminator="event_type"),
]

_UNION = get_args(EventMessage.__value__)[0]
EVENT_TYPES: Final[tuple[str, ...]] = tuple(
    name for model in get_args(_UNION) for name in get_args(model.model_fields["event_type"].annotation)
)
"""Every `event_type` there is."""


def event_message(report: Report, stamp: Stamp) -> dict[str, Any] | None:
    """Return the event of a report, or None where there is none: a command that was taken is no event."""
    event = _event(report, stamp)
    return None if event is None else event.model_dump(mode="json")


def refusal_event(request_id: str, cmd: str, reason: str, stamp: Stamp) -> dict[str, Any]:
    """Return the event of a command that was refused before the engine saw it."""
    return CommandRejectedEvent(ts=stamp.ts, id=request_id, cmd=cmd, reason=reason).model_dump(mode="json")


@singledispatch
def _event(report: object, _stamp: Stamp) -> _Event | None:
    raise TypeError(f"no event for {type(report).__name__}")


@_event.register
def _(report: reports.PhaseChanged, stamp: Stamp) -> _Event | None:
    return PhaseEvent(ts=stamp.ts, phase=report.phase)


@_event.register
def _(report: reports.PromptOpened, stamp: Stamp) -> _Event | None:
    prompt = report.prompt
    return PromptEvent(ts=stamp.ts, prompt=prompt.id, kind=prompt.kind, text=prompt.text)


@_event.register
def _(report: reports.PromptClosed, stamp: Stamp) -> _Event | None:
    return PromptClosedEvent(ts=stamp.ts, prompt=report.prompt_id, answer=report.answer)


@_event.register
def _(report: reports.Cue, stamp: Stamp) -> _Event | None:
    return CueEvent(ts=stamp.ts, text=report.text)


@_event.register
def _(report: reports.SegmentStarted, stamp: Stamp) -> _Event | None:
    return SegmentEvent(
        ts=stamp.ts,
        bout=report.bout,
        stage=report.stage,
        what=report.what,
        target_kmh=report.target.kmh,
        incline_pct=report.incline.pct,
        duration_s=report.duration_s,
    )


@_event.register
def _(report: reports.WorkoutStarted, stamp: Stamp) -> _Event | None:
    return WorkoutStartedEvent(ts=stamp.ts, program=report.program)


@_event.register
def _(report: reports.WorkoutEnded, stamp: Stamp) -> _Event | None:
    return WorkoutEndedEvent(
        ts=stamp.ts,
        program=report.program,
        ending=report.ending,
        bouts_done=report.bouts_done,
        answer=report.answer,
    )


@_event.register
def _(report: reports.Tripped, stamp: Stamp) -> _Event | None:
    trip = report.trip
    return TripEvent(
        ts=stamp.ts,
        cause=trip.cause,
        words=trip.words,
        remedy=trip.remedy,
        at=stamp.wall_of(trip.at_ns),
        speed_kmh=kmh(trip.speed),
        heart_rate_bpm=trip.heart_rate_bpm,
    )


@_event.register
def _(report: reports.StopStep, stamp: Stamp) -> _Event | None:
    return StopEvent(
        ts=stamp.ts,
        event_type=report.rung.value,
        cause=report.cause,
        elapsed_s=round(report.elapsed_ns / 1e9, 3),
        alarm=report.alarm,
        words=report.words,
    )


@_event.register
def _(report: reports.Warned, stamp: Stamp) -> _Event | None:
    return WarningEvent(ts=stamp.ts, what=report.what, words=report.words)


@_event.register
def _(report: reports.Reply, stamp: Stamp) -> _Event | None:
    if report.ok:
        return None
    return CommandRejectedEvent(ts=stamp.ts, id=report.request_id, cmd=report.verb, reason=report.reason)

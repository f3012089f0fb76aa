"""The state as one flat object: what a dashboard shows."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.messages.stamp import Stamp
from retrowalk.model.plan import Facing, Gap
from retrowalk.model.reports import Kind, Motion, Phase, PromptKind, State
from retrowalk.model.units import Incline, Speed


class FaultMessage(BaseModel):
    """One rule that is broken now."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    rule: str
    kind: Kind
    words: str
    remedy: str


class StateMessage(BaseModel):
    """Everything that is known now. null = not known, or does not apply now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    ts: float = Field(description="When this was true: seconds since 1970, UTC.")
    token: str | None = Field(description="Good for one command in place of ts, for some seconds.")
    simulated: bool = Field(description="The strap line or the treadmill is simulated.")
    phase: Phase
    motion: Motion
    latched: bool
    trip_cause: str | None
    trip_words: str | None
    trip_remedy: str | None
    trip_ts: float | None
    trip_speed_kmh: float | None
    trip_heart_rate_bpm: int | None
    problem: bool = Field(description="Latched, alarmed, or a rule is broken that does more than refuse a start.")
    faults: list[FaultMessage]
    prompt_id: str | None
    prompt_kind: PromptKind | None
    prompt_text: str | None
    cue: str | None
    alarm: str | None
    program: str | None
    title: str | None
    facing: Facing | None
    segment: Facing | Gap | None = Field(description="What is going on: walking forward or backward, a rest, a turn.")
    bout: int | None
    bouts: int | None
    stage: int | None
    stages: int | None
    segment_left_s: int | None
    session_left_s: int | None
    progress_pct: int | None
    link_up: bool
    machine_name: str | None
    running: bool | None = Field(description="The belt moves, by its own telling.")
    speed_kmh: float | None
    target_kmh: float | None
    limit_kmh: float | None
    incline_pct: float | None
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


_SAME_NAME: Final = (
    "phase",
    "motion",
    "latched",
    "cue",
    "alarm",
    "program",
    "title",
    "facing",
    "bout",
    "bouts",
    "stage",
    "stages",
    "link_up",
    "distance_m",
    "elapsed_s",
    "energy_kcal",
    "heart_rate_bpm",
    "heart_rate_soft_bpm",
    "heart_rate_hard_bpm",
    "strap_closed",
    "present",
)


def state_message(state: State, *, stamp: Stamp, token: str | None, simulated: bool) -> dict[str, Any]:
    """Flatten `state` into JSON values."""
    message = StateMessage(
        ts=stamp.ts,
        token=token,
        simulated=simulated,
        **{name: getattr(state, name) for name in _SAME_NAME},
        **_trip(state, stamp),
        **_prompt(state),
        **_progress(state),
        **_belt(state),
        problem=state.latched or state.alarm is not None or any(f.kind is not Kind.NO_ENTRY for f in state.faults),
        faults=[FaultMessage.model_validate(fault) for fault in state.faults],
        loop_lag_s=round(state.loop_lag_s, 3),
    )
    return message.model_dump(mode="json")


def _trip(state: State, stamp: Stamp) -> dict[str, Any]:
    trip = state.trip
    return {
        "trip_cause": trip and trip.cause,
        "trip_words": trip and trip.words,
        "trip_remedy": trip and trip.remedy,
        "trip_ts": stamp.wall_of(trip.at_ns) if trip else None,
        "trip_speed_kmh": kmh(trip.speed) if trip else None,
        "trip_heart_rate_bpm": trip and trip.heart_rate_bpm,
    }


def _prompt(state: State) -> dict[str, Any]:
    prompt = state.prompt
    return {
        "prompt_id": prompt and prompt.id,
        "prompt_kind": prompt and prompt.kind,
        "prompt_text": prompt and prompt.text,
    }


def _progress(state: State) -> dict[str, Any]:
    standstills: dict[Phase, Gap] = {Phase.REST: Gap.REST, Phase.TURN: Gap.TURN}
    return {
        "segment": standstills.get(state.phase, state.facing),
        "segment_left_s": whole(state.segment_left_s),
        "session_left_s": whole(state.session_left_s),
        "progress_pct": None if state.progress is None else round(state.progress * 100),
    }


def _belt(state: State) -> dict[str, Any]:
    return {
        "machine_name": state.machine and state.machine.name,
        "running": None if state.speed is None else bool(state.speed),
        "speed_kmh": kmh(state.speed),
        "target_kmh": kmh(state.target),
        "limit_kmh": kmh(state.limit),
        "incline_pct": pct(state.incline),
        "telemetry_age_s": None if state.telemetry_age_s is None else round(state.telemetry_age_s, 1),
    }


def kmh(speed: Speed | None) -> float | None:
    """Return a speed as a message carries it."""
    return None if speed is None else speed.kmh


def pct(incline: Incline | None) -> float | None:
    """Return an incline as a message carries it."""
    return None if incline is None else incline.pct


def whole(duration_s: float | None) -> int | None:
    """Round a duration to whole seconds."""
    return None if duration_s is None else round(duration_s)

"""A trip as it is kept on the disk: what was read around it, and how the stop went."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.model.reports import Phase, Rung


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TripReading(_Part):
    """What was known in one moment. null = not known."""

    t_s: float = Field(description="Seconds after the trip; negative = before it.")
    phase: Phase
    speed_kmh: float | None = Field(description="As the treadmill reported it.")
    target_kmh: float | None
    heart_rate_bpm: int | None
    strap_closed: bool | None
    link_up: bool
    telemetry_age_s: float | None


class TripStep(_Part):
    """One rung of the stop ladder. `alarm`: a person had to act at once."""

    t_s: float = Field(description="Seconds after the trip; negative = before it.")
    elapsed_s: float = Field(description="Since the stop was demanded.")
    rung: Rung
    alarm: bool
    words: str


class TripMessage(_Part):
    """One trip, from 10 s before it until 10 s after the belt was seen to stand, or 60 s after the trip."""

    schema_version: Literal[1] = 1
    at: float = Field(description="When the stop was decided: seconds since 1970, UTC.")
    version: str = Field(description="Of Retrowalk.")
    simulated: bool = Field(description="The strap line or the treadmill is simulated.")
    complete: bool = Field(description="false: the recording was still going on, or the daemon ended in it.")
    cause: str
    words: str
    remedy: str
    speed_kmh: float | None = Field(description="Of the belt, when the stop was decided.")
    heart_rate_bpm: int | None
    program: str | None
    machine_name: str | None
    readings: list[TripReading]
    steps: list[TripStep]

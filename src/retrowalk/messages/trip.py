"""A trip as it is kept on the disk: what was read around it, and how the stop went."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.messages.command import LATEST_TS
from retrowalk.model.reports import Phase, Rung

# Wide enough for whatever was read, and no wider: a damaged file must not reach arithmetic with dates.
Seconds = Annotated[float, Field(ge=-LATEST_TS, le=LATEST_TS)]
Kmh = Annotated[float, Field(ge=0, le=655.35)]  # what the protocol can say
Bpm = Annotated[int, Field(ge=0, le=65_535)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TripReading(_Part):
    """What was known in one moment. null = not known."""

    t_s: Seconds = Field(description="Seconds after the trip; negative = before it.")
    phase: Phase
    speed_kmh: Kmh | None = Field(description="As the treadmill reported it.")
    target_kmh: Kmh | None
    heart_rate_bpm: Bpm | None
    strap_closed: bool | None
    link_up: bool
    telemetry_age_s: Seconds | None


class TripStep(_Part):
    """One rung of the stop ladder. `alarm`: a person had to act at once."""

    t_s: Seconds = Field(description="Seconds after the trip; negative = before it.")
    elapsed_s: Seconds = Field(description="Since the stop was demanded.")
    rung: Rung
    alarm: bool
    words: str


class TripMessage(_Part):
    """One trip, from 10 s before it until 10 s after the belt was seen to stand, or 60 s after the trip."""

    schema_version: Literal[1] = 1
    at: float = Field(ge=0, lt=LATEST_TS, description="When the stop was decided: seconds since 1970, UTC.")
    version: str = Field(description="Of Retrowalk.")
    simulated: bool = Field(description="The strap line or the treadmill is simulated.")
    complete: bool = Field(description="false: the recording was still going on, or the daemon ended in it.")
    cause: str
    words: str
    remedy: str
    speed_kmh: Kmh | None = Field(description="Of the belt, when the stop was decided.")
    heart_rate_bpm: Bpm | None
    program: str | None
    machine_name: str | None
    readings: list[TripReading]
    steps: list[TripStep]

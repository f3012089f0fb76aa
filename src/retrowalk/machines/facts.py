"""The words for what a treadmill is and does: the same in a profile, in a record, and in what the machine says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

Kmh = Annotated[float, Field(ge=0, le=655.35, allow_inf_nan=False)]  # what the protocol can say
Seconds = Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)]
Hz = Annotated[float, Field(gt=0, le=50, allow_inf_nan=False)]


class Facts(BaseModel):
    """What is known of a treadmill. None = not known. The descriptions are the words for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slowest_kmh: Annotated[Kmh | None, Field(description="slowest speed, km/h")] = None
    fastest_kmh: Annotated[Kmh | None, Field(description="fastest speed, km/h")] = None
    step_kmh: Annotated[Kmh | None, Field(description="speed step, km/h")] = None
    incline: Annotated[StrictBool | None, Field(description="has an incline")] = None
    units: Annotated[Literal["km/h", "mph"] | None, Field(description="takes a set-point for")] = None
    start_delay_s: Annotated[Seconds | None, Field(description="START to first motion, s")] = None
    run_down_s: Annotated[Seconds | None, Field(description="Stop to standstill, s")] = None
    starts_at_console_only: Annotated[StrictBool | None, Field(description="starts at its console only")] = None
    start_toggles: Annotated[StrictBool | None, Field(description="START on a running belt pauses it")] = None
    resumes_at: Annotated[
        Literal["slowest speed", "former speed"] | None, Field(description="goes on after a pause at its")
    ] = None
    after_stop: Annotated[
        Literal["zero frames", "silence", "last speed"] | None, Field(description="tells after a stop")
    ] = None
    console: Annotated[
        Literal["tells stop", "tells pause", "tells nothing"] | None, Field(description="stopped at its console, it")
    ] = None
    stop_needs_control: Annotated[StrictBool | None, Field(description="Stop needs control")] = None
    safety_key: Annotated[
        Literal["reported", "cuts, not reported", "no effect"] | None, Field(description="safety key pulled")
    ] = None
    cord_reversed: Annotated[
        Literal["pulls the key", "too long"] | None, Field(description="cord, standing reversed")
    ] = None
    link_loss: Annotated[Literal["belt stops", "belt runs on"] | None, Field(description="link lost")] = None
    power_loss: Annotated[Literal["belt stands", "belt runs on"] | None, Field(description="power cut and back")] = None
    telemetry_hz: Annotated[Hz | None, Field(description="tells its speed, Hz")] = None

"""What helps to find out what is wrong."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DiagnosticsMessage(BaseModel):
    """The daemon's own health; changes slowly."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(description="Of Retrowalk.")
    python: str
    machine_name: str | None = Field(description="As it advertises; null without a link.")
    machine_address: str | None
    machine_slowest_kmh: float | None
    machine_fastest_kmh: float | None
    machine_step_kmh: float | None
    machine_commissioned: bool | None
    loop_lag_worst_s: float = Field(description="The longest lag of the control loop seen since the last message.")
    connects: int = Field(description="Connections to this broker since the daemon started.")
    commands_refused: int
    commands_dropped: int = Field(description="Commands that flooded the daemon and were not read.")
    events_dropped: int = Field(description="Events that were lost because the broker was away or slow.")
    unheard_topics: list[str] = Field(
        description="Topics that the broker does not deliver to the daemon: an ACL denies."
    )
    programs_offered: list[str]

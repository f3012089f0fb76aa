"""Every permissive as it stands: what `retrowalk explain` shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.messages.stamp import Stamp
from retrowalk.model.reports import Gauge, Kind, Motion, Permissive, Phase, State


class Standing(StrEnum):
    """How a permissive stands."""

    BROKEN = "broken"
    GOOD = "good"
    UNKNOWN = "unknown"  # it applies, and what it looks at was not heard
    DOES_NOT_APPLY = "does_not_apply"  # not in the present motion
    NEEDS_DAEMON = "needs_daemon"  # the configuration alone does not tell


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PermissiveMessage(_Part):
    """One row of the rules."""

    rule: str
    standing: Standing
    does: Kind | None = Field(description="What breaking it does in the present motion; null = nothing.")
    does_in: dict[Motion, Kind] = Field(description="What breaking it does in each motion.")
    value: float | None = Field(description="What was read; with the unit s: how long ago, or for how long.")
    limit: float | None
    unit: str
    words: str = Field(description="What is the matter when it is broken.")
    remedy: str


class ExplainMessage(_Part):
    """Every permissive. null = not known, or told from the configuration alone."""

    schema_version: Literal[1] = 1
    ts: float = Field(description="When this was true: seconds since 1970, UTC.")
    live: bool = Field(description="false: told from the configuration, without a running daemon.")
    simulated: bool = Field(description="The strap line or the treadmill is simulated.")
    phase: Phase | None
    motion: Motion | None
    program: str | None
    telemetry_age_s: float | None
    obstacles: list[str] = Field(description="Told from the configuration: why the program can never be opened.")
    permissives: list[PermissiveMessage]


def explain_message(
    state: State, permissives: Sequence[Permissive], *, stamp: Stamp, simulated: bool
) -> dict[str, Any]:
    """Return what a running daemon tells, as JSON values."""
    message = ExplainMessage(
        ts=stamp.ts,
        live=True,
        simulated=simulated,
        phase=state.phase,
        motion=state.motion,
        program=state.program,
        telemetry_age_s=None if state.telemetry_age_s is None else round(state.telemetry_age_s, 2),
        obstacles=[],
        permissives=[_permissive(permissive, _standing(permissive)) for permissive in permissives],
    )
    return message.model_dump(mode="json")


def explain_ahead(
    permissives: Sequence[Permissive],
    told: Collection[str],
    *,
    program: str | None,
    obstacles: Sequence[str],
    stamp: Stamp,
    simulated: bool,
) -> ExplainMessage:
    """Return what a configuration tells: of the rules `told` how they stand, of all others that they need a daemon."""
    return ExplainMessage(
        ts=stamp.ts,
        live=False,
        simulated=simulated,
        phase=None,
        motion=None,
        program=program,
        telemetry_age_s=None,
        obstacles=list(obstacles),
        permissives=[_ahead(permissive, told) for permissive in permissives],
    )


def _standing(permissive: Permissive) -> Standing:
    gauge = permissive.gauge
    if permissive.kind is None:
        return Standing.DOES_NOT_APPLY
    if permissive.broken:
        return Standing.BROKEN
    unheard = gauge.value is None and gauge.limit is not None and gauge.unit != "s"  # what was never is good
    return Standing.UNKNOWN if unheard else Standing.GOOD


def _ahead(permissive: Permissive, told: Collection[str]) -> PermissiveMessage:
    """Return a row of which the present motion is not known, and only for those `told` how they stand."""
    known = permissive if permissive.rule in told else replace(permissive, gauge=Gauge())
    standing = _standing(permissive) if permissive.rule in told else Standing.NEEDS_DAEMON
    return _permissive(known, standing).model_copy(update={"does": None})


def _permissive(permissive: Permissive, standing: Standing) -> PermissiveMessage:
    read = permissive.gauge
    return PermissiveMessage(
        rule=permissive.rule,
        standing=standing,
        does=permissive.kind,
        does_in=dict(permissive.kinds),
        value=None if read.value is None else round(read.value, 2),
        limit=None if read.limit is None else round(read.limit, 2),
        unit=read.unit,
        words=permissive.words,
        remedy=permissive.remedy,
    )

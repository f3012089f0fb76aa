"""What the daemon says, in plain words: all that the judge hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from retrowalk.model.reports import (
    Cue,
    PhaseChanged,
    PromptClosed,
    PromptOpened,
    Reply,
    Report,
    SegmentStarted,
    StopStep,
    Tripped,
    Warned,
    WorkoutEnded,
    WorkoutStarted,
)

_WORDS: Final[Mapping[type[Report], Callable[[Any], tuple[str, str]]]] = {
    Tripped: lambda r: ("tripped", r.trip.cause),
    StopStep: lambda r: ("alarm" if r.alarm else "step", f"{r.rung.value} {r.cause}"),
    PhaseChanged: lambda r: ("phase", r.phase.value),
    PromptOpened: lambda r: ("asks", f"{r.prompt.kind.value} {r.prompt.id}"),
    PromptClosed: lambda r: ("asked", f"{r.prompt_id} {r.answer}"),
    SegmentStarted: lambda r: ("segment", f"{r.what.value} {r.target.kmh:.2f} {r.duration_s}"),
    WorkoutStarted: lambda _: ("started", ""),
    WorkoutEnded: lambda r: ("ended", f"{r.ending.value} {r.bouts_done}"),
    Warned: lambda r: ("warned", f"{r.what}: {r.words}"),
    Reply: lambda r: ("replies", f"{r.verb.value} {'ok' if r.ok else r.reason}"),
    Cue: lambda r: ("cue", r.text),
}


def told(report: Report) -> tuple[str, str]:
    """Return what was said, and the details."""
    return _WORDS[type(report)](report)

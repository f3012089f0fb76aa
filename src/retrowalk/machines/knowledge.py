"""What counts: careful defaults, what the machine says, hearsay where it is more careful, and the record above all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from retrowalk.machines.facts import Facts
from retrowalk.machines.profile import Profile
from retrowalk.machines.record import Record
from retrowalk.model.numbers import BOARD_SPEED, RUN_DOWN_S, START_DELAY_S

CAREFUL_DEFAULT: Final = "careful default"
SAID: Final = "the machine"

# Slowest is what boarding asks for: the first frame after START trips on a machine that cannot do it. Fastest is what
# the weakest walking pads do, and no more.
DEFAULTS: Final = Facts(
    slowest_kmh=BOARD_SPEED.kmh,
    fastest_kmh=6.0,
    step_kmh=0.1,
    start_delay_s=START_DELAY_S,
    run_down_s=RUN_DOWN_S,
    starts_at_console_only=False,
)

# Hearsay reaches the interlock only through these: the more careful of two values counts.
_MORE_CAREFUL: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "slowest_kmh": max,
    "fastest_kmh": min,
    "step_kmh": max,
    "incline": min,
    "start_delay_s": max,
    "run_down_s": max,
}


@dataclass(frozen=True, slots=True)
class Known:
    """A value, and where it comes from, for a person."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that is known of one treadmill, fact by fact, and whether a record that holds says so."""

    facts: Mapping[str, Known]
    record: Record | None = None
    stale: Record | None = None  # one that held for another firmware
    profile: Profile | None = None

    def value(self, fact: str) -> Any:
        """Return what is known; None = nothing."""
        known = self.facts.get(fact)
        return known.value if known else None

    def rows(self) -> list[tuple[str, str, str]]:
        """Return everything that is known, for a person: what it is, its value, its source."""
        words = {name: field.description or name for name, field in Facts.model_fields.items()}
        return [
            (words[fact], _told(self.facts[fact].value), self.facts[fact].source)
            for fact in words
            if fact in self.facts
        ]

    @property
    def commissioned(self) -> bool:
        """Whether it was measured, as it is today, and passed."""
        return self.record is not None and self.record.passed

    @property
    def refused(self) -> bool:
        """Whether it was measured, as it is today, and failed."""
        return self.record is not None and not self.record.passed

    @property
    def silent_after_stop(self) -> bool:
        """Whether it was measured to fall silent: hearsay alone would excuse it from being watched."""
        return self.commissioned and self.value("after_stop") == "silence"

    @property
    def starts_at_console_only(self) -> bool:
        """Whether it was measured to start at its console only."""
        return self.commissioned and self.value("starts_at_console_only") is True


def know(said: Facts, profile: Profile | None, record: Record | None, stale: Record | None = None) -> Knowledge:
    """Put together what is known; each fact tells its source."""
    facts = {fact: Known(value, CAREFUL_DEFAULT) for fact, value in _given(DEFAULTS)}
    facts |= {fact: Known(value, SAID) for fact, value in _given(said)}
    if profile is not None:
        source = f"heard of {profile.title}"
        facts |= {fact: _weighed(fact, facts.get(fact), Known(value, source)) for fact, value in _given(profile.facts)}
    if record is not None and record.passed:
        source = f"commissioned {record.date:%Y-%m-%d}"
        facts |= {fact: Known(value, source) for fact, value in _given(record.facts)}
    return Knowledge(facts, record, stale, profile)


def _weighed(fact: str, held: Known | None, heard: Known) -> Known:
    """Return hearsay where nothing better is known, or where it is more careful than what is."""
    if held is None:
        return heard
    choose = _MORE_CAREFUL.get(fact)
    if choose is None or choose(held.value, heard.value) == held.value:
        return held
    return heard


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _given(facts: Facts) -> list[tuple[str, Any]]:
    return [(fact, value) for fact, value in facts if value is not None]

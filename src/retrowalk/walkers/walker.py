"""Who walks: the answers a walker gave once, and what follows from them for speed and heart rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from retrowalk.model.plan import ABSOLUTE
from retrowalk.model.settings import HeartLimits
from retrowalk.model.units import Speed
from retrowalk.walkers.caps import (
    BACKWARD_TEST_PASSED_S,
    CAPS,
    CAREFUL_AGE,
    CAREFUL_CAPS,
    FORWARD_WITHOUT_PACE,
    RESOLUTION,
    Caps,
    Level,
)
from retrowalk.walkers.heart import age_limits
from retrowalk.walkers.quantities import SpeedText, refuse_bool


class LevelLocked(Exception):  # noqa: N818 - says what happened, as the walker reads it
    """A level that this walker may not walk; `reasons` say why and what would unlock it."""

    def __init__(self, level: Level, reasons: tuple[str, ...]) -> None:
        super().__init__(f"level {level}: " + "; ".join(reasons))
        self.level = level
        self.reasons = reasons


class Walker(BaseModel):
    """One walker, as the `[walker]` table of a configuration has it. What is not known counts as the careful answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[Literal[0, 1, 2, 3], BeforeValidator(refuse_bool)] = 0
    comfortable_pace: SpeedText | None = None
    age: int | None = Field(default=None, ge=18, le=110, strict=True)
    fell_within_year: bool = Field(default=False, strict=True)
    backward_walk_test_s: float | None = Field(default=None, gt=0, le=60, allow_inf_nan=False)
    weight_kg: float | None = Field(default=None, ge=30, le=250, allow_inf_nan=False)
    injury: bool = Field(default=False, strict=True)
    severe_balance_or_neurological: bool = Field(default=False, strict=True)
    clinician_consulted: date | None = None
    heart_rate: Literal["limits", "age", "none"] | None = None
    heart_rate_soft_bpm: int | None = Field(default=None, ge=60, le=220, strict=True)
    heart_rate_hard_bpm: int | None = Field(default=None, ge=60, le=220, strict=True)
    resting_bpm: int | None = Field(default=None, ge=30, le=120, strict=True)
    beta_blocker: bool = Field(default=False, strict=True)
    cardiac_condition: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _pace_is_walkable(self) -> Self:
        pace = self.comfortable_pace
        if pace is not None and not Speed.from_mph(0.5) <= pace <= Speed.from_mph(5):
            raise ValueError(f"comfortable_pace {pace} is no walking pace; measure it, it lies between 0.5 and 5 mph")
        return self

    @model_validator(mode="after")
    def _heart_rate_is_complete(self) -> Self:
        if problem := self._heart_rate_problem():
            raise ValueError(problem)
        limits = self.heart_limits()
        if limits and limits.soft_bpm >= limits.hard_bpm:
            raise ValueError(f"heart_rate_soft_bpm {limits.soft_bpm} must lie below the hard {limits.hard_bpm} bpm")
        if limits and self.resting_bpm is not None and limits.soft_bpm <= self.resting_bpm:
            raise ValueError(f"the soft limit {limits.soft_bpm} bpm must lie above resting_bpm {self.resting_bpm}")
        return self

    def _heart_rate_problem(self) -> str | None:
        """Say which answer is missing for the chosen `heart_rate` method."""
        explicit = self.heart_rate_soft_bpm is not None and self.heart_rate_hard_bpm is not None
        given = self.heart_rate_soft_bpm is not None or self.heart_rate_hard_bpm is not None
        if self.heart_rate == "limits" and not explicit:
            return 'heart_rate = "limits" needs heart_rate_soft_bpm and heart_rate_hard_bpm'
        if self.heart_rate != "limits" and given:
            return 'heart_rate_soft_bpm and heart_rate_hard_bpm need heart_rate = "limits"'
        if self.heart_rate != "age":
            return None
        if self.beta_blocker or self.cardiac_condition:
            return (
                "with beta_blocker or cardiac_condition no formula holds; ask a clinician for numbers and write "
                'heart_rate = "limits", heart_rate_soft_bpm, heart_rate_hard_bpm'
            )
        if self.age is None or self.resting_bpm is None:
            return 'heart_rate = "age" needs age and resting_bpm (count the pulse for a minute after sitting for five)'
        return None

    @property
    def without_heart_rate(self) -> bool:
        """Whether the walker acknowledged walking without a heart-rate strap (levels 0 and 1 only)."""
        return self.heart_rate == "none"

    def heart_limits(self) -> HeartLimits | None:
        """Return the heart-rate limits, or None where the walker has none."""
        if self.heart_rate_soft_bpm is not None and self.heart_rate_hard_bpm is not None:
            return HeartLimits(self.heart_rate_soft_bpm, self.heart_rate_hard_bpm)
        if self.heart_rate == "age" and self.age is not None and self.resting_bpm is not None:
            return age_limits(self.age, self.resting_bpm)
        return None

    @property
    def careful(self) -> bool:
        """Whether the rows for 65 years or a fall apply; an unknown age counts."""
        return self.age is None or self.age >= CAREFUL_AGE or self.fell_within_year

    @property
    def passed_backward_test(self) -> bool:
        """Whether 3 m backward took no longer than 3.5 s."""
        return self.backward_walk_test_s is not None and self.backward_walk_test_s <= BACKWARD_TEST_PASSED_S

    def forward_cap(self) -> Speed:
        """Return the fastest forward speed: the comfortable pace, within the absolute cap."""
        pace = FORWARD_WITHOUT_PACE if self.comfortable_pace is None else self.comfortable_pace
        return min(pace, ABSOLUTE.forward.speed).floor_to(RESOLUTION)

    def backward_caps(self, level: Level) -> Caps:
        """Return the caps of `level` narrowed to this walker, speeds on the 0.1 km/h grid. Raises LevelLocked."""
        if reasons := tuple(self._locks(level)):
            raise LevelLocked(level, reasons)
        row = CAPS[level]
        speeds = [row.speed, self._pace_share(row.pace_percent), self._careful_cap(level)]
        fastest = min(speed for speed in speeds if speed is not None)
        return replace(row, speed=fastest.floor_to(RESOLUTION))

    def _pace_share(self, percent: int | None) -> Speed | None:
        if percent is None or self.comfortable_pace is None:
            return None
        return Speed(self.comfortable_pace.centi_kmh * percent // 100)

    def _careful_cap(self, level: Level) -> Speed | None:
        if not self.careful:
            return None
        row = CAREFUL_CAPS[level]
        return row.tested if self.passed_backward_test else row.untested

    def _locks(self, level: Level) -> list[str]:
        """Collect every reason why `level` is closed to this walker."""
        if level == "clinic":
            return self._clinic_locks()
        return [reason for closed, reason in self._lock_table(level) if closed]

    def _clinic_locks(self) -> list[str]:
        if self.clinician_consulted is not None:
            return []
        return ["a clinician's program needs clinician_consulted, the date on which one saw this walker"]

    def _lock_table(self, level: Literal[0, 1, 2, 3]) -> tuple[tuple[bool, str], ...]:
        age_or_fall = "from 65 years on, with an unknown age, or after a fall within a year, "
        locked = self.careful and self._careful_cap(level) is None
        return (
            (
                self.severe_balance_or_neurological,
                "with severe balance trouble or a neurological condition only a clinician's program may be walked",
            ),
            (
                self.injury and self.clinician_consulted is None,
                "with a knee trouble or injury ask a clinician first, then set clinician_consulted to that date",
            ),
            (level > self.level, f"it is for level {level}, and this walker is at level {self.level}"),
            (
                level > 0 and self.comfortable_pace is None,
                "without comfortable_pace only level 0 is open; it is the pace of an easy two-minute forward walk",
            ),
            (locked and level == 2, age_or_fall + "level 2 needs backward_walk_test_s of at most 3.5 (3 m backward)"),
            (locked and level == 3, age_or_fall + "level 3 is closed"),
        )

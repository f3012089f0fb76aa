"""Speeds and inclines as whole numbers of the protocol's own resolution, so that limits compare exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor
from typing import Final, Self

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000

_CENTI_KMH_PER_MPH: Final = 160.9344
_ROUNDING_SLACK: Final = 1e-6  # 2.3 * 100 is 229.999… in binary: not a reason to lose a hundredth
_QUANTITY: Final = re.compile(r"\s*([+-]?\d{1,6}(?:\.\d{1,6})?)\s*(\S+)\s*")


def seconds(value: float) -> int:
    """Return `value` seconds as nanoseconds, the unit of every time in the core."""
    return round(value * NS_PER_S)


@dataclass(frozen=True, slots=True, order=True)
class Speed:
    """A belt speed in hundredths of a km/h, the resolution of FTMS. Conversions round down, never up."""

    centi_kmh: int

    @classmethod
    def from_kmh(cls, kmh: float) -> Self:
        """Round `kmh` down to a hundredth of a km/h."""
        return cls(floor(kmh * 100 + _ROUNDING_SLACK))

    @classmethod
    def from_mph(cls, mph: float) -> Self:
        """Round `mph` down to a hundredth of a km/h: 0.5 mph is 0.80 km/h."""
        return cls(floor(mph * _CENTI_KMH_PER_MPH + _ROUNDING_SLACK))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "0.5 mph" or "0.8 km/h". Raises ValueError that says what would be right."""
        match = _QUANTITY.fullmatch(text)
        converters = {"mph": cls.from_mph, "km/h": cls.from_kmh, "kmh": cls.from_kmh}
        if match is None or match[2] not in converters:
            raise ValueError(f'{text!r} is not a speed; write "0.5 mph" or "0.8 km/h"')
        return converters[match[2]](float(match[1]))

    @property
    def kmh(self) -> float:
        """The speed in km/h."""
        return self.centi_kmh / 100

    @property
    def mph(self) -> float:
        """The speed in mph, to three decimals."""
        return round(self.centi_kmh / _CENTI_KMH_PER_MPH, 3)

    def floor_to(self, step: Speed, origin: Speed | None = None) -> Speed:
        """Round down to the grid `origin`, `origin + step`, … (the grid starts at 0 when no origin is given)."""
        base = origin.centi_kmh if origin else 0
        return Speed(base + (self.centi_kmh - base) // step.centi_kmh * step.centi_kmh)

    def __add__(self, other: Speed) -> Speed:
        return Speed(self.centi_kmh + other.centi_kmh)

    def __sub__(self, other: Speed) -> Speed:
        return Speed(self.centi_kmh - other.centi_kmh)

    def __bool__(self) -> bool:
        return self.centi_kmh != 0

    def __str__(self) -> str:
        return f"{self.kmh:.1f} km/h ({self.mph:.1f} mph)"


STANDSTILL: Final = Speed(0)


@dataclass(frozen=True, slots=True, order=True)
class Incline:
    """A belt incline in tenths of a percent, the resolution of FTMS."""

    tenths_pct: int

    @classmethod
    def from_pct(cls, pct: float) -> Self:
        """Round `pct` down to a tenth of a percent."""
        return cls(floor(pct * 10 + _ROUNDING_SLACK))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2 %" or "2.5%". Raises ValueError that says what would be right."""
        number = text.strip().removesuffix("%").strip()
        if not text.strip().endswith("%") or not re.fullmatch(r"[+-]?\d{1,6}(\.\d{1,6})?", number):
            raise ValueError(f'{text!r} is not an incline; write "2 %"')
        return cls.from_pct(float(number))

    @property
    def pct(self) -> float:
        """The incline in percent."""
        return self.tenths_pct / 10

    def floor_to(self, step: Incline) -> Incline:
        """Round down to a multiple of the machine's step."""
        return Incline(self.tenths_pct // step.tenths_pct * step.tenths_pct)

    def __add__(self, other: Incline) -> Incline:
        return Incline(self.tenths_pct + other.tenths_pct)

    def __sub__(self, other: Incline) -> Incline:
        return Incline(self.tenths_pct - other.tenths_pct)

    def __str__(self) -> str:
        return f"{self.pct:g} %"


LEVEL: Final = Incline(0)


def parse_duration(text: str) -> int:
    """Read "1:30" (minutes:seconds) as seconds. Raises ValueError that says what would be right."""
    match = re.fullmatch(r"\s*(\d{1,3}):([0-5]\d)\s*", text)
    if match is None:
        raise ValueError(f'{text!r} is not a duration; write minutes and seconds, "1:30"')
    return int(match[1]) * 60 + int(match[2])


def format_duration(duration_s: float) -> str:
    """Write seconds as "1:30"."""
    minutes, rest = divmod(round(duration_s), 60)
    return f"{minutes}:{rest:02d}"

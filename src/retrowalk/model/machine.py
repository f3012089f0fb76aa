"""What a connected treadmill says of itself, and what commissioning knows better."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.numbers import RUN_DOWN_S, START_DELAY_S
from retrowalk.model.units import Incline, Speed


@dataclass(frozen=True, slots=True)
class InclineRange:
    """The inclines that a machine accepts."""

    lowest: Incline
    highest: Incline
    step: Incline


@dataclass(frozen=True, slots=True)
class Machine:
    """A treadmill as the interlock trusts it. The defaults are the most careful assumptions."""

    address: str
    name: str
    slowest: Speed
    fastest: Speed
    step: Speed
    incline: InclineRange | None = None
    start_delay_s: float = START_DELAY_S  # START to first motion; 1.5 times this is the default of 8 s
    run_down_s: float = RUN_DOWN_S  # Stop to standstill; 1.5 times this is the default of 15 s
    starts_at_console_only: bool = False
    silent_after_stop: bool = False
    commissioned: bool = False
    refused: bool = False  # commissioning found that it must not be used
    make: str = ""  # manufacturer and model, as far as it says
    firmware: str = ""

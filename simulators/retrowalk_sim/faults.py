"""What can go wrong with a simulated device at any moment: settings that its owner may change between two calls."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(slots=True)
class Switchable:
    """Faults that are turned on and off by their names. A class of faults adds its fields."""

    def switch(self, name: str, *, on: bool, value: float | None = None) -> None:
        """Turn the fault `name` on (by `value`, else a usual amount) or off. Raises ValueError that lists the names."""
        names = [field.name for field in fields(self)]
        if name not in names:
            raise ValueError(f"{name!r} is not a fault; choose from {', '.join(names)}")
        usual = _USUAL.get(name)
        if usual is None:
            setattr(self, name, on)
        else:
            setattr(self, name, (usual if value is None else value) if on else 0.0)


@dataclass(slots=True)
class Faults(Switchable):
    """The faults of a treadmill that hold now. Nothing is wrong by default."""

    lose_indications: bool = False  # requests are executed and never answered
    late_indications_s: float = 0.0  # answers come that much later
    duplicate_indications: bool = False
    stall_writes: bool = False  # the write neither arrives nor is it ever responded to
    freeze_values: bool = False  # the same telemetry frame again and again
    freeze_counters: bool = False  # speed goes on, time and way do not
    silence: bool = False  # no telemetry
    control_held: bool = False  # another client has control: requests for it fail
    ignore_stop: bool = False  # stop succeeds and has no effect
    runaway_kmh: float = 0.0  # the belt runs that much faster than its set-point
    creep_kmh: float = 0.0  # the belt moves though nobody started it
    fail_set_points: bool = False  # their writes fail, and change nothing
    refuse_set_points: bool = False  # they are written, answered with a failure, and change nothing
    hang_set_points_s: float = 0.0  # they are carried out at once; response and answer come that much later
    ignore_start: bool = False  # start succeeds and has no effect
    deaf_countdown_s: float = 0.0  # after start it tells its target once, counts down that long, and takes no stop
    false_incline_pct: float = 0.0  # it tells an incline that much steeper than it is


_USUAL: Final = {
    "late_indications_s": 3.0,
    "runaway_kmh": 3.0,
    "creep_kmh": 0.8,
    "hang_set_points_s": 20.0,
    "deaf_countdown_s": 5.0,
    "false_incline_pct": 2.0,
    "artefact_bpm": 80.0,
}

"""Treadmills that were commissioned, for whoever needs one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from retrowalk.machines import Facts, Machines, Record
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.profiles import profiles


def record(profile: str = "ideal", *, passed: bool = True, **facts: Any) -> Record:
    """Return the record of a simulated treadmill: it passed, and `facts` were measured."""
    simulated = profiles()[profile]
    return Record(
        address=simulated.address,
        firmware=simulated.firmware,
        software="0",
        date=datetime(2026, 1, 31, tzinfo=UTC),
        passed=passed,
        facts=Facts(**facts),
    )


def commissioned(profile: str = "ideal", **facts: Any) -> TreadmillSettings:
    """Return settings which know that a simulated treadmill was commissioned, and `facts` about it."""
    return TreadmillSettings(machines=Machines(records=(record(profile, **facts),)))

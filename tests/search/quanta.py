"""What of an interlock tells two states apart: every attribute by name, times as quantised ages.

A row is needed for each attribute of each part of the interlock: a new attribute fails a test until it has one.
An age counts the limits that it has passed: 0 is fresh, then warn, then expired. None = the clock does not run.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from operator import attrgetter
from typing import Any, Final, NamedTuple

from retrowalk.interlock import Interlock
from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.kernel import _InFlight
from retrowalk.interlock.ladder import Ladder
from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.reports import Rung
from retrowalk.model.units import seconds

ENOUGH: Final = 2  # counts matter up to here


class Rest(Enum):
    """When a watched timer is at rest, that is, not away from fresh."""

    YOUNG = auto()  # it is refreshed again and again, as telemetry is
    OLD = auto()  # what it times is long over, as the edge of a strap that has settled
    UNSET = auto()  # it does not run
    ALWAYS = auto()  # nothing hangs on it but our own pace, as the age of a set-point: it is not counted


@dataclass(frozen=True, slots=True)
class Age:
    """A time that is looked at as an age: the limits that the interlock compares it with, in rising order."""

    limits_ns: tuple[int, ...]
    rest: Rest = Rest.ALWAYS

    def quantised(self, at_ns: int | None, now_ns: int) -> int | None:
        """Return how many limits the age has passed."""
        return None if at_ns is None else passed(self.limits_ns, now_ns - at_ns)

    def next_ns(self, at_ns: int, now_ns: int) -> int | None:
        """Return the moment after which one limit more is passed; None = all are."""
        age_ns = now_ns - at_ns
        return next((at_ns + limit_ns + 1 for limit_ns in self.limits_ns if age_ns <= limit_ns), None)

    def away(self, at_ns: int | None, now_ns: int) -> bool:
        """The timer is away from fresh."""
        if at_ns is None or self.rest is Rest.ALWAYS:
            return False
        passed = self.quantised(at_ns, now_ns)
        return self.rest is Rest.UNSET or (passed != 0 if self.rest is Rest.YOUNG else passed != len(self.limits_ns))


passed: Final = bisect_left
"""How many limits an age has passed: those that are less than it."""

type Look = Callable[[Any, int], Hashable]  # of a value that is not None, at a time


class Sight(Enum):
    """How else an attribute is looked at."""

    AS_IT_IS = auto()
    IGNORED = auto()


AS_IT_IS: Final = Sight.AS_IT_IS
IGNORED: Final = Sight.IGNORED


def _given(_: object, _now_ns: int) -> bool:
    return True


def _count(value: int, _: int) -> int:
    return min(value, ENOUGH)


def _samples(times_ns: Any, now_ns: int) -> Hashable:
    return len(times_ns), bool(times_ns) and now_ns - times_ns[0] <= n.HEART_RATE_ENTRY_NS


def _stuck(since_ns: dict[int, int], now_ns: int) -> Hashable:
    return min(len(since_ns), ENOUGH), _STUCK.quantised(min(since_ns.values(), default=None), now_ns)


_STUCK: Final = Age((n.STOP_RESEND_NS, n.STOP_EFFECT_NS), Rest.YOUNG)
_TELLING: Final = {
    Rung.WITHOUT_RESPONSE,
    Rung.LINK_REBUILT,
    Rung.NO_STANDSTILL,
    Rung.RELAY_OPENED,
}  # the others are only reported
_RUN_DOWN_NS: Final = seconds(n.RUN_DOWN_S * n.RUN_DOWN_PATIENCE)
_START_PATIENCE_NS: Final = seconds(n.START_DELAY_S * n.START_PATIENCE)


def _part(part: object, now_ns: int) -> Hashable:
    return look(part, now_ns)


def _getter(names: Iterable[str]) -> Callable[[object], tuple[Any, ...]]:
    """Return what reads these attributes as one tuple."""
    named = tuple(names)
    match named:
        case ():
            return lambda _: ()
        case (name,):
            return lambda part: (getattr(part, name),)
        case _:
            return attrgetter(*named)


ROWS: Final[dict[type, dict[str, Age | Look | Sight]]] = {
    Interlock: {
        "readings": _part,
        "motion": AS_IT_IS,
        "trip": _given,
        "opened": AS_IT_IS,
        "commands": IGNORED,  # empty between two calls
        "reports": IGNORED,
        "_ladder": _part,
        "_drive": _part,
        "_in_flight": _part,
        "_number": IGNORED,  # numbers only grow
        "_boarding": IGNORED,
        "_control_number": _given,
        "_control_wanted": AS_IT_IS,
        "_control_asked_ns": Age((n.CONTROL_RETRY_NS,)),
        "_judged_ns": IGNORED,  # for figures in words only
        "_warned": IGNORED,  # warnings decide nothing
        "_relay_closed": AS_IT_IS,
        "_broken": IGNORED,  # follows from the readings, anew in each call
    },
    _InFlight: {
        "number": IGNORED,
        "since_ns": Age((n.ANSWER_PATIENCE_NS,)),
        "starts": AS_IT_IS,
        "written": AS_IT_IS,
    },
    Readings: {
        "settings": IGNORED,  # fixed in one search
        "heart": _part,
        "belt": _part,
        "machine": _given,
        "plan": _given,
        "heard_ns": Age((n.STOP_ALARM_STAYS_NS,)),
        "linked_ns": Age((n.START_LOCKOUT_NS, n.STARTS_ON_CONNECT_NS), Rest.OLD),
        "link_lost_because": IGNORED,
        "strap_closed": AS_IT_IS,
        "strap_ns": Age((n.STRAP_STABLE_NS,), Rest.OLD),
        "strap_proven_ns": Age((n.PRESENCE_EXPIRES_NS,)),
        "key_missing": AS_IT_IS,
        "key_ns": Age((n.STRAP_STABLE_NS,), Rest.OLD),
        "console_stop_ns": Age((n.UNEXPLAINED_STANDSTILL_NS,), Rest.OLD),
        "control_lost": AS_IT_IS,
        "presence_ns": Age((n.PRESENCE_EXPIRES_NS,)),
        "declared_ns": Age((n.PRESENCE_EXPIRES_NS,)),
        "marker_stored": AS_IT_IS,
        "markers_asked": _count,
        "marker_asked_ns": Age((n.MARKER_RETRY_NS,)),
        "low_power": AS_IT_IS,
        "resting_bpm": IGNORED,  # for a warning only
        "highest_bpm": IGNORED,
        "latched": AS_IT_IS,
        "lag_ns": IGNORED,  # for people only
        "lagged_ns": Age((n.LAG_TRIP_NS,), Rest.OLD),
        "facing": AS_IT_IS,
        "ahead": AS_IT_IS,
        "started_ns": Age((_START_PATIENCE_NS,)),
        "start_refused": AS_IT_IS,
        "overspeed_ns": Age((n.OVERSPEED_FOR_NS,), Rest.UNSET),
        "tilted_ns": Age((n.TILTED_FOR_NS,), Rest.UNSET),
        "highest": AS_IT_IS,
        "commanded": lambda points, _: max((speed for _, speed in points), default=None),
    },
    Belt: {
        "frame": lambda frame, _: (frame.speed, frame.incline),
        "frame_ns": Age((n.TELEMETRY_WARN_NS, n.TELEMETRY_TRIP_NS), Rest.YOUNG),
        "zero_frames": _count,
        "moving_frames": _count,
        "zero_ns": Age((n.UNEXPLAINED_STANDSTILL_NS,)),
        "moving_ns": Age((n.ELAPSED_FROZEN_NS,)),
        "elapsed_s": _given,
        "elapsed_ns": Age((n.ELAPSED_FROZEN_NS,), Rest.YOUNG),
        "changed_ns": Age((n.ELAPSED_FROZEN_NS,)),
        "stood": AS_IT_IS,
    },
    HeartRateFilter: {
        "limits": IGNORED,
        "bpm": lambda bpm, _: bpm // 10,
        "good_ns": Age((n.HEART_RATE_NO_INCREASE_NS, n.HEART_RATE_LOST_NS), Rest.YOUNG),
        "_suspect_ns": Age((n.HEART_RATE_SUSPECT_NS,), Rest.UNSET),
        "_candidates": lambda bpms, _: min(len(bpms), ENOUGH),
        "_recent": _samples,
        "_window": lambda bpms, _: tuple(sorted(bpm // 10 for bpm in bpms)),
        "_heard_ns": Age((n.HEART_RATE_LOST_NS,)),
        "_rr_ns": Age((n.HEART_RATE_RR_MISSING_NS,)),
        "_changed_ns": Age((n.HEART_RATE_UNCHANGED_NS,)),
        "_last": _given,
        "_over_hard_ns": Age((n.HEART_RATE_HARD_NS,), Rest.UNSET),
        "_over_soft_ns": Age((n.HEART_RATE_SOFT_NS,), Rest.UNSET),
    },
    Drive: {
        "speed_ramp": _part,
        "incline_ramp": _part,
        "set_point": AS_IT_IS,
        "set_point_ns": Age((n.CONSOLE_LOWERED_NS,)),
        "incline": AS_IT_IS,
        "eased": AS_IT_IS,
        "eased_ns": Age((n.HEART_RATE_EASE_NS,)),
        "console": AS_IT_IS,
        "lowered_ns": Age((n.CONSOLE_LOWERED_NS,), Rest.UNSET),
        "_former": AS_IT_IS,
    },
    Ramp: {
        "scaled": lambda scaled, _: Ramp(scaled, 0).value,
        "at_ns": Age((2 * n.TICK_NS,)),
    },
    Ladder: {
        "cause": IGNORED,
        "demanded_ns": Age((n.STOP_EFFECT_NS, _RUN_DOWN_NS, n.STOP_ALARM_STAYS_NS), Rest.YOUNG),
        "again_ns": Age((n.STOP_ALARM_STAYS_NS,)),
        "lowest": AS_IT_IS,
        "fell_ns": Age((n.STOP_STALLED_NS,)),
        "from_speed": AS_IT_IS,
        "run_down_ns": IGNORED,  # fixed by the machine
        "new_number": IGNORED,
        "relay": AS_IT_IS,
        "lost_ns": Age((n.RELAY_LINK_LOST_NS,)),
        "not_before_ns": Age((0,)),
        "outstanding": _stuck,
        "writes": IGNORED,  # decides what goes with a Stop, not whether one goes
        "rebuilding": AS_IT_IS,
        "settled_ns": Age((n.STOP_RESEND_NS,)),
        "first_written_ns": Age((n.STOP_EFFECT_NS,)),
        "climbed": lambda rungs, _: frozenset(rungs & _TELLING),
        "commands": IGNORED,
        "steps": IGNORED,
    },
}


class _Looks(NamedTuple):
    """A kind's rows, sorted by how they are looked at."""

    plain: Callable[[object], tuple[Any, ...]]
    moments: Callable[[object], tuple[Any, ...]]
    limits_ns: tuple[tuple[int, ...], ...]
    others: Callable[[object], tuple[Any, ...]]
    looks: tuple[Look, ...]


def _sorted(rows: dict[str, Age | Look | Sight]) -> _Looks:
    ages = {name: row.limits_ns for name, row in rows.items() if isinstance(row, Age)}
    others = {name: row for name, row in rows.items() if not isinstance(row, Age | Sight)}
    plain = (name for name, row in rows.items() if row is AS_IT_IS)
    return _Looks(_getter(plain), _getter(ages), tuple(ages.values()), _getter(others), tuple(others.values()))


_LOOKS: Final[dict[type, _Looks]] = {kind: _sorted(rows) for kind, rows in ROWS.items()}
_AGES: Final = {
    kind: tuple((name, row) for name, row in rows.items() if isinstance(row, Age)) for kind, rows in ROWS.items()
}


def look(part: object, now_ns: int) -> Hashable:
    """Return what tells this part's states apart."""
    plain, moments, limits_ns, others, looks = _LOOKS[_kind(part)]
    return (
        plain(part),
        *[
            None if at is None else passed(limits, now_ns - at)
            for at, limits in zip(moments(part), limits_ns, strict=True)
        ],
        *[None if value is None else other(value, now_ns) for value, other in zip(others(part), looks, strict=True)],
    )


def timers(lock: Interlock) -> Iterator[tuple[str, Age, int]]:
    """Yield every running timer of an interlock."""
    parts = (lock, lock.readings, lock.readings.belt, lock.readings.heart, lock._ladder, lock._drive, lock._in_flight)
    for part in parts:
        if part is not None:
            for name, age in _AGES[_kind(part)]:
                at_ns = getattr(part, name)
                if at_ns is not None:
                    yield name, age, at_ns
    if lock._ladder and lock._ladder.outstanding:
        yield "outstanding", _STUCK, min(lock._ladder.outstanding.values())


def away(lock: Interlock, now_ns: int) -> int:
    """Return how many watched timers are away from fresh."""
    return sum(age.away(at_ns, now_ns) for _, age, at_ns in timers(lock))


def _kind(part: object) -> type:
    return Interlock if isinstance(part, Interlock) else type(part)

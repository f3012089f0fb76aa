"""A second interlock in the same state, cheaply: what is frozen is shared, what changes is copied."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, get_args, get_origin, get_type_hints

from retrowalk.interlock import Interlock
from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.kernel import _InFlight
from retrowalk.interlock.ladder import Ladder
from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.readings import Readings

_PARTS: Final = ("readings", "_ladder", "_drive", "_in_flight")
_CHANGING_IN_LOCK: Final = ("commands", "reports", "_broken", "_warned", *_PARTS)


def fork(lock: Interlock) -> Interlock:
    """Copy a whole interlock; the copy numbers its own commands."""
    twin = _fork_object(
        lock, "commands", "reports", "_broken", "_warned", "readings", "_ladder", "_drive", "_in_flight"
    )
    if twin._ladder:
        twin._ladder.new_number = twin._next_number
    return twin


def _fork_heart(heart: HeartRateFilter) -> HeartRateFilter:
    return _fork_object(heart, "_candidates", "_recent", "_window")


def _fork_object[T](part: T, *changing: str) -> T:
    """Copy an object without slots."""
    twin = object.__new__(type(part))
    held = twin.__dict__ = part.__dict__.copy()
    for name in changing:
        value = held[name]
        if value is not None:
            held[name] = _FORKS[type(value)](value)
    return twin


def _fork_dataclass[T](part: T) -> T:
    """Copy a dataclass with slots by making it anew, which is the cheapest way."""
    kind = type(part)
    twin = kind(*_FIELDS[kind](part))
    for name in _CHANGING[kind]:
        value = getattr(part, name)
        if value is not None:
            setattr(twin, name, _FORKS[type(value)](value))
    return twin


_DATACLASSES: Final = (Belt, Drive, Ladder, Ramp, Readings, _InFlight)
_FORKS: Final[dict[type, Callable[[Any], Any]]] = {
    list: list.copy,
    set: set.copy,
    dict: dict.copy,
    deque: deque.copy,
    HeartRateFilter: _fork_heart,
    **dict.fromkeys(_DATACLASSES, _fork_dataclass),
}


def _changing(kind: type) -> tuple[str, ...]:
    """Return the fields that hold something that changes in place."""
    kinds = tuple(_FORKS)
    hints = ((name, (hint, *get_args(hint))) for name, hint in get_type_hints(kind).items())
    return tuple(name for name, held in hints if any((get_origin(one) or one) in kinds for one in held))


_FIELDS: Final[dict[type, Callable[[Any], tuple[Any, ...]]]] = {
    kind: attrgetter(*(field.name for field in fields(kind))) for kind in _DATACLASSES
}
_CHANGING: Final[dict[type, tuple[str, ...]]] = {kind: _changing(kind) for kind in _DATACLASSES}

"""What a configuration alone tells of the permissives, for `retrowalk explain` without a running daemon."""

from __future__ import annotations

from typing import Final

from retrowalk.config import Config
from retrowalk.engine import Engine
from retrowalk.model import numbers as n
from retrowalk.model.machine import Machine
from retrowalk.model.observations import LinkUp
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Permissive
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Speed

TOLD: Final = frozenset(
    ("strap_too_weak", "no_handrails", "heart_rate_demanded", "machine_refused", "uncommissioned", "single_bout_only")
)
"""The rules that look at nothing but the plan, the settings and what is known of the treadmill."""


def permissives_ahead(config: Config, plan: Plan | None) -> tuple[Permissive, ...]:
    """Return every rule as it would stand with `plan`; only those in TOLD mean anything."""
    engine = Engine(config.engine_settings())
    if plan:
        engine.handle(Request(Verb.SELECT_PROGRAM, Origin.SOCKET, plan=plan), 0)
    engine.handle(LinkUp(_machine(config)), 0)
    return engine.permissives(0)


def _machine(config: Config) -> Machine:
    """Return a treadmill of which nothing is known but what the configuration and its records know."""
    settings = config.treadmill_settings()
    known = settings.expected
    return Machine(
        address=settings.address or "",
        name=settings.name or "",
        slowest=n.BOARD_SPEED,
        fastest=n.BOARD_SPEED,
        step=Speed.from_kmh(0.1),
        starts_at_console_only=known.starts_at_console_only,
        silent_after_stop=known.silent_after_stop,
        commissioned=known.commissioned,
        refused=known.refused,
    )

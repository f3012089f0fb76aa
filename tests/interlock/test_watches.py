"""What each gauge shows: the figure that its rule is decided by, and the limit that it is decided at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from retrowalk.interlock.readings import Readings
from retrowalk.interlock.rules import RULES
from retrowalk.model import numbers as n
from retrowalk.model.observations import Telemetry
from retrowalk.model.reports import Gauge
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import STANDSTILL, Incline, Speed, seconds
from support.ideal_belt import MACHINE, TWO_BOUTS, forward, plan
from support.interlock_bench import NOW, at_level, good_readings, moving

BY_NAME = {rule.name: rule for rule in RULES}

type Spoil = Callable[[Readings], object]


def ago(attribute: str, age_s: float, part: str = "") -> Spoil:
    """Return what puts a time of the readings, or of a part of them, so far back."""
    return lambda r: setattr(getattr(r, part) if part else r, attribute, NOW - seconds(age_s))


def both(*spoils: Spoil) -> Spoil:
    """Do one after the other."""
    return lambda r: [spoil(r) for spoil in spoils]


def runs_at(kmh: float) -> Spoil:
    """Let the belt run."""
    return lambda r: setattr(r, "belt", moving(Speed.from_kmh(kmh)))


def tilted(tenths_pct: int) -> Spoil:
    """Let the belt tell an incline."""
    return lambda r: r.hear(Telemetry(STANDSTILL, Incline(tenths_pct)), NOW)


def give(**values: object) -> Spoil:
    """Set attributes of the readings."""

    def spoil(r: Readings) -> None:
        for name, value in values.items():
            setattr(r, name, value)

    return spoil


def tier(strap: StrapTier) -> Spoil:
    """Configure another strap."""
    return lambda r: setattr(r, "settings", replace(r.settings, strap=strap))


def frozen(for_s: float) -> Spoil:
    """Let frames repeat themselves for so long."""

    def spoil(r: Readings) -> None:
        r.belt = moving()
        r.belt.changed_ns = None
        r.belt.moving_ns = r.belt.elapsed_ns = NOW - seconds(for_s)

    return spoil


SHOWN: list[tuple[str, Spoil, Gauge]] = [
    ("strap_open", ago("strap_ns", 4), Gauge(4.0, None, "s")),
    ("strap_unsettled", ago("strap_ns", 0.5), Gauge(0.5, 1.0, "s")),
    ("strap_unproven", ago("strap_proven_ns", 50), Gauge(50.0, 45.0, "s")),
    ("strap_unproven", give(strap_proven_ns=None), Gauge(None, 45.0, "s")),
    ("strap_too_weak", both(tier(StrapTier.ATTESTED), give(plan=at_level(2))), Gauge(2, 1, "level")),
    ("strap_too_weak", both(tier(StrapTier.REPORTED), give(plan=at_level(2))), Gauge(2, None, "level")),
    ("safety_key", ago("key_ns", 0.25), Gauge(0.25, 1.0, "s")),
    ("key_unconfirmed", ago("key_ns", 9), Gauge(9.0, None, "s")),
    ("heart_rate_hard", give(), Gauge(90, 140, "bpm")),
    ("heart_rate_soft", give(), Gauge(90, 120, "bpm")),
    ("heart_rate_hard", lambda r: setattr(r, "settings", replace(r.settings, heart=None)), Gauge(90, None, "bpm")),
    ("heart_rate_lost", ago("good_ns", 11, "heart"), Gauge(11.0, 10.0, "s")),
    ("heart_rate_stale", ago("good_ns", 6, "heart"), Gauge(6.0, 5.0, "s")),
    ("heart_rate_demanded", give(plan=at_level(3)), Gauge(3, 1, "level")),
    ("heart_rate_unsettled", give(), Gauge(4, 4, "good samples")),
    ("heart_rate_flat", give(resting_bpm=80, highest_bpm=83), Gauge(3, 5, "bpm more")),
    ("heart_rate_flat", give(resting_bpm=None, highest_bpm=83), Gauge(None, 5, "bpm more")),
    ("link_down", ago("linked_ns", 7), Gauge(7.0, None, "s")),
    ("telemetry_late", ago("frame_ns", 2, "belt"), Gauge(2.0, 1.5, "s")),
    ("telemetry_stale", ago("frame_ns", 4, "belt"), Gauge(4.0, 3.0, "s")),
    ("stop_unseen", ago("frame_ns", 4, "belt"), Gauge(4.0, 3.0, "s")),
    ("telemetry_frozen", frozen(4), Gauge(4.0, 3.0, "s")),
    ("telemetry_frozen", give(), Gauge(None, 3.0, "s")),
    ("first_speed", runs_at(1.2), Gauge(1.2, 0.9, "km/h")),
    ("first_speed", both(runs_at(1.2), give(machine=None)), Gauge(1.2, 0.8, "km/h")),
    ("first_speed", lambda r: setattr(r, "belt", type(r.belt)()), Gauge(None, 0.9, "km/h")),
    ("overspeed", runs_at(2), Gauge(2.0, 1.3, "km/h")),
    ("tilted", tilted(40), Gauge(4.0, 3.0, "%")),
    ("tilted", both(tilted(40), give(plan=None)), Gauge(4.0, None, "%")),
    ("tilted", lambda r: setattr(r, "belt", type(r.belt)()), Gauge(None, 3.0, "%")),
    ("starts_on_connect", runs_at(2), Gauge(2.0, 0.0, "km/h")),
    ("uncommanded_motion", runs_at(2), Gauge(2.0, 0.0, "km/h")),
    ("uncommanded_motion", give(), Gauge(0.0, 0.0, "km/h")),
    ("unexplained_standstill", ago("zero_ns", 3, "belt"), Gauge(3.0, 2.0, "s")),
    ("standstill_unverified", ago("zero_ns", 3, "belt"), Gauge(3.0, None, "s")),
    ("no_motion", ago("started_ns", 9), Gauge(9.0, 8.0, "s")),
    ("console_stop", ago("console_stop_ns", 1), Gauge(1.0, 2.0, "s")),
    ("loop_lag", ago("lagged_ns", 0.5), Gauge(0.5, 1.0, "s")),
    ("start_lockout", ago("linked_ns", 2), Gauge(2.0, 3.0, "s")),
    ("absent", ago("presence_ns", 50), Gauge(50.0, 45.0, "s")),
    ("absent", both(give(presence_ns=None), ago("declared_ns", 20)), Gauge(20.0, 45.0, "s")),
    ("absent", both(ago("presence_ns", 50), ago("declared_ns", 20)), Gauge(50.0, 45.0, "s")),
    ("machine_too_fast", give(machine=replace(MACHINE, slowest=Speed.from_kmh(2))), Gauge(2.0, 1.6, "km/h")),
    ("machine_too_fast", give(plan=plan(forward((2.0, 60)))), Gauge(0.8, 4.82, "km/h")),
    ("machine_too_fast", give(plan=None), Gauge(0.8, 0.8, "km/h")),
    ("single_bout_only", give(), Gauge(len(TWO_BOUTS.bouts), 1, "bouts")),
    ("single_bout_only", give(plan=None), Gauge(None, 1, "bouts")),
    ("uncommissioned", give(plan=at_level(2)), Gauge(2, 0, "level")),
    ("control_lost", give(), Gauge()),
]


@pytest.mark.parametrize(("name", "spoil", "shown"), SHOWN, ids=[f"{row[0]}-{row[2]}" for row in SHOWN])
def test_a_gauge_shows_what_its_rule_looks_at(name: str, spoil: Spoil, shown: Gauge) -> None:
    """Value, limit and unit."""
    r = good_readings()
    spoil(r)
    assert BY_NAME[name].gauge(r, NOW) == shown


def test_every_rule_with_a_figure_is_shown() -> None:
    """A rule whose gauge is not in the list has nothing to show."""
    r = good_readings()
    shown = {row[0] for row in SHOWN}
    assert [rule.name for rule in RULES if rule.name not in shown and rule.gauge(r, NOW) != Gauge()] == []


def test_a_gauge_speaks_for_itself() -> None:
    """In words for a refusal; nothing known says nothing."""
    assert str(Gauge(2.0, 1.6, "km/h")) == "2, limit 1.6 km/h"
    assert str(Gauge(3.14159, None, "s")) == "3.14 s"
    assert str(Gauge(None, 1.5, "s")) == ""


def test_a_plan_backward_on_a_machine_without_a_ceiling_of_its_own_has_the_absolute_one() -> None:
    """The least of the plan's caps and the highest board speed counts."""
    r = good_readings()
    r.machine = None
    limit = BY_NAME["machine_too_fast"].gauge(r, NOW).limit
    assert limit == n.BOARD_SPEED_HIGHEST.kmh
    assert r.belt.speed == STANDSTILL

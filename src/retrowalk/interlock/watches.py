"""What each rule watches: the condition that breaks it, and the gauge that shows how near it is to that.

A watch is both at once, so that a rule cannot break at one figure and show another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.reports import Gauge
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import NS_PER_S, Speed

type Condition = Callable[[Readings, int], bool]
type Dial = Callable[[Readings, int], Gauge]
type Moment = Callable[[Readings], int | None]


class Watch(NamedTuple):
    """`broken` says whether the rule is broken, `gauge` what was read and what its limit is."""

    broken: Condition
    gauge: Dial


# -- times


def older(moment: Moment, limit_ns: int) -> Watch:
    """Broken when it was never, or longer ago than the limit."""

    def broken(r: Readings, now_ns: int) -> bool:
        at_ns = moment(r)
        return at_ns is None or now_ns - at_ns > limit_ns

    return Watch(broken, _age(moment, limit_ns))


def within(moment: Moment, limit_ns: int) -> Watch:
    """Broken when it was, no longer ago than the limit."""

    def broken(r: Readings, now_ns: int) -> bool:
        at_ns = moment(r)
        return at_ns is not None and now_ns - at_ns <= limit_ns

    return Watch(broken, _age(moment, limit_ns))


def lasting(moment: Moment, limit_ns: int) -> Watch:
    """Broken when it has lasted for the limit."""

    def broken(r: Readings, now_ns: int) -> bool:
        at_ns = moment(r)
        return at_ns is not None and now_ns - at_ns >= limit_ns

    return Watch(broken, _age(moment, limit_ns))


def simply(broken: Callable[[Readings], bool], gauge: Dial | None = None) -> Watch:
    """Broken or not, whatever the time is."""
    return Watch(lambda r, _: broken(r), gauge or _nothing)


def heart_rate_older(limit_ns: int) -> Watch:
    """Broken when the last good heart rate is too old, where one is needed."""

    def broken(r: Readings, now_ns: int) -> bool:
        return r.heart_rate_needed and _older(r.heart.good_ns, limit_ns, now_ns)

    return Watch(broken, _age(lambda r: r.heart.good_ns, limit_ns))


def _older(at_ns: int | None, limit_ns: int, now_ns: int) -> bool:
    return at_ns is None or now_ns - at_ns > limit_ns


def _age(moment: Moment, limit_ns: int | None = None) -> Dial:
    limit = None if limit_ns is None else limit_ns / NS_PER_S

    def gauge(r: Readings, now_ns: int) -> Gauge:
        at_ns = moment(r)
        return Gauge(None if at_ns is None else (now_ns - at_ns) / NS_PER_S, limit, "s")

    return gauge


def _nothing(_r: Readings, _now_ns: int) -> Gauge:
    return Gauge()


# -- strap and key


def _strap_open(r: Readings) -> bool:
    return r.settings.strap is StrapTier.LINE and r.strap_closed is not True


def _strap_unsettled(r: Readings, now_ns: int) -> bool:
    return r.settings.strap is StrapTier.LINE and now_ns - r.strap_ns < n.STRAP_STABLE_NS


def _strap_unproven(r: Readings, now_ns: int) -> bool:
    return r.settings.strap is StrapTier.LINE and _older(r.strap_proven_ns, n.PRESENCE_EXPIRES_NS, now_ns)


def _strap_too_weak(r: Readings) -> bool:
    if r.plan is None or not r.plan.backward:
        return False
    tier = r.settings.strap
    return tier is StrapTier.NONE or (tier is StrapTier.ATTESTED and r.level > n.ATTESTED_STRAP_HIGHEST_LEVEL)


strap_open = simply(_strap_open, _age(lambda r: r.strap_ns))
strap_unsettled = Watch(_strap_unsettled, _age(lambda r: r.strap_ns, n.STRAP_STABLE_NS))
strap_unproven = Watch(_strap_unproven, _age(lambda r: r.strap_proven_ns, n.PRESENCE_EXPIRES_NS))
strap_too_weak = simply(_strap_too_weak, lambda r, _: Gauge(r.level, _highest_level(r), "level"))
key_pulled = within(lambda r: r.key_ns, n.STRAP_STABLE_NS)
key_unconfirmed = simply(lambda r: r.key_missing, _age(lambda r: r.key_ns))


def _highest_level(r: Readings) -> int | None:
    return n.ATTESTED_STRAP_HIGHEST_LEVEL if r.settings.strap is StrapTier.ATTESTED else None


# -- heart rate


def _heart_rate_demanded(r: Readings) -> bool:
    if r.plan is None or r.heart_rate_needed:
        return False
    return r.level > n.EXCUSED_HIGHEST_LEVEL or not r.settings.without_heart_rate


def _flat(r: Readings, now_ns: int) -> bool:
    """The heart has worked long enough to tell, and is where it was when the belt started."""
    worked = r.started_ns is not None and now_ns - r.started_ns >= n.HEART_RATE_RISE_NS
    rise_bpm = r.heart_rate_rise_bpm
    return worked and r.heart_rate_needed and rise_bpm is not None and rise_bpm < n.HEART_RATE_RISE_BPM


def _bpm(r: Readings, hard: bool) -> Gauge:
    limits = r.settings.heart
    limit = None if limits is None else limits.hard_bpm if hard else limits.soft_bpm
    return Gauge(r.heart.bpm, limit, "bpm")


heart_rate_hard = Watch(lambda r, now: r.heart.over_hard(now), lambda r, _: _bpm(r, hard=True))
heart_rate_soft = Watch(lambda r, now: r.heart.over_soft(now), lambda r, _: _bpm(r, hard=False))
heart_rate_demanded = simply(_heart_rate_demanded, lambda r, _: Gauge(r.level, n.EXCUSED_HIGHEST_LEVEL, "level"))
heart_rate_unsettled = Watch(
    lambda r, now: r.heart_rate_needed and not r.heart.settled(now),
    lambda r, now: Gauge(r.heart.entry_samples(now), n.HEART_RATE_ENTRY_SAMPLES, "good samples"),
)
heart_rate_flat = Watch(_flat, lambda r, _: Gauge(r.heart_rate_rise_bpm, n.HEART_RATE_RISE_BPM, "bpm more"))


# -- the treadmill


def _stop_unseen(r: Readings, now_ns: int) -> bool:
    silent = r.machine is not None and r.machine.silent_after_stop
    return not silent and _older(r.belt.frame_ns, n.TELEMETRY_TRIP_NS, now_ns)


def _frozen_ns(r: Readings) -> int | None:
    """Return for how long frames have repeated themselves while the belt moves; None = it cannot be told.

    Neither the machine's clock, once seen to advance, nor its speed changes. A changing speed is news: there are
    machines whose clock stands while they run down.
    """
    belt = r.belt
    if belt.frame_ns is None or belt.elapsed_ns is None or belt.moving_ns is None:
        return None
    return belt.frame_ns - max(belt.elapsed_ns, belt.moving_ns, belt.changed_ns or 0)


def _frozen_gauge(r: Readings, _now_ns: int) -> Gauge:
    frozen_ns = _frozen_ns(r)
    return Gauge(None if frozen_ns is None else frozen_ns / NS_PER_S, n.ELAPSED_FROZEN_NS / NS_PER_S, "s")


def _first_speed_too_high(r: Readings) -> bool:
    speed, machine, board_speed = r.belt.speed, r.machine, r.board_speed
    if speed is None or machine is None or r.highest > board_speed:
        return False
    return speed > board_speed + machine.step


def _starts_on_connect(r: Readings) -> bool:
    """The belt was seen to stand on this link, and moves so soon that connecting is the likeliest cause."""
    moving_ns, linked_ns = r.belt.moving_ns, r.linked_ns
    if moving_ns is None or linked_ns is None or not (r.belt.runs and r.belt.stood):
        return False
    return moving_ns - linked_ns <= n.STARTS_ON_CONNECT_NS


def _unexplained_standstill(r: Readings, now_ns: int) -> bool:
    return r.belt.stands and r.belt.zero_ns is not None and now_ns - r.belt.zero_ns >= n.UNEXPLAINED_STANDSTILL_NS


def _machine_too_fast(r: Readings) -> bool:
    return r.machine is not None and r.plan is not None and r.board_speed > _slowest_allowed(r)


def _slowest_allowed(r: Readings) -> Speed:
    """Return what a machine's slowest speed may be at most for this plan."""
    caps = [r.ceiling(bout.facing) for bout in r.plan.bouts] if r.plan else []
    return min((*caps, n.BOARD_SPEED_HIGHEST)) if r.plan and r.plan.backward else min(caps, default=n.BOARD_SPEED)


def _single_bout_only(r: Readings) -> bool:
    machine, plan = r.machine, r.plan
    if machine is None or plan is None:
        return False
    return len(plan.bouts) > 1 and (machine.starts_at_console_only or machine.silent_after_stop)


def _uncommissioned(r: Readings) -> bool:
    if r.machine is None or r.plan is None or r.machine.commissioned:
        return False
    return r.plan.backward and r.level > n.UNCOMMISSIONED_HIGHEST_LEVEL


def _speed(limit: Callable[[Readings, int], Speed]) -> Dial:
    return lambda r, now: Gauge(None if r.belt.speed is None else r.belt.speed.kmh, limit(r, now).kmh, "km/h")


def _incline(r: Readings, _now_ns: int) -> Gauge:
    told, steepest = r.belt.incline, r.steepest
    return Gauge(None if told is None else told.pct, None if steepest is None else steepest.pct, "%")


def _board_limit(r: Readings, _now_ns: int) -> Speed:
    return r.board_speed + (r.machine.step if r.machine else Speed(0))


link_down = simply(lambda r: not r.linked, _age(lambda r: r.linked_ns))
telemetry_late = older(lambda r: r.belt.frame_ns, n.TELEMETRY_WARN_NS)
telemetry_stale = older(lambda r: r.belt.frame_ns, n.TELEMETRY_TRIP_NS)
stop_unseen = Watch(_stop_unseen, telemetry_stale.gauge)
telemetry_frozen = Watch(lambda r, _: (_frozen_ns(r) or 0) > n.ELAPSED_FROZEN_NS, _frozen_gauge)
first_speed = simply(_first_speed_too_high, _speed(_board_limit))
overspeed = Watch(lasting(lambda r: r.overspeed_ns, n.OVERSPEED_FOR_NS).broken, _speed(lambda r, now: r.allowed(now)))
starts_on_connect = simply(_starts_on_connect, _speed(lambda _r, _now: Speed(0)))
uncommanded_motion = simply(lambda r: r.belt.runs, starts_on_connect.gauge)
unexplained_standstill = Watch(_unexplained_standstill, _age(lambda r: r.belt.zero_ns, n.UNEXPLAINED_STANDSTILL_NS))
standstill_unverified = simply(lambda r: not r.belt.stands, _age(lambda r: r.belt.zero_ns))
no_motion = Watch(
    lambda r, now: _older(r.started_ns, r.start_patience_ns, now),
    lambda r, now: _age(lambda r: r.started_ns, r.start_patience_ns)(r, now),
)
tilted = Watch(lasting(lambda r: r.tilted_ns, n.TILTED_FOR_NS).broken, _incline)
machine_too_fast = simply(_machine_too_fast, lambda r, _: Gauge(r.board_speed.kmh, _slowest_allowed(r).kmh, "km/h"))
single_bout_only = simply(_single_bout_only, lambda r, _: Gauge(len(r.plan.bouts) if r.plan else None, 1, "bouts"))
uncommissioned = simply(_uncommissioned, lambda r, _: Gauge(r.level, n.UNCOMMISSIONED_HIGHEST_LEVEL, "level"))


# -- the house and the computer

absent = Watch(
    lambda r, now: not r.present(now),
    _age(lambda r: r.declared_ns if r.presence_ns is None else r.presence_ns, n.PRESENCE_EXPIRES_NS),
)
loop_lag = within(lambda r: r.lagged_ns, n.LAG_TRIP_NS)
start_lockout = Watch(
    lambda r, now: r.linked_ns is not None and now - r.linked_ns < n.START_LOCKOUT_NS,
    _age(lambda r: r.linked_ns, n.START_LOCKOUT_NS),
)

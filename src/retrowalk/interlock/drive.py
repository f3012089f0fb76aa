"""How fast the belt may go now: ceilings, ramps, and at most one set-point on its way."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.interlock.ramp import Ramp
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.commands import SetIncline, SetSpeed
from retrowalk.model.intent import Proposal
from retrowalk.model.plan import ABSOLUTE, Ceiling, Facing
from retrowalk.model.units import LEVEL, Incline, Speed


@dataclass(slots=True)
class Drive:
    """The set-points of one boarding, from board speed on."""

    speed_ramp: Ramp
    incline_ramp: Ramp
    set_point: Speed | None = None  # last permitted
    set_point_ns: int = 0
    incline: Incline | None = None  # last permitted, or had before; None = not known
    eased: Speed | None = None  # ceiling that easing left behind
    eased_ns: int | None = None
    console: Speed | None = None  # ceiling that somebody at the console set
    lowered_ns: int | None = None
    _former: tuple[Speed | None, Incline | None] = (None, None)  # set-points before the last one

    @classmethod
    def begin(cls, board_speed: Speed, incline: Incline | None, now_ns: int) -> Drive:
        """Start from board speed and from the incline that the belt has."""
        return cls(
            Ramp.at(board_speed.centi_kmh, now_ns), Ramp.at((incline or LEVEL).tenths_pct, now_ns), incline=incline
        )

    @property
    def level(self) -> bool:
        """As far as is known, the belt was told to be level."""
        return self.incline in (None, LEVEL)

    def ceiling(self, r: Readings) -> Speed:
        """Return the strictest cap on speed that holds now."""
        cap = r.ceiling(r.facing)
        if self.eased is not None:
            cap = min(cap, self.eased)
        return cap if self.console is None else min(cap, self.console)

    def ease(self, slowest: Speed, now_ns: int) -> None:
        """Step the ceiling down once per easing interval."""
        if self.eased_ns is not None and now_ns - self.eased_ns < n.HEART_RATE_EASE_NS:
            return
        now = self.set_point or slowest
        self.eased, self.eased_ns = max(slowest, now - n.HEART_RATE_EASE_STEP), now_ns

    def watch_console(self, r: Readings, now_ns: int) -> None:
        """Make a speed that somebody lowered at the console the ceiling."""
        machine, speed = r.machine, r.belt.speed
        steady = now_ns - self.set_point_ns > n.CONSOLE_LOWERED_NS
        if machine is None or speed is None or self.set_point is None or not speed:
            return
        if not steady or speed > self.set_point - machine.step:
            self.lowered_ns = None
        elif self.lowered_ns is None:
            self.lowered_ns = now_ns
        elif now_ns - self.lowered_ns >= n.CONSOLE_LOWERED_NS:
            self.console = speed

    def next_action(self, proposal: Proposal, r: Readings, easing: bool, now_ns: int) -> SetSpeed | SetIncline | None:
        """Move the references and return the set-point that is due, if one is; speed goes first."""
        speed = self._speed(proposal.target, r, easing, now_ns)
        incline = self._incline(proposal.incline, r, easing, now_ns)
        if speed is not None and speed != self.set_point:
            return SetSpeed(speed)
        return SetIncline(incline) if incline is not None and incline != self.incline else None

    def permitted(self, action: SetSpeed | SetIncline, now_ns: int) -> None:
        """Remember what was permitted."""
        self._former = self.set_point, self.incline
        if isinstance(action, SetSpeed):
            self.set_point, self.set_point_ns = action.speed, now_ns
        else:
            self.incline = action.incline

    def take_back(self, board_speed: Speed, now_ns: int) -> None:
        """Go back to what held before the last set-point; the ramps go on from there."""
        self.set_point, self.incline = self._former
        self.speed_ramp = Ramp.at((self.set_point or board_speed).centi_kmh, now_ns)
        self.incline_ramp = Ramp.at((self.incline or LEVEL).tenths_pct, now_ns)

    def _speed(self, target: Speed | None, r: Readings, easing: bool, now_ns: int) -> Speed | None:
        machine = r.machine
        if machine is None:
            return None
        begun = self.set_point is not None  # a bout begins with board speed, whatever is proposed
        wanted = min((target if begun else None) or r.board_speed, self.ceiling(r))
        wanted = min(wanted, self._not_ahead(r, machine.step))
        if easing:
            wanted = min(wanted, self.set_point or r.board_speed)
        wanted = max(wanted, machine.slowest)
        up = min(self._limits(r).up_ramp_centi_kmh_per_s, ABSOLUTE.backward.up_ramp_centi_kmh_per_s)
        reference = self.speed_ramp.toward(wanted.centi_kmh, up=up, down=n.DOWN_RAMP_CENTI_KMH_PER_S, now_ns=now_ns)
        return max(Speed(reference).floor_to(machine.step, machine.slowest), machine.slowest)

    def _not_ahead(self, r: Readings, step: Speed) -> Speed:
        """Return how far the ramp may go ahead of the belt: set-points that nobody heeds are no steps to build on.

        A step of more than the lead is open to a belt that is nearer to its set-point than to the one before.
        """
        now = self.set_point or r.board_speed
        lead = max(n.SET_POINT_LEAD, Speed(step.centi_kmh * 3 // 2))
        return now if r.belt.speed is None else max(now, r.belt.speed + lead)

    def _incline(self, target: Incline | None, r: Readings, easing: bool, now_ns: int) -> Incline | None:
        span = r.machine.incline if r.machine else None
        if span is None or span.highest <= LEVEL or not span.step.tenths_pct:
            return None
        cap = min(self._limits(r).incline, ABSOLUTE.ceiling(r.facing or Facing.BACKWARD).incline, span.highest)
        wanted = min(target or LEVEL, self.incline or LEVEL if easing else cap, cap)
        rate = n.INCLINE_RAMP_TENTHS_PER_S
        reference = self.incline_ramp.toward(max(wanted, LEVEL).tenths_pct, up=rate, down=rate, now_ns=now_ns)
        return min(max(Incline(reference), LEVEL), cap).floor_to(span.step)

    @staticmethod
    def _limits(r: Readings) -> Ceiling:
        facing = r.facing or Facing.BACKWARD
        return (r.plan.limits if r.plan else ABSOLUTE).ceiling(facing)

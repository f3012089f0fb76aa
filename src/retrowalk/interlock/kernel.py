"""The interlock: hear everything, judge, permit. Deny by default.

    IDLE ─open─▶ STANDSTILL ─START─▶ BOARDING ─motion─▶ MOVING
      ▲              ▲                   │                 │
      │              └─verified─ STOPPING ◀──── any stop ──┘
      └── close, or verified and latched ─┘

Order of one call: `hear` (readings), `judge` (rules, trips, the ladder), then `permit` (what the session proposes).
"""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.drive import Drive
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.ladder import Ladder
from retrowalk.interlock.readings import Readings
from retrowalk.interlock.rules import APPLYING, RULES, Rule
from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    ClearMarker,
    Command,
    Connect,
    Disconnect,
    PermittedCommand,
    Relay,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    StoreMarker,
)
from retrowalk.model.intent import Boarding, Proposal, View
from retrowalk.model.observations import (
    Answer,
    Answered,
    LinkDown,
    LinkUp,
    Observation,
    Telemetry,
    WriteFailed,
    Written,
)
from retrowalk.model.plan import Plan
from retrowalk.model.reports import MAY_MOVE, Fault, Kind, Motion, Permissive, Report, Rung, Trip, Tripped, Warned
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import Speed, seconds

PLANNED = "planned_stop"
_NO_STANDSTILL = (
    "no_standstill",
    "the belt was told to stop, and was not seen to stand",
    "do not use this treadmill before somebody has found out why",
)
_RELAY_OPENED = (
    "relay_opened",
    "the belt did not do as it was told, and the relay cut its power",
    "do not use this treadmill before somebody has found out why",
)
_STOP_BY_PERSON = ("user_stop", "somebody pressed STOP", "take your time")
_RESET = "; then reset: press and hold the button, or `retrowalk ctl reset`"


@dataclass(slots=True)
class _InFlight:
    number: int
    since_ns: int
    starts: bool
    written: bool = False


class Interlock:
    """May the belt move, how fast, and is it standing? The only maker of permits; every stop goes through it."""

    def __init__(self, settings: EngineSettings) -> None:
        self.readings = Readings(settings, HeartRateFilter(settings.heart))
        self.motion = Motion.IDLE
        self.trip: Trip | None = None
        self.opened = False
        self.commands: list[Command] = []
        self.reports: list[Report] = []
        self._ladder: Ladder | None = None
        self._drive: Drive | None = None
        self._in_flight: _InFlight | None = None
        self._number = 0
        self._boarding = 0
        self._control_number: int | None = None
        self._control_wanted = False
        self._control_asked_ns = 0
        self._broken: list[tuple[Rule, Kind]] = []
        self._judged_ns = 0
        self._warned: set[str] = set()  # what this session was warned of
        self._relay_closed = False

    # -- what the engine calls -----------------------------------------------------------------------------------

    def hear(self, observation: Observation, now_ns: int) -> None:
        """Take one observation, before anything is decided."""
        self.readings.hear(observation, now_ns)
        match observation:
            case LinkUp():
                self._in_flight, self._control_wanted = None, True
                if self._ladder:
                    self._ladder.link_up(now_ns)
            case LinkDown():
                self._in_flight = None
                if self._ladder:
                    self._ladder.link_lost(now_ns)
            case Written(number):
                self._hear_written(number, now_ns)
            case WriteFailed(number):
                self._hear_failure(number, now_ns)
            case Answered(number, answer):
                self._hear_answer(number, answer, now_ns)
            case Telemetry() if self.motion is Motion.BOARDING and self.readings.belt.speed:
                self.motion = Motion.MOVING
            case _:
                pass

    def judge(self, now_ns: int) -> None:
        """Look at every rule that applies, stops first; a broken stop rule latches and stops in this very call."""
        readings, self._judged_ns = self.readings, now_ns
        self._broken = [row for row in APPLYING[self.motion] if row[0].broken(readings, now_ns)]
        worst = self._broken[0] if self._broken else None
        if worst and worst[1] is Kind.STOP:
            self._trip_on(worst[0], now_ns)
        else:
            unramped = next((rule for rule, kind in self._broken if kind is Kind.PAUSE and not rule.ramps), None)
            if unramped:
                self.stop(now_ns, cause=unramped.name)
        if worst and self._broken[-1][1] is Kind.WARN:
            self._warn()
        if self._ladder:
            self._climb(self._ladder, now_ns)

    def permit(self, proposal: Proposal, now_ns: int) -> None:
        """Turn what the session proposes into what may be: nothing, unless every rule that applies is unbroken."""
        if self._in_flight and now_ns - self._in_flight.since_ns > n.ANSWER_PATIENCE_NS:
            self._let_fly(self._in_flight, now_ns)
        match self.motion:
            case Motion.STANDSTILL:
                self.readings.ahead = proposal.facing
                self._keep_control(now_ns)
                self._keep_marker(now_ns)
                if proposal.boarding:
                    self._permit_start(proposal.boarding, now_ns)
            case Motion.BOARDING | Motion.MOVING if proposal.halt:
                self.stop(now_ns, cause=PLANNED)
            case Motion.MOVING:
                self._permit_set_point(proposal, now_ns)
            case _:
                pass

    def stop(self, now_ns: int, cause: str = PLANNED, latch: tuple[str, str, str] | None = None) -> None:
        """Demand a stop: written now, again until verified. `latch`: cause, words and remedy, until a person resets."""
        if latch and self.trip is None:
            self._latch(*latch, now_ns)
        if self._ladder:
            self._ladder.again(self.readings.linked, now_ns)
        else:
            machine, belt = self.readings.machine, self.readings.belt
            run_down_ns = seconds((machine.run_down_s if machine else n.RUN_DOWN_S) * n.RUN_DOWN_PATIENCE)
            speed = self.readings.highest if belt.speed is None else belt.speed
            may_count_down = self.motion is not Motion.STANDSTILL and not belt.runs
            belt.distrust_standstill()
            cause = latch[0] if latch else cause
            self._ladder = Ladder(cause, now_ns, speed, run_down_ns, self._next_number, relay=self._relay_closed)
            if may_count_down and self.readings.started_ns is not None:
                self._ladder.not_before_ns = self.readings.started_ns + self.readings.start_patience_ns
            self._ladder.begin(self.readings.linked, now_ns)
        self.motion = Motion.STOPPING
        self._collect(self._ladder)

    def stop_by_person(self, now_ns: int) -> None:
        """Take a STOP from anybody, in any state. On a belt that may be moving in a session it latches."""
        moving = self.motion in MAY_MOVE and self.opened
        if not self.opened:
            self.commands.append(Connect())
        self.stop(now_ns, cause="user_stop", latch=_STOP_BY_PERSON if moving else None)

    def open(self, plan: Plan, now_ns: int) -> None:
        """Begin a session: from here on the belt is ours to stop. Only with no entry rule broken."""
        if self.motion is not Motion.IDLE or self._broken:
            return
        self.readings.begin(plan)
        self.opened, self.motion = True, Motion.STANDSTILL
        self._control_wanted = True
        self._warned.clear()
        self._store_marker(None, now_ns)
        if plan.backward and self.readings.board_speed > n.BOARD_SPEED:
            words = f"this treadmill cannot go slower than {self.readings.board_speed}: step on with care"
            self.reports.append(Warned("fast_minimum", words))

    def close(self) -> None:
        """Let the treadmill go. With nothing latched, the belt verified, the marker goes too."""
        self.commands.append(Disconnect())
        if self.opened and self.trip is None:
            self.commands.append(ClearMarker())
        self.opened, self.motion, self._drive, self._ladder = False, Motion.IDLE, None, None
        self.readings.let_go()

    def boot(self, cause: str | None, now_ns: int) -> None:
        """Begin. `cause`: why the last session did not end; then come up latched, and stop a belt that moves.

        The relay dropped with the daemon before, and stays open until a person resets.
        """
        if cause is None:
            self._close_relay()
            return
        words = f"the daemon was interrupted in a session ({cause})"
        self.commands.append(Connect())
        self.readings.started_ns = now_ns  # the daemon before may have written START as its last word
        self.stop(now_ns, latch=(cause, words, "see that nobody is on the belt"))

    def reset(self, now_ns: int) -> str | None:
        """Clear the latch; return why not, if not. Presence must be shown anew before the next arming."""
        blocking = next((r for r in RULES if r.must_clear and r.broken(self.readings, now_ns)), None)
        if blocking:
            return f"{blocking.words}: {blocking.remedy}"
        if self._ladder and not self.awaits_word(now_ns):
            return "the belt is not yet seen to stand"
        if self.trip is None and self._ladder is None:
            return "nothing is latched"
        self.trip, self.readings.latched, self.opened = None, False, False
        self.close()
        self.commands.append(ClearMarker())
        self._close_relay()
        return None

    def awaits_word(self, now_ns: int) -> bool:
        """Only a person can tell whether the belt stands: telemetry has been silent for too long after a stop."""
        if self._ladder is None:
            return False
        last_ns = max(self._ladder.demanded_ns, self.readings.heard_ns)
        return now_ns - last_ns >= n.STOP_ALARM_STAYS_NS

    def take_word(self, now_ns: int) -> bool:
        """Take the word of a person at the machine that the belt stands. A latched stop takes a reset instead."""
        if self._ladder is None or self.trip or not self.awaits_word(now_ns):
            return False
        self._ladder.take_word(now_ns)
        self.readings.belt = Belt()
        self._collect(self._ladder)
        self._come_to_rest()
        return True

    def present(self, now_ns: int, *, declared: bool = False) -> None:
        """Take note that somebody showed to be at the treadmill; while latched it does not count."""
        if self.trip is not None:
            return
        self.readings.key_missing = False
        if declared:
            self.readings.declared_ns = now_ns
        else:
            self.readings.presence_ns = now_ns

    def view(self) -> View:
        """Return what the session may know."""
        r, drive, broken = self.readings, self._drive, self._broken
        pauses = [rule for rule, kind in broken if kind is Kind.PAUSE]
        return View(
            motion=self.motion,
            latched=self.trip is not None,
            open=self.opened,
            linked=r.linked,
            machine=r.machine,
            board_speed=r.board_speed,
            speed=r.belt.speed,
            set_point=self.set_point,
            level=drive is None or drive.level,
            standstill_ns=r.belt.zero_ns if r.belt.stands else None,
            faults=tuple([self._fault(rule, kind) for rule, kind in broken]),
            pausing=bool(pauses),
            ending=any(rule.ends for rule in pauses),
            alarm=self._ladder.alarm if self._ladder else None,
        )

    @property
    def set_point(self) -> Speed | None:
        """The speed that was permitted last; None = none was since the belt stood."""
        return self._drive.set_point if self._drive else None

    def permissives(self, now_ns: int) -> tuple[Permissive, ...]:
        """Return every rule as it stands now."""
        return tuple(_permissive(rule, self.motion, self.readings, now_ns) for rule in RULES)

    # -- inside --------------------------------------------------------------------------------------------------

    def _fault(self, rule: Rule, kind: Kind) -> Fault:
        gauge = rule.gauge(self.readings, self._judged_ns)
        return Fault(rule.name, kind, rule.words, rule.remedy, rule.waits, gauge)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _trip_on(self, rule: Rule, now_ns: int) -> None:
        """Latch and stop, once; from then on the ladder writes in its own rhythm. Outside a session little trips."""
        if (self.opened or rule.ahead) and self.trip is None:
            self.stop(now_ns, latch=(rule.name, rule.words, rule.remedy))

    def _latch(self, cause: str, words: str, remedy: str, now_ns: int) -> None:
        r = self.readings
        self.trip = Trip(cause, words, remedy + _RESET, now_ns, r.belt.speed, r.heart.bpm)
        r.latched, r.presence_ns, r.declared_ns = True, None, None
        self._store_marker(cause, now_ns)
        self.reports.append(Tripped(self.trip))

    def _climb(self, ladder: Ladder, now_ns: int) -> None:
        verified = ladder.tick(self.readings.belt, self.readings.linked, now_ns)
        if verified and self.trip:
            ladder.open_relay(now_ns)
        elif not verified and self.awaits_word(now_ns):
            ladder.await_word(now_ns)
        self._collect(ladder)
        self._latch_late(ladder, now_ns)
        if verified:
            self._come_to_rest()
        else:
            self._give_up(ladder, now_ns)

    def _latch_late(self, ladder: Ladder, now_ns: int) -> None:
        """Latch a stop that was a planned one until the belt did not follow it."""
        if self.trip:
            return
        silent = self.readings.machine is not None and self.readings.machine.silent_after_stop
        if Rung.RELAY_OPENED in ladder.climbed:
            self._latch(*_RELAY_OPENED, now_ns)
        elif Rung.NO_STANDSTILL in ladder.climbed and self.opened and not silent:
            self._latch(*_NO_STANDSTILL, now_ns)

    def _come_to_rest(self) -> None:
        """The belt stands: a session goes on, everything else is over."""
        self._ladder = self._drive = self._in_flight = None
        if self.opened and self.trip is None:
            self.motion, self._control_wanted = Motion.STANDSTILL, True
        else:
            self.close()

    def _give_up(self, ladder: Ladder, now_ns: int) -> None:
        """End a stop outside a session that cannot be verified: it must not stop somebody else's walk later."""
        waited = now_ns - ladder.again_ns >= n.STOP_ALARM_STAYS_NS and self.awaits_word(now_ns)
        if self.opened or self.trip is not None or not waited:
            return
        words = (
            "no treadmill was seen to stand for 30 s: the stop is given up, hands off. If a belt moves: pull the cord"
        )
        self.reports.append(Warned("stop_given_up", words))
        self.close()

    def _collect(self, ladder: Ladder) -> None:
        """Hand on what the ladder wants written, ahead of everything."""
        self.commands[:0] = ladder.commands
        self._relay_closed = ladder.relay
        self.reports += ladder.steps
        ladder.commands, ladder.steps = [], []

    def _close_relay(self) -> None:
        if self.readings.settings.relay:
            self._relay_closed = True
            self.commands.append(Relay(closed=True))

    def _warn(self) -> None:
        """Say once a session what is odd and stops nothing."""
        for rule, kind in self._broken:
            if kind is Kind.WARN and rule.name not in self._warned:
                self._warned.add(rule.name)
                self.reports.append(Warned(rule.name, f"{rule.words}: {rule.remedy}"))

    def _store_marker(self, latch: str | None, now_ns: int) -> None:
        self.readings.markers_asked, self.readings.marker_asked_ns = self.readings.markers_asked + 1, now_ns
        self.commands.append(StoreMarker(latch))

    def _keep_marker(self, now_ns: int) -> None:
        """Try a disk that failed again now and then: nothing starts without the marker."""
        r = self.readings
        if not (r.marker_stored or r.markers_asked) and now_ns - r.marker_asked_ns > n.MARKER_RETRY_NS:
            self._store_marker(None, now_ns)

    def _keep_control(self, now_ns: int) -> None:
        """Ask for control ahead of each boarding, and again now and then while somebody else has it."""
        retry = self.readings.control_lost and now_ns - self._control_asked_ns > n.CONTROL_RETRY_NS
        if self.readings.linked and (self._control_wanted or retry):
            self._control_number = self._next_number()
            self._control_wanted, self._control_asked_ns = False, now_ns
            self.commands.append(RequestControl(self._control_number))

    def _permit_start(self, boarding: Boarding, now_ns: int) -> None:
        fresh = 0 <= now_ns - boarding.confirmed_ns <= n.CONFIRM_EXPIRES_NS
        r = self.readings
        denied = any(rule.broken(r, now_ns) for rule, _ in APPLYING[Motion.STANDSTILL])
        if denied or not fresh or boarding.number <= self._boarding:
            return
        self._boarding, self.motion = boarding.number, Motion.BOARDING
        r.board(boarding.facing, now_ns)
        self._drive = Drive.begin(r.board_speed, r.belt.incline, now_ns)
        self._emit(Start(), now_ns)

    def _permit_set_point(self, proposal: Proposal, now_ns: int) -> None:
        drive, r = self._drive, self.readings
        if drive is None or r.machine is None:
            return
        drive.watch_console(r, now_ns)
        easing = any(kind is Kind.EASE for _, kind in self._broken)
        if any(rule.lowers for rule, _ in self._broken):
            drive.ease(r.machine.slowest, now_ns)
        action = drive.next_action(proposal, r, easing, now_ns)
        if action and self._in_flight is None:
            drive.permitted(action, now_ns)
            if isinstance(action, SetSpeed):
                r.command(action.speed, now_ns)
            self._emit(action, now_ns)

    def _emit(self, action: Start | SetSpeed | SetIncline, now_ns: int) -> None:
        number = self._next_number()
        self._in_flight = _InFlight(number, now_ns, isinstance(action, Start))
        self.commands.append(PermittedCommand(number, action, now_ns + n.PERMIT_EXPIRES_NS))

    def _hear_written(self, number: int, now_ns: int) -> None:
        if self._ladder:
            self._ladder.written(number, now_ns)
        if self._in_flight and self._in_flight.number == number:
            self._in_flight.written = True

    def _hear_failure(self, number: int, now_ns: int) -> None:
        if self._ladder:
            self._ladder.failed(number, now_ns)
        if self._in_flight and self._in_flight.number == number:
            if self._in_flight.starts:
                self.readings.start_refused = True
            else:
                self._take_back(now_ns)
            self._in_flight = None

    def _let_fly(self, flight: _InFlight, now_ns: int) -> None:
        """Wait no longer for an answer; what never got to the wire was not told."""
        self._in_flight = None
        if not (flight.written or flight.starts):
            self._take_back(now_ns)

    def _take_back(self, now_ns: int) -> None:
        """Count the last set-point as not told: the ramp goes on from the one before, and so does what is allowed."""
        if self._drive:
            self._drive.take_back(self.readings.board_speed, now_ns)
            self.readings.command(self._drive.set_point or self.readings.board_speed, now_ns)

    def _hear_answer(self, number: int, answer: Answer, now_ns: int) -> None:
        if number == self._control_number:
            self.readings.control_lost = answer is Answer.NOT_PERMITTED
        if self._in_flight is None or self._in_flight.number != number:
            return
        starts, self._in_flight = self._in_flight.starts, None
        if answer is Answer.SUCCESS:
            return
        if answer is Answer.NOT_PERMITTED and not starts:
            self.readings.control_lost = True
        elif starts:
            self.readings.answered_start(answer)
        else:
            self._take_back(now_ns)
            self.reports.append(Warned("set_point_refused", f"the treadmill refused a set-point: {answer.value}"))


def _permissive(rule: Rule, motion: Motion, r: Readings, now_ns: int) -> Permissive:
    kinds = tuple(rule.kinds.items())
    broken, gauge = rule.broken(r, now_ns), rule.gauge(r, now_ns)
    return Permissive(rule.name, kinds, rule.kinds.get(motion), broken, gauge, rule.words, rule.remedy)

"""Joins session and interlock: the only importer of both, and the only thing that the shell talks to.

`handle(input, now_ns) -> Outcome`, and nothing else: no clock, no waiting, no I/O. Whatever comes in, the order is the
same: the interlock hears, judges and stops; then the session moves on; then the interlock permits.
"""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.interlock import Interlock
from retrowalk.model import numbers as n
from retrowalk.model.commands import Command, Connect, Exit, LinkCommand, Stop
from retrowalk.model.intent import View, Wish
from retrowalk.model.observations import (
    BrokerLink,
    ButtonPress,
    ButtonSource,
    LinkDown,
    Observation,
    StrapLine,
)
from retrowalk.model.reports import MAY_MOVE, Motion, Permissive, Phase, Reading, Reply, Report, State, Warned
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import NS_PER_S, seconds
from retrowalk.session import Session

_IDLE_DEADLINE_NS = seconds(0.5)
_SHUTDOWN_PATIENCE_NS = seconds(40)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input led to: commands in order, reports in order, and by when `handle` wants to be called again."""

    commands: tuple[Command, ...]
    reports: tuple[Report, ...]
    deadline_ns: int


class Engine:
    """Everything that can hurt somebody is decided in here, in plain synchronous code."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._interlock = Interlock(settings)
        self._session = Session(settings)
        self._commands: list[Command] = []
        self._reports: list[Report] = []
        self._deadline_ns: int | None = None
        self._leaving_ns: int | None = None
        self._gone = False

    def boot(self, marker: str | None, now_ns: int) -> Outcome:
        """Begin. `marker`: why the last session's marker is still there; the daemon then comes up latched and stops."""
        self._interlock.boot(marker, now_ns)
        return self._settle(now_ns)

    def handle(self, event: Observation | Request, now_ns: int) -> Outcome:
        """Take one input and decide everything that follows from it."""
        self._time_lag(now_ns)
        if isinstance(event, Request):
            self._stop_first(event, now_ns)
            self._interlock.judge(now_ns)
            self._ask(event, now_ns)
        else:
            self._observe(event, now_ns)
            self._interlock.judge(now_ns)
            self._pass_on(event, now_ns)
        return self._settle(now_ns)

    def precomputed_stop(self) -> tuple[LinkCommand, ...]:
        """Return what the shell writes when `handle` itself fails: a Stop that needs no thought."""
        return (Stop(number=0),)

    @property
    def _active(self) -> bool:
        return self._session.phase not in (Phase.IDLE, Phase.QUESTIONS) or self._interlock.motion is not Motion.IDLE

    @property
    def phase(self) -> Phase:
        """How far the session is."""
        return self._session.phase

    def permissives(self, now_ns: int) -> tuple[Permissive, ...]:
        """Return every rule of the interlock as it stands now."""
        return self._interlock.permissives(now_ns)

    def reading(self, now_ns: int) -> Reading:
        """Return what belt, strap and walker are doing now."""
        session, r = self._session, self._interlock.readings
        age_ns, heart_age_ns = r.belt.age_ns(now_ns), r.heart.age_ns(now_ns)
        heart_fresh = heart_age_ns is not None and heart_age_ns <= n.HEART_RATE_LOST_NS
        return Reading(
            at_ns=now_ns,
            phase=session.phase,
            program=session.plan.program if session.plan else None,
            machine=r.machine.name if r.machine and r.linked else None,
            speed=r.belt.speed,
            target=self._interlock.set_point,
            heart_rate_bpm=r.heart.bpm if heart_fresh else None,
            strap_closed=r.strap_closed,
            link_up=r.linked,
            telemetry_age_s=None if age_ns is None else age_ns / NS_PER_S,
        )

    def state(self, now_ns: int) -> State:
        """Return everything that is known now."""
        session, view, r, now = self._session, self._interlock.view(), self._interlock.readings, self.reading(now_ns)
        plan, course, limits = session.plan, session.course, self._settings.heart
        frame, left_ns = r.belt.frame, session.segment_left_ns
        return State(
            phase=now.phase,
            motion=view.motion,
            latched=view.latched,
            trip=self._interlock.trip,
            faults=view.faults,
            prompt=session.prompts.open,
            cue=session.cue,
            alarm=view.alarm,
            program=now.program,
            title=plan.title if plan else None,
            facing=course.bout.facing if course else None,
            bout=course.bout_index + 1 if course else None,
            bouts=len(plan.bouts) if plan else None,
            stage=course.stage_index + 1 if course else None,
            stages=len(course.bout.stages) if course else None,
            segment_left_s=None if left_ns is None else left_ns / NS_PER_S,
            session_left_s=course.left_ns / NS_PER_S if course else None,
            progress=course.progress if course else None,
            link_up=now.link_up,
            machine=r.machine if r.linked else None,
            speed=now.speed,
            target=now.target,
            limit=r.ceiling(course.bout.facing) if course else None,
            incline=frame.incline if frame else None,
            distance_m=frame.distance_m if frame else None,
            elapsed_s=frame.elapsed_s if frame else None,
            energy_kcal=frame.energy_kcal if frame else None,
            telemetry_age_s=now.telemetry_age_s,
            heart_rate_bpm=now.heart_rate_bpm,
            heart_rate_soft_bpm=limits.soft_bpm if limits else None,
            heart_rate_hard_bpm=limits.hard_bpm if limits else None,
            strap_closed=now.strap_closed,
            present=r.present(now_ns),
            loop_lag_s=r.lag_ns / NS_PER_S,
        )

    # -- one input -----------------------------------------------------------------------------------------------

    def _time_lag(self, now_ns: int) -> None:
        promised_ns = now_ns if self._deadline_ns is None else self._deadline_ns
        lag_ns = max(0, now_ns - promised_ns)
        self._interlock.readings.late(lag_ns, now_ns)
        if lag_ns > n.LAG_LOGGED_NS:
            self._reports.append(Warned("loop_lag", f"the control loop was {lag_ns / NS_PER_S:.2f} s late"))

    def _stop_first(self, request: Request, now_ns: int) -> None:
        """Make a stop before anything else is looked at."""
        if request.verb is Verb.STOP:
            self._interlock.stop_by_person(now_ns)
        elif request.verb is Verb.SHUTDOWN and self._leaving_ns is None:
            self._leaving_ns = now_ns
            if self._interlock.motion in MAY_MOVE:
                self._interlock.stop(now_ns, cause="shutdown")

    def _observe(self, event: Observation, now_ns: int) -> None:
        interlock = self._interlock
        if isinstance(event, ButtonPress) and interlock.motion in MAY_MOVE:
            self._press_on_the_move(event, now_ns)
        elif isinstance(event, ButtonPress):
            self._press_at_rest(event, now_ns)
        elif isinstance(event, StrapLine) and event.closed and interlock.readings.strap_closed is False:
            interlock.present(now_ns)
        elif isinstance(event, LinkDown) and self._active and event.reason != interlock.readings.link_lost_because:
            self._reports.append(Warned("link_down", event.reason))
        interlock.hear(event, now_ns)

    def _press_on_the_move(self, press: ButtonPress, now_ns: int) -> None:
        """Take every press as STOP; only where telemetry will never tell, a long one says that the belt stands."""
        mute = press.source is ButtonSource.DECLARED and not self._settings.declared_button
        if press.long and press.fresh and not mute and self._interlock.awaits_word(now_ns):
            self._reset(now_ns)
        else:
            self._interlock.stop_by_person(now_ns)

    def _press_at_rest(self, press: ButtonPress, now_ns: int) -> None:
        declared = press.source is ButtonSource.DECLARED
        if not press.fresh:
            self._reports.append(Warned("button_stale", "a press came late or undated; press again: it can only stop"))
        elif declared and not self._settings.declared_button:
            self._reports.append(Warned("press_refused", "no declared button is configured; it can only stop the belt"))
        elif self._interlock.trip is None:
            self._interlock.present(now_ns, declared=declared)
        elif press.long or not declared:
            refusal = self._reset(now_ns)
            if refusal:
                self._reports.append(Warned("reset_refused", refusal))

    def _pass_on(self, event: Observation, now_ns: int) -> None:
        """Tell the session what concerns it."""
        if isinstance(event, ButtonPress):
            if self._interlock.motion is Motion.STOPPING:
                self._session.stopped(now_ns)
            elif event.fresh and self._interlock.trip is None:
                self._session.press(event, self._interlock.view(), now_ns)
        elif isinstance(event, BrokerLink):
            self._session.broker(event.up, now_ns)

    def _ask(self, request: Request, now_ns: int) -> None:
        match request.verb:
            case Verb.RESET:
                self._reply(request, self._ask_reset(request, now_ns))
            case _ if self._leaving_ns is not None and request.verb not in (Verb.STOP, Verb.SHUTDOWN):
                self._reply(request, "the daemon is shutting down")
            case _:
                self._session.ask(request, self._interlock.view(), now_ns)
                if request.verb is Verb.SELECT_PROGRAM:
                    self._interlock.readings.plan = self._session.plan

    def _ask_reset(self, request: Request, now_ns: int) -> str | None:
        if request.origin is not Origin.SOCKET:
            return "a reset needs somebody at the treadmill: press and hold the button, or use the local socket"
        return self._reset(now_ns)

    def _reset(self, now_ns: int) -> str | None:
        if self._interlock.opened and self._interlock.take_word(now_ns):
            return None
        refusal = self._interlock.reset(now_ns)
        if refusal is None:
            self._session.reset(now_ns)
        return refusal

    def _reply(self, request: Request, refusal: str | None) -> None:
        ok = refusal is None
        self._reports.append(Reply(request.id, request.verb, request.origin, ok, refusal or "accepted"))

    # -- what follows --------------------------------------------------------------------------------------------

    def _settle(self, now_ns: int) -> Outcome:
        view = self._interlock.view()
        self._session.advance(view, now_ns)
        self._grant_wishes(now_ns)
        if self._leaving_ns is None:
            self._interlock.permit(self._session.proposal(view, now_ns), now_ns)
        self._leave(view, now_ns)
        beats = self._active or self._settings.relay  # the relay lives on the loop's beat
        self._deadline_ns = now_ns + (n.TICK_NS if beats else _IDLE_DEADLINE_NS)
        return Outcome(self._take_commands(), self._take_reports(), self._deadline_ns)

    def _grant_wishes(self, now_ns: int) -> None:
        session, interlock = self._session, self._interlock
        for wish in session.wishes:
            match wish:
                case Wish.CONNECT:
                    self._commands.append(Connect())
                case Wish.OPEN if session.plan:
                    interlock.open(session.plan, now_ns)
                case Wish.CLOSE if interlock.motion in (Motion.IDLE, Motion.STANDSTILL):
                    interlock.close()
                case _:
                    pass
        session.wishes.clear()

    def _leave(self, view: View, now_ns: int) -> None:
        """End once the belt stands and the treadmill was let go; or give up and leave it to the failsafe."""
        if self._leaving_ns is None or self._gone:
            return
        if view.motion not in MAY_MOVE:
            self._session.leave(now_ns)
            self._interlock.close()
            self._commands.append(Exit(verified=True))
            self._gone = True
        elif now_ns - self._leaving_ns > _SHUTDOWN_PATIENCE_NS:
            self._commands.append(Exit(verified=False))
            self._gone = True

    def _take_commands(self) -> tuple[Command, ...]:
        commands = (*self._interlock.commands, *self._commands)
        self._interlock.commands.clear()
        self._commands.clear()
        return tuple(sorted(commands, key=_stops_first))

    def _take_reports(self) -> tuple[Report, ...]:
        prompts = self._session.prompts
        reports = (*self._interlock.reports, *self._reports, *self._session.reports, *prompts.reports)
        for source in (self._interlock.reports, self._reports, self._session.reports, prompts.reports):
            source.clear()
        return reports


def _stops_first(command: Command) -> bool:
    return not isinstance(command, Stop)

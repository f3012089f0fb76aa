"""How a session goes. One handler a phase for time, one a verb for requests; every change of phase goes through `_go`.

IDLE ─arm─▶ ARMED ─present, all rules good─▶ BOARD ─OK─▶ STARTING ─▶ STEP_ON ─▶ WALK ─┐
  ▲                                            ▲                                     │
  │                                            └─ REST | TURN | PAUSED ◀─ SLOWING ◀──┤
  └──────────── QUESTIONS ◀──────────────────────────────── SLOWING ◀─ COOL_DOWN ◀───┘
A latched stop: STOPPING ─verified─▶ TRIPPED ─reset─▶ IDLE
"""

from __future__ import annotations

from collections.abc import Callable

from retrowalk.model import numbers as n
from retrowalk.model.intent import Boarding, Proposal, View, Wish
from retrowalk.model.observations import ButtonPress, ButtonSource
from retrowalk.model.plan import Facing, Gap, Plan
from retrowalk.model.reports import (
    MAY_MOVE,
    Cue,
    Ending,
    Motion,
    Phase,
    PhaseChanged,
    PromptKind,
    Reply,
    Report,
    SegmentStarted,
    Warned,
    WorkoutEnded,
    WorkoutStarted,
)
from retrowalk.model.requests import Request, Verb
from retrowalk.model.settings import BrokerLost, EngineSettings
from retrowalk.model.units import LEVEL, STANDSTILL, Speed, seconds
from retrowalk.session import words
from retrowalk.session.arming import Arming, hopeless, reasons
from retrowalk.session.course import Course
from retrowalk.session.cues import Cues
from retrowalk.session.debrief import ANSWERS, Debrief
from retrowalk.session.prompts import PromptDesk

type Refusal = str | None

_BEFORE_COOL_DOWN = (Phase.STARTING, Phase.STEP_ON, Phase.WALK)
_ON_THE_BELT = (*_BEFORE_COOL_DOWN, Phase.COOL_DOWN)
_COMING_TO_REST = (Phase.SLOWING, Phase.STOPPING)
_OVER = (Phase.IDLE, Phase.QUESTIONS, Phase.TRIPPED)
_AT_REST = (Phase.BOARD, Phase.REST, Phase.TURN, Phase.PAUSED)


class Session:
    """Proposes where the belt should go and asks the walker; has no say in whether the belt may move."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.phase = Phase.IDLE
        self.plan: Plan | None = None
        self.course: Course | None = None
        self.prompts = PromptDesk()
        self.cue: str | None = None
        self.reports: list[Report] = []
        self.wishes: list[Wish] = []
        self._phase_ns = 0
        self._last_ns = 0
        self._boarding = Boarding(0, Facing.BACKWARD, 0)
        self._after = Phase.QUESTIONS  # what follows the standstill that is being made
        self._ending = Ending.COMPLETED
        self._arming: Arming | None = None
        self._cues = Cues(0, 0)
        self._debrief = Debrief(0)
        self._ready_ns = 0  # the least time of a rest is over
        self._unlinked_ns: int | None = None
        self._moving_ns: int | None = None
        self._slow_ns = 0  # since when the cool-down has been at board speed
        self._steady_ns: int | None = None  # since when the belt has been at board speed or above
        self._bouts_done = 0
        self._started = False
        self._trim = STANDSTILL
        self._advance: dict[Phase, Callable[[View, int], None]] = {
            Phase.ARMED: self._wait_to_open,
            Phase.BOARD: self._board,
            Phase.STARTING: self._start,
            Phase.STEP_ON: self._step_on,
            Phase.WALK: self._walk,
            Phase.SLOWING: self._stand,
            Phase.STOPPING: self._stand,
            Phase.REST: self._rest,
            Phase.TURN: self._rest,
            Phase.PAUSED: self._rest,
            Phase.COOL_DOWN: self._cool_down,
            Phase.QUESTIONS: self._question,
        }
        self._verbs: dict[Verb, Callable[[Request, View, int], Refusal]] = {
            Verb.SELECT_PROGRAM: self._select,
            Verb.ARM: self._arm,
            Verb.START: self._confirm_start,
            Verb.CONFIRM: self._confirm,
            Verb.RESUME: self._confirm,
            Verb.PAUSE: self._pause,
            Verb.END: self._end,
            Verb.TRIM: self._trim_speed,
            Verb.ANSWER: self._answer,
            Verb.DISARM: self._disarm,
            Verb.STOP: self._stop,
            Verb.SHUTDOWN: self._stop,
        }

    # -- what the engine calls -----------------------------------------------------------------------------------

    def ask(self, request: Request, view: View, now_ns: int) -> None:
        """Take a request and reply to it: accepted, or refused with what is missing."""
        refusal = self._verbs[request.verb](request, view, now_ns)
        if self._arming is None or request is not self._arming.request:
            self._reply(request, refusal)

    def press(self, press: ButtonPress, view: View, now_ns: int) -> None:
        """Take a press at standstill: OK. On a moving belt a press is STOP, and never comes here."""
        if self.prompts.open is None:
            return
        refusal = self._not_by_this(press) or self.prompts.refusal(None, now_ns)
        if refusal is None and self.phase is Phase.QUESTIONS:
            answer = self._debrief.press(press.long, now_ns)
            if answer:
                self._close_workout(answer, now_ns)
        elif refusal is None:
            refusal = self._accept(None, view, now_ns)
        if refusal:
            self.reports.append(Warned("press_refused", refusal))

    def broker(self, up: bool, now_ns: int) -> None:
        """Act on a lost broker as configured."""
        if up or self.settings.broker_lost is BrokerLost.CONTINUE or self.phase in _OVER:
            return
        self._end_early()
        if self.phase in _ON_THE_BELT:
            self._slow(Phase.QUESTIONS, now_ns)
        elif self.phase in _COMING_TO_REST:
            self._after = Phase.QUESTIONS
        else:
            self._finish(now_ns)
        self._say(words.BROKER_LOST)

    def stopped(self, now_ns: int) -> None:
        """Follow a stop by a person that the interlock has already made: it ends the session."""
        if self.phase in (*_ON_THE_BELT, *_COMING_TO_REST, *_AT_REST):
            self._end_early()
            self._after = Phase.QUESTIONS
            self.prompts.withdraw()
            self._go(Phase.STOPPING, now_ns)
        elif self.phase is Phase.ARMED:
            self._answer_arming("stopped")
            self.reset(now_ns)

    def leave(self, now_ns: int) -> None:
        """End at once, without questions: the process is about to."""
        self._answer_arming("the daemon is shutting down")
        self._end_early()
        self._report_end(None)
        self.reset(now_ns)

    def reset(self, now_ns: int) -> None:
        """Go back to idle; a workout that is reset in its stop has tripped."""
        if self.phase is Phase.STOPPING:
            self._ending = Ending.TRIPPED
        self._report_end(None)
        self._clear()
        self._go(Phase.IDLE, now_ns)

    def advance(self, view: View, now_ns: int) -> None:
        """Let time pass, and follow what the interlock did."""
        if view.latched:
            self._follow_latch(view, now_ns)
        elif view.motion is Motion.STOPPING and self.phase in _ON_THE_BELT:
            self._stopped_under_way(view, now_ns)
        elif view.pausing and self.phase in _ON_THE_BELT:
            self._slow(self._after_pause, now_ns)
        if self.course and view.motion in MAY_MOVE:
            self.course.run(now_ns - self._last_ns)
        if self.course and self.phase in _BEFORE_COOL_DOWN and self.course.overdue(now_ns):
            self._end_overdue(now_ns)
        handler = self._advance.get(self.phase)
        if handler:
            handler(view, now_ns)
        self._last_ns = now_ns

    def proposal(self, view: View, now_ns: int) -> Proposal:
        """Return what the belt should do now."""
        course = self.course
        if course is None:
            return Proposal()
        match self.phase:
            case Phase.STARTING if view.motion is Motion.STANDSTILL:
                return Proposal(boarding=self._boarding, facing=self._boarding.facing)
            case Phase.STARTING | Phase.STEP_ON | Phase.COOL_DOWN:
                return Proposal(target=view.board_speed, incline=LEVEL)
            case Phase.WALK:
                return Proposal(target=self._target(view, now_ns), incline=course.stage.incline)
            case Phase.SLOWING:
                return self._ramp_down(course, view, now_ns)
            case _:
                return Proposal(facing=course.bout.facing)

    @property
    def segment_left_ns(self) -> int | None:
        """Time left in what goes on now; None = it has no planned end."""
        if self.course is None:
            return None
        match self.phase:
            case Phase.WALK:
                return self.course.stage_left_ns
            case Phase.REST | Phase.TURN | Phase.PAUSED:
                return max(0, self._ready_ns - self._last_ns)
            case _:
                return None

    # -- time, a phase at a time ---------------------------------------------------------------------------------

    def _wait_to_open(self, view: View, now_ns: int) -> None:
        refusal = self._arming.refusal(view.faults, now_ns) if self._arming else None
        if refusal:
            self._give_up_arming(refusal, view, now_ns)
        elif not view.faults and view.motion is Motion.IDLE and self.plan:
            self._answer_arming(None)
            self.course = Course(self.plan, now_ns)
            self.wishes.append(Wish.OPEN)
            self._ready_ns = now_ns
            self._go(Phase.BOARD, now_ns)
        elif Arming.only_awaits_presence(view.faults):
            self._answer_arming(None)

    def _board(self, view: View, now_ns: int) -> None:
        course = self.course
        if course is None or self._given_up(view, now_ns):
            return
        if course.overdue(now_ns):
            self._end_early()
            self._say(words.TIME_IS_UP)
            self._finish(now_ns)
        elif self.prompts.open is None:
            if view.standstill_ns is not None and now_ns - view.standstill_ns >= n.STANDSTILL_SETTLED_NS:
                first = not self._started
                text = words.board(course.bout, first=first, resumed=not course.untouched)
                self.prompts.ask(PromptKind.BOARD, text, now_ns)
        elif now_ns - self.prompts.open.opened_ns > n.PROMPT_EXPIRES_NS:
            self._ending = Ending.UNANSWERED
            self._say(words.UNANSWERED)
            self._finish(now_ns)

    def _start(self, view: View, now_ns: int) -> None:
        if view.motion is Motion.STANDSTILL and now_ns - self._boarding.confirmed_ns > n.CONFIRM_EXPIRES_NS:
            self._go(Phase.BOARD, now_ns)
        if view.motion is not Motion.MOVING or view.machine is None:
            return
        self._moving_ns = self._moving_ns or now_ns
        fast_enough = (view.speed or STANDSTILL) >= view.board_speed - view.machine.step
        self._steady_ns = (self._steady_ns or now_ns) if fast_enough else None
        steady = self._steady_ns is not None and now_ns - self._steady_ns >= n.BOARD_SPEED_STEADY_NS
        if steady or now_ns - self._moving_ns >= n.BOARD_SPEED_PATIENCE_NS:
            self._go(Phase.STEP_ON, now_ns)
            self._invite(now_ns)

    def _step_on(self, view: View, now_ns: int) -> None:
        del view
        if self.prompts.open:
            if now_ns - self.prompts.open.opened_ns > n.PROMPT_EXPIRES_NS:
                self._ending = Ending.UNANSWERED
                self._slow(Phase.QUESTIONS, now_ns)
        elif now_ns - self._phase_ns >= self._step_on_ns:
            self._begin_walking(now_ns)

    def _walk(self, view: View, now_ns: int) -> None:
        course = self.course
        if course is None:
            return
        over = course.walk(now_ns - self._last_ns)
        cue = self._cues.due(course, view.board_speed, now_ns)
        if cue:
            self._say(cue)
        if not over:
            return
        if course.advance_stage():
            self._report_stage()
            return
        self._bouts_done += 1
        if not course.has_next_bout:
            self._go(Phase.COOL_DOWN, now_ns)
        elif course.spent(now_ns):
            self._end_overdue(now_ns)
        else:
            after = Phase.REST if course.interval.gap is Gap.REST else Phase.TURN
            self._slow(after, now_ns)

    def _end_overdue(self, now_ns: int) -> None:
        """End on the belt a session that has passed a cap on minutes, or whose next bout would: not all was walked."""
        self._end_early()
        self.prompts.withdraw()
        if self.phase is Phase.WALK:
            self._go(Phase.COOL_DOWN, now_ns)
        else:
            self._slow(Phase.QUESTIONS, now_ns)
        self._say(words.TIME_IS_UP)

    def _cool_down(self, view: View, now_ns: int) -> None:
        """Hold board speed for a while; a belt that is not brought down to it in time ends like any other."""
        level_0 = self.plan is not None and self.plan.level == 0
        hold_ns = n.COOL_DOWN_HOLD_LEVEL_0_NS if level_0 else n.COOL_DOWN_HOLD_NS
        fast = view.set_point is not None and view.set_point > view.board_speed
        if fast:
            self._slow_ns = now_ns
        since_ns, most_ns = (self._phase_ns, n.RAMP_DOWN_PATIENCE_NS) if fast else (self._slow_ns, hold_ns)
        if now_ns - since_ns >= most_ns:
            self._slow(Phase.QUESTIONS, now_ns)

    def _stand(self, view: View, now_ns: int) -> None:
        """Wait for the standstill that the interlock makes, then go on."""
        if view.motion is not Motion.STANDSTILL:
            return
        if self._after is Phase.QUESTIONS or self.course is None:
            self._finish(now_ns)
            return
        self._ready_ns = now_ns + n.STANDSTILL_SETTLED_NS  # no prompt comes sooner anyway
        if self._after in (Phase.REST, Phase.TURN):
            interval = self.course.interval
            self._ready_ns = now_ns + seconds(interval.duration_s)
            self._report_interval(interval.gap, interval.duration_s)
            self.course.advance_bout()
        self._go(self._after, now_ns)

    def _rest(self, view: View, now_ns: int) -> None:
        if not self._given_up(view, now_ns) and now_ns >= self._ready_ns:
            self._go(Phase.BOARD, now_ns)

    def _question(self, view: View, now_ns: int) -> None:
        del view
        answer = self._debrief.settled(now_ns)
        if answer or self._debrief.expired(now_ns):
            self._close_workout(answer, now_ns)

    # -- requests, a verb at a time: each returns why it is refused, or None -----------------------------------------

    def _select(self, request: Request, _view: View, _now_ns: int) -> Refusal:
        if self.phase is not Phase.IDLE:
            return f"the program is fixed from arming to the end; now: {self.phase.value}"
        if request.plan is None or not request.plan.bouts or not all(bout.stages for bout in request.plan.bouts):
            return "there is nothing to walk in this program"
        self.plan = request.plan
        return None

    def _arm(self, request: Request, view: View, now_ns: int) -> Refusal:
        if view.latched:
            return reasons(view.faults) or words.LATCHED
        if self.plan is None:
            return "no program is selected"
        if self.phase is not Phase.IDLE:
            return f"already {self.phase.value}"
        if view.motion is not Motion.IDLE:
            return "a stop is under way"
        if hopeless(view.faults):
            return reasons(hopeless(view.faults))
        self._arming = Arming(request, now_ns)
        self.wishes.append(Wish.CONNECT)
        self._go(Phase.ARMED, now_ns)
        return None

    def _confirm_start(self, request: Request, view: View, now_ns: int) -> Refusal:
        if self._started:
            return "the workout has started already; confirm answers its prompts"
        if self.phase is not Phase.BOARD:
            missing = reasons(view.faults) or "the session is not at its first prompt"
            where = f"not ready to start ({self.phase.value})"
            return f"{missing}; {where}" if view.latched else f"{where}: {missing}"
        return self._confirm(request, view, now_ns)

    def _confirm(self, request: Request, view: View, now_ns: int) -> Refusal:
        if self.prompts.open and self.prompts.open.kind is PromptKind.BOARD and not self.settings.remote_start:
            return "only a press at the treadmill starts the belt (session.remote_start is off)"
        return self._accept(request.prompt_id, view, now_ns)

    def _pause(self, _request: Request, _view: View, now_ns: int) -> Refusal:
        if self.phase not in _ON_THE_BELT:
            return f"nobody is walking; now: {self.phase.value}"
        self._slow(self._after_pause, now_ns)
        return None

    def _end(self, _request: Request, _view: View, now_ns: int) -> Refusal:
        if self.phase in _OVER:
            return f"no session to end; now: {self.phase.value}"
        self._end_early()
        match self.phase:
            case Phase.WALK:
                self._go(Phase.COOL_DOWN, now_ns)
            case Phase.STARTING | Phase.STEP_ON:
                self._slow(Phase.QUESTIONS, now_ns)
            case Phase.SLOWING | Phase.STOPPING | Phase.COOL_DOWN:
                self._after = Phase.QUESTIONS  # the standstill, once made, ends the session
            case _:
                self._finish(now_ns)
        return None

    def _stop(self, _request: Request, _view: View, now_ns: int) -> Refusal:
        self.stopped(now_ns)
        return None

    def _trim_speed(self, request: Request, _view: View, _now_ns: int) -> Refusal:
        if self.phase is not Phase.WALK:
            return f"trim goes with walking; now: {self.phase.value}"
        trim = self._trim + (request.trim or STANDSTILL)
        if trim > STANDSTILL:
            return "trim only undoes an earlier trim down; it never passes the program"
        self._trim = trim
        return None

    def _answer(self, request: Request, _view: View, now_ns: int) -> Refusal:
        if self.phase is not Phase.QUESTIONS:
            return "no question is open"
        if request.answer not in ANSWERS:
            return f"{request.answer!r} is no answer; say one of {', '.join(ANSWERS)}"
        refusal = self.prompts.refusal(None, now_ns)
        if refusal:
            return refusal
        self._close_workout(request.answer, now_ns)
        return None

    def _disarm(self, _request: Request, view: View, now_ns: int) -> Refusal:
        if self.phase is Phase.IDLE:
            return "not armed"
        if self.phase is Phase.ARMED:
            self._give_up_arming(reasons(view.faults) or "disarmed", view, now_ns)
        elif self.phase in _AT_REST:
            self._ending = Ending.DISARMED
            self._finish(now_ns)
        else:
            return words.LATCHED if view.latched else f"cannot disarm while {self.phase.value}; use end or stop"
        return None

    # -- inside --------------------------------------------------------------------------------------------------

    def _accept(self, prompt_id: str | None, view: View, now_ns: int) -> Refusal:
        """Answer the open prompt with OK."""
        refusal = self.prompts.refusal(prompt_id, now_ns)
        if refusal or self.prompts.open is None or self.course is None:
            return refusal or "no question is open"
        if self.prompts.open.kind is PromptKind.BOARD:
            if view.faults or view.motion is not Motion.STANDSTILL:
                return reasons(view.faults) or "the belt is not known to stand"
            self.prompts.close("ok")
            self._board_confirmed(self.course, now_ns)
            if view.machine and view.machine.starts_at_console_only:
                self._say(words.START_AT_CONSOLE)
        elif self.prompts.open.kind is PromptKind.STEP_ON:
            self.prompts.close("ok")
            self._begin_walking(now_ns)
        else:
            return f"this question is answered with one of {', '.join(ANSWERS)}"
        return None

    def _not_by_this(self, press: ButtonPress) -> Refusal:
        """Return why this button cannot answer, if it cannot."""
        if press.source is not ButtonSource.DECLARED:
            return None
        if not self.settings.declared_button:
            return "no declared button is configured"
        too_high = self.plan is not None and self.plan.level > n.DECLARED_BUTTON_HIGHEST_LEVEL
        return "a declared button is good for levels 0 and 1 only" if too_high else None

    def _board_confirmed(self, course: Course, now_ns: int) -> None:
        self._boarding = Boarding(self._boarding.number + 1, course.bout.facing, now_ns)
        self._moving_ns = self._steady_ns = None
        if not self._started:
            self._started = True
            self.reports.append(WorkoutStarted(course.plan.program))
        self._go(Phase.STARTING, now_ns)

    @property
    def _stays_at_board_speed(self) -> bool:
        return self.course is not None and self.course.bout.peak <= n.BOARD_SPEED

    @property
    def _step_on_ns(self) -> int:
        return n.STEP_ON_AT_BOARD_SPEED_NS if self._stays_at_board_speed else n.STEP_ON_NS

    def _invite(self, now_ns: int) -> None:
        if self.settings.separate_ok and not self._stays_at_board_speed:
            self.prompts.ask(PromptKind.STEP_ON, words.STEP_ON_CONFIRMED, now_ns)
            self._say(words.STEP_ON_CONFIRMED)
        else:
            self._say(words.STEP_ON_TIMED)

    def _begin_walking(self, now_ns: int) -> None:
        self._cues = Cues.begin(self._cues.count, now_ns)
        self._last_ns = now_ns
        self._go(Phase.WALK, now_ns)
        self._report_stage()

    def _target(self, view: View, now_ns: int) -> Speed:
        if self.course is None or now_ns < self._cues.hold_ends_ns:
            return view.board_speed
        return max(view.board_speed, self.course.stage.speed + self._trim)

    def _ramp_down(self, course: Course, view: View, now_ns: int) -> Proposal:
        slowest = view.machine.slowest if view.machine else view.board_speed
        slow = view.set_point is None or view.set_point <= slowest
        tilted = not view.level and (course.turn_ahead or self._after is Phase.QUESTIONS)
        impatient = now_ns - self._phase_ns >= n.RAMP_DOWN_PATIENCE_NS
        incline = LEVEL if course.turn_ahead or self._after is Phase.QUESTIONS else course.stage.incline
        return Proposal(target=slowest, incline=incline, halt=(slow and not tilted) or impatient)

    def _given_up(self, view: View, now_ns: int) -> bool:
        """End a session at standstill whose treadmill has been out of reach, or has said nothing, for too long."""
        if view.linked and view.standstill_ns is not None:
            self._unlinked_ns = None
            return False
        self._unlinked_ns = self._unlinked_ns or now_ns
        if now_ns - self._unlinked_ns <= n.LINK_PATIENCE_NS:
            return False
        self._end_early()
        self._finish(now_ns)
        return True

    def _follow_latch(self, view: View, now_ns: int) -> None:
        if self.phase not in (Phase.STOPPING, Phase.TRIPPED):
            self._answer_arming("a stop was latched")
        if view.motion is Motion.STOPPING:
            self.prompts.withdraw()
            self._go(Phase.STOPPING, now_ns)
        elif self.phase is not Phase.TRIPPED:
            self._ending = Ending.TRIPPED
            self._report_end(None)
            self._go(Phase.TRIPPED, now_ns)

    def _stopped_under_way(self, view: View, now_ns: int) -> None:
        """Follow a stop that latches nothing: somebody at the console, or a belt that would not start."""
        if view.ending:
            self._end_early()
        self._after = Phase.QUESTIONS if view.ending else self._after_pause
        self.prompts.withdraw()
        self._go(Phase.STOPPING, now_ns)

    @property
    def _after_pause(self) -> Phase:
        """What follows a standstill in mid-bout: going on later, unless all that was left was the cool-down."""
        return Phase.QUESTIONS if self.phase is Phase.COOL_DOWN else Phase.PAUSED

    def _slow(self, after: Phase, now_ns: int) -> None:
        self.prompts.withdraw()
        self._after = after
        self._go(Phase.SLOWING, now_ns)

    def _end_early(self) -> None:
        if self._ending is Ending.COMPLETED:
            self._ending = Ending.ENDED_EARLY

    def _finish(self, now_ns: int) -> None:
        """End at standstill: hands off, and ask how it was where something was walked and somebody is there."""
        self.prompts.withdraw()
        self.wishes.append(Wish.CLOSE)
        self._answer_arming("the session ended")
        if self._bouts_done and self._ending in (Ending.COMPLETED, Ending.ENDED_EARLY):
            self._debrief = Debrief(now_ns)
            self._go(Phase.QUESTIONS, now_ns)
            self.prompts.ask(PromptKind.QUESTION, words.QUESTION, now_ns)
        else:
            self._close_workout(None, now_ns)

    def _close_workout(self, answer: str | None, now_ns: int) -> None:
        self.prompts.close(answer)
        self._report_end(answer)
        self.reset(now_ns)

    def _report_end(self, answer: str | None) -> None:
        if self._started and self.plan:
            self.reports.append(WorkoutEnded(self.plan.program, self._ending, self._bouts_done, answer))
            self._started = False

    def _report_stage(self) -> None:
        course = self.course
        if course:
            stage, bout = course.stage, course.bout
            where = (course.bout_index + 1, course.stage_index + 1)
            self.reports.append(SegmentStarted(*where, bout.facing, stage.speed, stage.incline, stage.duration_s))

    def _report_interval(self, gap: Gap, duration_s: int) -> None:
        if self.course:
            at = self.course.bout_index + 1
            self.reports.append(SegmentStarted(at, 0, gap, STANDSTILL, LEVEL, duration_s))

    def _give_up_arming(self, refusal: str, view: View, now_ns: int) -> None:
        reason = f"{refusal}; the belt runs at {view.speed}" if view.speed else refusal
        self._answer_arming(reason)
        self.reports.append(Warned("disarmed", reason))
        self.wishes.append(Wish.CLOSE)
        self.reset(now_ns)

    def _answer_arming(self, refusal: Refusal) -> None:
        if self._arming and not self._arming.answered:
            self._arming.answered = True
            self._reply(self._arming.request, refusal)

    def _reply(self, request: Request, refusal: Refusal) -> None:
        reason = refusal or "accepted"
        self.reports.append(Reply(request.id, request.verb, request.origin, refusal is None, reason))

    def _say(self, text: str) -> None:
        self.cue = text
        self.reports.append(Cue(text))

    def _clear(self) -> None:
        self.prompts.withdraw()
        self.course = self.cue = self._arming = self._unlinked_ns = None
        self._ending, self._after, self._trim = Ending.COMPLETED, Phase.QUESTIONS, STANDSTILL
        self._started, self._bouts_done = False, 0

    def _go(self, phase: Phase, now_ns: int) -> None:
        if phase is not self.phase:
            self.phase, self._phase_ns, self._slow_ns, self.cue = phase, now_ns, now_ns, None
            self.reports.append(PhaseChanged(phase))
            if phase in words.ON_ENTERING:
                self._say(words.ON_ENTERING[phase])

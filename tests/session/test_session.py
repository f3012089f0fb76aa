"""How a session goes, phase by phase and verb by verb, with the interlock played by the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from retrowalk.model import numbers as n
from retrowalk.model.intent import Proposal, Wish
from retrowalk.model.observations import ButtonSource
from retrowalk.model.plan import ABSOLUTE, Facing, Gap, Plan
from retrowalk.model.reports import (
    Cue,
    Ending,
    Motion,
    Phase,
    PromptClosed,
    PromptKind,
    PromptOpened,
    Reply,
    SegmentStarted,
    Warned,
    WorkoutEnded,
    WorkoutStarted,
)
from retrowalk.model.requests import Verb
from retrowalk.model.settings import BrokerLost
from retrowalk.model.units import LEVEL, Incline, Speed, seconds
from retrowalk.session import words
from support.ideal_belt import MACHINE, SETTINGS, TWO_BOUTS, backward, forward, plan
from support.session_bench import BOARD_SPEED, Bench, bench, fault

RISING = plan(backward((0.5, 30), (1.0, 60)))
TURNING = plan(forward((1.0, 20)), backward((0.5, 20), incline_pct=1))


def ending(b: Bench) -> Ending:
    """Return how the workout ended."""
    (ended,) = b.said(WorkoutEnded)
    return ended.ending


# -- arming ----------------------------------------------------------------------------------------------------------


def test_select_wants_something_to_walk() -> None:
    """No plan, no bouts, no stages: refused; and fixed from arming on."""
    b = bench()
    empty = replace(TWO_BOUTS, bouts=())
    hollow = replace(TWO_BOUTS, bouts=(replace(TWO_BOUTS.bouts[0], stages=()),))
    for what in (None, empty, hollow):
        assert "nothing to walk" in b.refused(Verb.SELECT_PROGRAM, plan=what)
    b.armed()
    assert "fixed" in b.refused(Verb.SELECT_PROGRAM, plan=RISING)


def test_arm_needs_a_program_and_an_idle_session() -> None:
    """And no stop under way."""
    b = bench()
    assert b.refused(Verb.ARM) == "no program is selected"
    b.accepted(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    b.see(motion=Motion.STOPPING)
    assert b.refused(Verb.ARM) == "a stop is under way"
    b.see(motion=Motion.IDLE)
    b.armed()
    assert b.refused(Verb.ARM) == "already armed"


def test_arm_is_refused_at_once_for_what_no_waiting_clears() -> None:
    """Nothing is connected for it."""
    b = bench()
    b.accepted(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    b.see(faults=(fault("latched", waits=False), fault()))
    assert b.refused(Verb.ARM) == "latched is broken (mend it)"
    assert b.wishes == []


def test_arm_connects_and_is_answered_once_only_the_person_is_missing() -> None:
    """Then the session opens as soon as nothing is missing."""
    b = bench()
    b.accepted(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    b.see(faults=(fault("link_down"), fault()))
    assert b.ask(Verb.ARM) is None, "not answered yet"
    assert b.wishes == [Wish.CONNECT]
    b.see(1)
    assert not [r for r in b.said(Reply) if r.verb is Verb.ARM]
    b.see(faults=(fault(),))
    assert b.said(Reply)[-1].ok
    b.see(motion=Motion.STOPPING, faults=())
    assert b.session.phase is Phase.ARMED, "not during a stop"
    assert b.see(motion=Motion.IDLE) is Phase.BOARD
    assert b.wishes == [Wish.CONNECT, Wish.OPEN]
    assert len([r for r in b.said(Reply) if r.verb is Verb.ARM]) == 1


def test_arming_gives_up_after_45_seconds_and_names_what_was_missing() -> None:
    """Hands off again."""
    b = bench().armed()
    b.see(46)
    assert b.session.phase is Phase.IDLE
    assert b.said(Warned)[-1].words == "absent is broken (mend it)"
    assert b.wishes[-1] is Wish.CLOSE


def test_arming_gives_up_at_once_on_a_belt_that_runs() -> None:
    """And says how fast."""
    b = bench()
    b.accepted(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    b.see(faults=(fault("link_down"),))
    b.ask(Verb.ARM)
    b.see(faults=(fault("uncommanded_motion", waits=False),), speed=Speed(1200))
    assert b.session.phase is Phase.IDLE
    reply = b.said(Reply)[-1]
    assert not reply.ok
    assert reply.reason.endswith("the belt runs at 12.0 km/h (7.5 mph)")


def test_while_a_stop_is_latched_every_refusal_says_so_first() -> None:
    """The rest is of no use before the reset."""
    b = bench()
    b.see(latched=True, faults=(fault("absent"), fault("latched", waits=False)))
    b.see(1)
    assert b.session.phase is Phase.TRIPPED
    assert b.refused(Verb.ARM).startswith("latched is broken")
    assert b.refused(Verb.START).startswith("latched is broken")
    assert "reset" in b.refused(Verb.DISARM)


def test_disarm() -> None:
    """While armed, or at rest; not while idle, not while the belt moves."""
    assert bench().refused(Verb.DISARM) == "not armed"
    armed = bench().armed()
    armed.accepted(Verb.DISARM)
    assert armed.session.phase is Phase.IDLE
    clear = bench().armed()
    clear.view = replace(clear.view, faults=())
    clear.accepted(Verb.DISARM)
    assert clear.said(Warned)[-1].words == "disarmed"
    walking = bench().walking()
    assert "use end or stop" in walking.refused(Verb.DISARM)
    walking.ask(Verb.PAUSE)
    walking.stand()
    walking.accepted(Verb.DISARM)
    assert ending(walking) is Ending.DISARMED


# -- boarding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stood_ns", "asks"), [
    (n.STANDSTILL_SETTLED_NS - 1, False), (n.STANDSTILL_SETTLED_NS, True), (n.STANDSTILL_SETTLED_NS + 1, True),
    (None, False),
])  # fmt: skip
def test_the_board_prompt_comes_after_three_seconds_of_standstill(stood_ns: int | None, asks: bool) -> None:
    """Verified ones."""
    b = bench().armed()
    b.see(faults=(), standstill_ns=None)
    b.see(motion=Motion.STANDSTILL, standstill_ns=None if stood_ns is None else b.now_ns - stood_ns)
    assert bool(b.said(PromptOpened)) is asks


def test_ok_confirms_a_boarding_and_begins_the_workout() -> None:
    """A fresh boarding with the bout's facing; the workout is reported once."""
    b = bench().starting(TURNING)
    assert b.session.phase is Phase.STARTING
    boarding = b.proposal.boarding
    assert boarding
    assert (boarding.number, boarding.facing, boarding.confirmed_ns) == (1, Facing.FORWARD, b.now_ns)
    assert b.said(WorkoutStarted) == [WorkoutStarted("test")]


def test_ok_is_refused_while_a_rule_is_broken_or_the_belt_is_not_known_to_stand() -> None:
    """The question stays open."""
    b = bench().boarding()
    b.see(faults=(fault("heart_rate_unsettled"),))
    b.press()
    assert b.said(Warned)[-1].words == "heart_rate_unsettled is broken (mend it)"
    b.see(faults=(), motion=Motion.IDLE)
    b.press()
    assert b.said(Warned)[-1].words == "the belt is not known to stand"
    assert b.session.phase is Phase.BOARD


def test_a_confirmed_start_that_is_not_permitted_asks_again() -> None:
    """After five seconds the confirmation is stale: back to Board, a new question."""
    b = bench().starting()
    assert b.see(4.9) is Phase.STARTING
    assert b.see(0.3) is Phase.BOARD
    assert [p.prompt.id for p in b.said(PromptOpened)] == ["board-1", "board-2"]


@pytest.mark.parametrize(("verb", "remote", "ok"), [
    (Verb.CONFIRM, False, False), (Verb.CONFIRM, True, True), (Verb.RESUME, True, True), (Verb.START, True, True),
    (Verb.START, False, False),
])  # fmt: skip
def test_a_remote_confirm_starts_only_where_it_is_allowed(verb: Verb, remote: bool, ok: bool) -> None:
    """`session.remote_start`."""
    b = bench(replace(SETTINGS, remote_start=remote)).boarding()
    reply = b.ask(verb)
    assert reply
    assert reply.ok is ok
    assert (b.session.phase is Phase.STARTING) is ok


def test_start_is_for_the_beginning_only() -> None:
    """Before the first prompt it says what is missing; after the start it is over."""
    b = bench(replace(SETTINGS, remote_start=True)).armed()
    assert b.refused(Verb.START) == "not ready to start (armed): absent is broken (mend it)"
    b.see(faults=())
    b.see(5, motion=Motion.STANDSTILL)
    b.accepted(Verb.START)
    assert "started already" in b.refused(Verb.START)
    assert bench().refused(Verb.START) == "not ready to start (idle): the session is not at its first prompt"


@pytest.mark.parametrize(("after_s", "phase"), [(119.9, Phase.BOARD), (120.2, Phase.IDLE)])
def test_nobody_answers_for_two_minutes(after_s: float, phase: Phase) -> None:
    """The session is over, hands off; nothing was walked, so nothing is asked."""
    b = bench().armed()
    b.see(faults=())
    b.see(motion=Motion.STANDSTILL, standstill_ns=0)
    assert b.session.prompts.open
    assert b.see(after_s) is phase
    assert (Wish.CLOSE in b.wishes) is (phase is Phase.IDLE)


def test_a_treadmill_out_of_reach_for_half_a_minute_ends_the_session() -> None:
    """At rest; a link that comes back in time does not."""
    b = bench().boarding()
    b.see(29, linked=False)
    b.see(1, linked=True)
    assert b.see(30, linked=False) is Phase.BOARD
    assert b.see(0.2) is Phase.IDLE


# -- stepping on -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kmh", "phase"), [(0.69, Phase.STARTING), (0.7, Phase.STEP_ON), (0.8, Phase.STEP_ON)])
def test_the_walker_steps_on_at_board_speed(kmh: float, phase: Phase) -> None:
    """Give or take a step of the machine, and not before it has kept to it for two seconds."""
    b = bench().starting()
    b.see(motion=Motion.BOARDING)
    assert b.see(1.9, motion=Motion.MOVING, speed=Speed.from_kmh(kmh)) is Phase.STARTING
    assert b.see(0.1) is phase


def test_a_belt_that_falls_below_board_speed_is_not_steady() -> None:
    """The two seconds begin anew."""
    b = bench().starting()
    b.see(1, motion=Motion.MOVING, speed=BOARD_SPEED)
    b.see(speed=Speed(50))
    assert b.see(1.9, speed=BOARD_SPEED) is Phase.STARTING
    assert b.see(0.2) is Phase.STEP_ON


def test_a_machine_that_starts_at_its_console_is_started_by_a_helper() -> None:
    """After OK the helper is told to press start."""
    b = bench().boarding()
    b.see(machine=replace(MACHINE, starts_at_console_only=True))
    b.press()
    assert b.said(Cue)[-1].text == words.START_AT_CONSOLE
    assert b.session.phase is Phase.STARTING


def test_a_belt_that_never_says_board_speed_is_stepped_on_after_five_seconds() -> None:
    """Some report less than they run; and no machine, no step."""
    b = bench().starting()
    assert b.see(6, motion=Motion.MOVING, speed=Speed(50), machine=None) is Phase.STARTING
    assert b.see(4.9, machine=MACHINE) is Phase.STARTING
    assert b.see(0.2) is Phase.STEP_ON


def test_an_unknown_speed_is_no_board_speed() -> None:
    """It waits."""
    b = bench().starting()
    assert b.see(motion=Motion.MOVING, speed=None) is Phase.STARTING


@pytest.mark.parametrize(("what", "for_s"), [(TWO_BOUTS, 10), (RISING, 20)])
def test_stepping_on_is_timed(what: object, for_s: float) -> None:
    """Twenty seconds, or ten where the bout stays at board speed; then the first stage begins."""
    b = bench().stepping_on(what)  # type: ignore[arg-type]  # a plan
    assert b.see(for_s - 0.1) is Phase.STEP_ON
    assert b.proposal == Proposal(target=BOARD_SPEED, incline=LEVEL)
    assert b.see(0.2) is Phase.WALK
    assert b.said(SegmentStarted)[0].what is Facing.BACKWARD
    assert words.STEP_ON_TIMED in [cue.text for cue in b.said(Cue)]


def test_stepping_on_is_confirmed_where_ok_is_an_input_of_its_own() -> None:
    """Then it takes as long as it takes, up to two minutes."""
    b = bench(replace(SETTINGS, separate_ok=True)).stepping_on(RISING)
    assert b.see(60) is Phase.STEP_ON
    b.accepted(Verb.CONFIRM)
    assert b.session.phase is Phase.WALK
    late = bench(replace(SETTINGS, separate_ok=True)).stepping_on(RISING)
    assert late.see(120) is Phase.STEP_ON
    assert late.see(0.2) is Phase.SLOWING
    late.stand()
    assert ending(late) is Ending.UNANSWERED


def test_a_bout_at_board_speed_is_timed_even_then() -> None:
    """There is no ramp to confirm."""
    b = bench(replace(SETTINGS, separate_ok=True)).stepping_on()
    assert b.see(11) is Phase.WALK


# -- walking ---------------------------------------------------------------------------------------------------------


def test_board_speed_is_held_for_fifteen_seconds_then_the_stage_is_aimed_at() -> None:
    """Clock and hold start at step-on."""
    b = bench().walking(plan(backward((1.0, 60))))
    b.see(14.8)
    assert b.proposal.target == BOARD_SPEED
    b.see(0.3)
    assert b.proposal.target == Speed.from_mph(1.0)


def test_stages_follow_each_other_and_are_reported() -> None:
    """With target, incline and duration."""
    b = bench().walking(RISING)
    assert b.session.segment_left_ns == pytest.approx(seconds(30), abs=seconds(0.2))
    b.see(31)
    assert [(s.bout, s.stage, s.duration_s) for s in b.said(SegmentStarted)] == [(1, 1, 30), (1, 2, 60)]
    assert b.proposal.target == Speed.from_mph(1.0)


def test_a_bout_with_another_to_come_slows_to_a_rest_of_its_time() -> None:
    """Ramp to the machine's minimum, halt there; then the rest, then Board with the next facing."""
    b = bench().walking()
    assert b.see(21) is Phase.SLOWING
    assert b.proposal == Proposal(target=MACHINE.slowest, incline=LEVEL, halt=True)
    assert b.stand() is Phase.REST
    assert b.said(SegmentStarted)[-1].what is Gap.REST
    assert b.session.segment_left_ns == pytest.approx(seconds(15), abs=seconds(0.2))
    assert b.see(14.8) is Phase.REST
    assert b.see(0.3) is Phase.BOARD
    assert b.session.course
    assert b.session.course.bout_index == 1


def test_a_turn_waits_for_a_level_belt() -> None:
    """Slow enough but tilted: not yet; thirty seconds at most."""
    b = bench().walking(plan(backward((0.5, 20), incline_pct=1), forward((1.0, 20))))
    b.see(level=False)
    assert b.proposal.incline == Incline(10)
    assert b.see(21) is Phase.SLOWING
    assert b.proposal == Proposal(target=MACHINE.slowest, incline=LEVEL, halt=False)
    b.see(level=True)
    assert b.proposal.halt
    b.see(31, level=False)
    assert b.proposal.halt
    assert b.stand() is Phase.TURN


def test_a_rest_keeps_the_incline_and_a_fast_belt_ramps_first() -> None:
    """No need to be level for a rest; no halt above the machine's minimum."""
    b = bench().walking(plan(backward((0.5, 20), incline_pct=1), backward((0.5, 20))))
    b.see(21, level=False, set_point=Speed(150))
    assert b.proposal == Proposal(target=MACHINE.slowest, incline=Incline(10), halt=False)
    b.see(set_point=MACHINE.slowest)
    assert b.proposal.halt
    b.see(machine=None, set_point=Speed(90))
    assert b.proposal.target == BOARD_SPEED


@pytest.mark.parametrize(("level", "hold_s"), [(0, 10), (1, 30)])
def test_the_last_bout_cools_down_at_board_speed(level: int, hold_s: float) -> None:
    """The hold begins once the belt is at board speed; then slow, stand, and the question."""
    b = bench().walking(plan(backward((0.5, 20)), level=level))
    assert b.see(21, set_point=Speed(150)) is Phase.COOL_DOWN
    assert b.see(28) is Phase.COOL_DOWN
    assert b.see(hold_s - 0.1, set_point=BOARD_SPEED) is Phase.COOL_DOWN
    assert b.see(0.3) is Phase.SLOWING
    assert b.stand() is Phase.QUESTIONS
    assert b.wishes[-1] is Wish.CLOSE


def test_a_cool_down_that_does_not_come_down_to_board_speed_ends_all_the_same() -> None:
    """Set-points may fail; half a minute, and then the belt is slowed down and stopped."""
    b = bench().walking(plan(backward((0.5, 20)), level=1))
    b.see(21, set_point=Speed(150))
    assert b.see(28.9) is Phase.COOL_DOWN
    assert b.see(1.2) is Phase.SLOWING


def test_no_pause_stretches_a_session_beyond_its_cap() -> None:
    """It ends in the walk, with a cool-down; and where nobody is on the belt, without. Neither is completed."""
    long = plan(backward((0.5, 200)), limits=replace(TWO_BOUTS.limits, session_s=60))
    walking, paused = (bench().walking(long) for _ in range(2))
    assert walking.see(60) in (Phase.COOL_DOWN, Phase.SLOWING)
    walking.see(20)
    walking.stand()
    paused.accepted(Verb.PAUSE)
    paused.stand()
    assert paused.see(70, standstill_ns=0) is Phase.IDLE
    assert ending(walking) is ending(paused) is Ending.ENDED_EARLY


@pytest.mark.parametrize("come_to", [Bench.starting, Bench.stepping_on])
def test_a_session_without_time_ends_before_the_walk_begins(come_to: Callable[[Bench, Plan], Bench]) -> None:
    """Whoever is on the side boards, or stepping on, is told so, and the belt stops."""
    b = come_to(bench(), replace(TWO_BOUTS, limits=replace(TWO_BOUTS.limits, session_s=9)))
    assert b.see(9, motion=Motion.BOARDING) is Phase.SLOWING
    assert b.session.cue == words.TIME_IS_UP


def test_a_belt_that_ran_backward_for_half_an_hour_is_enough_walked_or_not() -> None:
    """Time on the belt counts, not only that in which the plan goes on."""
    b = bench().walking(plan(backward((0.5, 600))))
    assert b.session.course is not None
    b.session.course.run_ns = seconds(ABSOLUTE.backward_s) - seconds(1)
    assert b.see(0.9) is Phase.WALK
    assert b.see(0.3) is Phase.COOL_DOWN


def test_a_treadmill_that_says_nothing_at_rest_is_given_up() -> None:
    """A link that came back silent is no link."""
    b = bench().walking(TWO_BOUTS)
    b.accepted(Verb.PAUSE)
    b.stand()
    assert b.see(29, standstill_ns=None) in (Phase.PAUSED, Phase.BOARD)
    assert b.see(2) in (Phase.QUESTIONS, Phase.IDLE)


def test_a_cap_on_minutes_ends_the_session_after_the_bout() -> None:
    """The second bout would be too much: the walker is told so, and nobody calls it completed."""
    b = bench().walking(replace(TWO_BOUTS, limits=replace(TWO_BOUTS.limits, backward_s=30)))
    assert b.see(21) is Phase.COOL_DOWN
    assert b.session.cue == words.TIME_IS_UP
    b.see(11)
    b.stand()
    b.see(61)
    assert ending(b) is Ending.ENDED_EARLY


def test_trim_lowers_the_target_and_is_undone_up_to_the_program() -> None:
    """Never above; not outside a walk; never below board speed."""
    b = bench().walking(plan(backward((1.0, 60))))
    b.see(16)
    assert "never passes the program" in b.refused(Verb.TRIM, trim=Speed(1))
    b.accepted(Verb.TRIM, trim=Speed(-20))
    assert b.proposal.target == Speed(140)
    assert "never passes" in b.refused(Verb.TRIM, trim=Speed(21))
    b.accepted(Verb.TRIM, trim=Speed(20))
    b.accepted(Verb.TRIM, trim=Speed(-999))
    assert b.proposal.target == BOARD_SPEED
    b.accepted(Verb.TRIM)
    assert "goes with walking" in bench().refused(Verb.TRIM, trim=Speed(-1))


# -- pausing, ending, stopping ---------------------------------------------------------------------------------------


def test_a_pause_stands_and_goes_on_through_board() -> None:
    """The prompt says that it goes on; the clock stood."""
    b = bench().walking(RISING)
    b.see(5)
    b.accepted(Verb.PAUSE)
    assert b.session.phase is Phase.SLOWING
    assert b.stand() is Phase.PAUSED
    assert b.see(2.9) is Phase.PAUSED
    assert b.see(0.1) is Phase.BOARD
    b.see(4)
    assert "to go on" in b.said(PromptOpened)[-1].prompt.text
    b.press()
    assert b.proposal.boarding
    assert b.proposal.boarding.number == 2
    assert len(b.said(WorkoutStarted)) == 1
    b.see(6)
    assert "nobody is walking" in b.refused(Verb.PAUSE)


def test_a_pause_before_the_belt_moved_asks_again() -> None:
    """Confirmed but not started: there is nothing to stop."""
    b = bench().starting()
    b.accepted(Verb.PAUSE)
    b.see(0.2)
    assert b.session.phase is Phase.PAUSED
    assert b.see(3) is Phase.BOARD


@pytest.mark.parametrize("how", ["asked", "ruled", "stopped"])
def test_a_pause_in_the_cool_down_is_the_end(how: str) -> None:
    """Asked for, by a rule, or by a stop that latches nothing."""
    b = bench().walking(plan(backward((0.5, 20))))
    assert b.see(21) is Phase.COOL_DOWN
    if how == "asked":
        b.accepted(Verb.PAUSE)
    b.see(pausing=how == "ruled", motion=Motion.STOPPING if how == "stopped" else Motion.MOVING)
    b.stand()
    assert b.see(pausing=False) is Phase.QUESTIONS


def test_a_rule_pauses_the_walk() -> None:
    """A planned ramp-down."""
    b = bench().walking(RISING)
    assert b.see(pausing=True) is Phase.SLOWING
    assert b.stand() is Phase.PAUSED


@pytest.mark.parametrize(("ends", "after"), [(False, Phase.PAUSED), (True, Phase.IDLE)])
def test_a_stop_that_latches_nothing_pauses_or_ends(ends: bool, after: Phase) -> None:
    """Somebody at the console; or a belt that would not start, which ends the session."""
    b = bench().starting()
    b.see(motion=Motion.STOPPING, ending=ends)
    assert b.session.phase is Phase.STOPPING
    b.see(motion=Motion.STANDSTILL, ending=False)
    b.see(0.2)
    assert b.session.phase is after


@pytest.mark.parametrize(("at", "phase"), [
    ("armed", Phase.IDLE), ("boarding", Phase.IDLE), ("starting", Phase.SLOWING), ("stepping_on", Phase.SLOWING),
    ("walking", Phase.COOL_DOWN),
])  # fmt: skip
def test_end_comes_down_the_gentlest_way(at: str, phase: Phase) -> None:
    """Walking cools down, boarding slows, rest is over at once."""
    b = getattr(bench(), at)()
    b.accepted(Verb.END)
    assert b.session.phase is phase


def test_end_while_slowing_changes_what_follows() -> None:
    """Not a rest but the end; and a cool-down stays one. With nothing to end it is refused."""
    b = bench().walking()
    assert b.see(21) is Phase.SLOWING
    b.accepted(Verb.END)
    assert b.stand() is Phase.QUESTIONS
    assert "no session to end" in b.refused(Verb.END)
    assert "no session to end" in bench().refused(Verb.END)


@pytest.mark.parametrize(("at", "phase"), [
    ("armed", Phase.IDLE), ("boarding", Phase.STOPPING), ("starting", Phase.STOPPING), ("walking", Phase.STOPPING),
])  # fmt: skip
def test_stop_is_never_refused(at: str, phase: Phase) -> None:
    """It ends whatever there is; the interlock has stopped already."""
    b = getattr(bench(), at)()
    b.accepted(Verb.STOP)
    assert b.session.phase is phase
    assert b.session.prompts.open is None
    b.accepted(Verb.STOP)


def test_a_stop_while_idle_changes_nothing() -> None:
    """The next workout is complete all the same."""
    b = bench()
    b.accepted(Verb.STOP)
    b.walking(plan(backward((0.5, 20))))
    b.see(33)
    b.stand()
    b.see(61)
    assert ending(b) is Ending.COMPLETED


def test_a_stop_at_rest_ends_the_session_once_verified() -> None:
    """Unlatched: the end, early."""
    b = bench().walking()
    b.see(21)
    b.stand()
    b.accepted(Verb.STOP)
    assert b.stand() is Phase.QUESTIONS
    b.see(61)
    assert ending(b) is Ending.ENDED_EARLY


def test_a_latch_is_followed_into_tripped_and_out_by_reset() -> None:
    """Stopping until verified; the workout ends as tripped, once."""
    b = bench().walking()
    assert b.see(motion=Motion.STOPPING, latched=True) is Phase.STOPPING
    assert b.see(1) is Phase.STOPPING
    assert b.see(1, motion=Motion.IDLE) is Phase.TRIPPED
    assert ending(b) is Ending.TRIPPED
    assert "no session" in b.refused(Verb.END)
    b.session.reset(b.now_ns)
    assert b.session.phase is Phase.IDLE


def test_a_latch_while_armed_answers_the_arming() -> None:
    """Arming came to nothing."""
    b = bench()
    b.accepted(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    b.see(faults=(fault("link_down"),))
    b.ask(Verb.ARM)
    b.see(latched=True)
    assert b.said(Reply)[-1].reason == "a stop was latched"


def test_leaving_ends_at_once() -> None:
    """Without questions."""
    b = bench().walking()
    b.session.leave(b.now_ns)
    b.take()
    assert ending(b) is Ending.ENDED_EARLY
    assert b.session.phase is Phase.IDLE


# -- the broker ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "phase"), [
    ("armed", Phase.IDLE), ("boarding", Phase.IDLE), ("starting", Phase.SLOWING), ("walking", Phase.SLOWING),
])  # fmt: skip
def test_a_lost_broker_ends_the_session_announced(at: str, phase: Phase) -> None:
    """By default."""
    b = getattr(bench(), at)()
    b.session.broker(up=False, now_ns=b.now_ns)
    b.take()
    assert b.session.phase is phase
    assert words.BROKER_LOST in [cue.text for cue in b.said(Cue)]


def test_a_broker_lost_while_slowing_ends_it_too() -> None:
    """What follows is the end, not the rest."""
    b = bench().walking()
    b.see(21)
    b.session.broker(up=False, now_ns=b.now_ns)
    assert b.stand() is Phase.QUESTIONS


def test_a_broker_that_does_not_matter() -> None:
    """Up; or configured to go on; or nothing to end."""
    b, goes_on, idle = bench().walking(), bench(replace(SETTINGS, broker_lost=BrokerLost.CONTINUE)).walking(), bench()
    b.session.broker(up=True, now_ns=b.now_ns)
    goes_on.session.broker(up=False, now_ns=b.now_ns)
    idle.session.broker(up=False, now_ns=b.now_ns)
    assert (b.session.phase, goes_on.session.phase, idle.session.phase) == (Phase.WALK, Phase.WALK, Phase.IDLE)


# -- the question ----------------------------------------------------------------------------------------------------


def questioned() -> Bench:
    """Go to QUESTIONS, the question readable."""
    b = bench().walking(plan(backward((0.5, 20))))
    b.see(33)
    b.stand()
    b.see(1)
    assert b.session.phase is Phase.QUESTIONS
    return b


@pytest.mark.parametrize("answer", ["fine", "hard", "hurt"])
def test_an_answer_closes_the_workout(answer: str) -> None:
    """It goes with the end, and closes the prompt."""
    b = questioned()
    b.accepted(Verb.ANSWER, answer=answer)
    assert b.said(WorkoutEnded) == [WorkoutEnded("test", Ending.COMPLETED, 1, answer)]
    assert b.prompts[-1] == PromptClosed(b.said(PromptOpened)[-1].prompt.id, answer)
    assert b.refused(Verb.ANSWER, answer=answer) == "no question is open"


def test_what_is_no_answer() -> None:
    """Other words, a confirm, anything within the first second."""
    b = questioned()
    assert "'so-so' is no answer" in b.refused(Verb.ANSWER, answer="so-so")
    assert "answered with one of" in b.refused(Verb.CONFIRM)
    early = bench().walking(plan(backward((0.5, 20))))
    early.see(33)
    early.stand()
    assert "after a second" in early.refused(Verb.ANSWER, answer="fine")
    early.press()
    assert "after a second" in early.said(Warned)[-1].words
    assert early.session.phase is Phase.QUESTIONS


def test_presses_answer() -> None:
    """One: fine, after a moment. Two: hard, at once."""
    one, two = questioned(), questioned()
    one.press()
    one.see(1.4)
    assert one.session.phase is Phase.QUESTIONS
    one.see(0.3)
    assert one.said(WorkoutEnded)[0].answer == "fine"
    two.press()
    two.press()
    assert two.said(WorkoutEnded)[0].answer == "hard"


def test_no_answer_is_none() -> None:
    """After a minute."""
    b = questioned()
    b.see(60)
    assert b.said(WorkoutEnded)[0].answer is None


# -- buttons and odds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("configured", "level", "refusal"), [
    (True, 0, None),
    (True, 1, None),
    (True, 2, "a declared button is good for levels 0 and 1 only"),
    (False, 0, "no declared button is configured"),
])  # fmt: skip
def test_declared_buttons(configured: bool, level: int, refusal: str | None) -> None:
    """Only where configured, and only at low levels."""
    b = bench(replace(SETTINGS, declared_button=configured)).boarding(replace(TWO_BOUTS, level=level))
    b.press(source=ButtonSource.DECLARED)
    assert [w.words for w in b.said(Warned)] == ([refusal] if refusal else [])
    assert (b.session.phase is Phase.STARTING) is (refusal is None)


def test_a_press_that_nobody_asked_for_does_nothing() -> None:
    """No question, no answer, no complaint."""
    b = bench()
    b.press()
    assert b.reports == []


def test_an_old_prompt_id_is_refused() -> None:
    """By name."""
    b = bench(replace(SETTINGS, remote_start=True)).boarding()
    assert b.refused(Verb.CONFIRM, prompt_id="board-9") == "prompt board-9 is closed; the open one is board-1"


def test_nothing_is_proposed_outside_a_session() -> None:
    """Nor in phases at rest, but who boards next; and no time is left in what has no planned end."""
    b = bench()
    assert b.proposal == Proposal()
    assert b.session.segment_left_ns is None
    b.boarding()
    assert b.proposal == Proposal(facing=Facing.BACKWARD)
    assert b.session.segment_left_ns is None


def test_phases_without_a_course_are_harmless() -> None:
    """Should a handler ever run without one."""
    b = bench()
    for phase in (Phase.BOARD, Phase.WALK, Phase.SLOWING):
        b.session.phase = phase
        b.see(motion=Motion.STANDSTILL)
    assert b.session.phase is Phase.IDLE
    assert b.session._target(b.view, b.now_ns) == BOARD_SPEED
    b.session._report_stage()
    b.session._report_interval(Gap.REST, 5)
    b.session.phase = Phase.ARMED
    b.see()
    b.session.prompts.ask(PromptKind.BOARD, "?", 0)
    b.session.phase = Phase.BOARD
    assert b.refused(Verb.RESUME)

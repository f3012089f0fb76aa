"""The hazards of SAFETY.md on the ideal belt: for each, the reaction, and that it is no nuisance.

Each test is named after its hazard's number, so that the table in SAFETY.md can point at it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.engine import Engine, Outcome
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.interlock.readings import Readings
from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    ClearMarker,
    Connect,
    Disconnect,
    Exit,
    PermittedCommand,
    Rebuild,
    Relay,
    RequestControl,
    SetIncline,
    Stop,
    StoreMarker,
)
from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    Answer,
    BrokerLink,
    ButtonSource,
    HeartRateLink,
    HeartRateSample,
    MachineEvent,
    MarkerStored,
    Power,
    StrapLine,
    Telemetry,
)
from retrowalk.model.plan import Facing
from retrowalk.model.reports import (
    Cue,
    Ending,
    Motion,
    Phase,
    PromptKind,
    PromptOpened,
    Reply,
    Rung,
    SegmentStarted,
    StopStep,
    Warned,
    WorkoutEnded,
)
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import BrokerLost, StrapTier
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds
from support.ideal_belt import LIMITS, MACHINE, SETTINGS, TWO_BOUTS, World, backward, forward, judged, plan, world

LONG = plan(backward((0.5, 60), (1.0, 120)))
UPHILL = plan(backward((0.5, 60), (1.0, 60), incline_pct=2), forward((1.0, 30)), level=1)


def stops(outcome: Outcome) -> bool:
    """Whether a Stop comes first of all in this very outcome."""
    return bool(outcome.commands) and isinstance(outcome.commands[0], Stop)


def latched(w: World, cause: str) -> None:
    """Assert that `cause` stopped the belt, verified, and is latched; nothing may restart it."""
    w.run(20)
    assert w.trips == [cause]
    assert w.engine.phase is Phase.TRIPPED
    assert w.speed == STANDSTILL
    starts = len(w.starts)
    w.ask(Verb.ARM)
    w.press(source=ButtonSource.DECLARED)
    w.run(10)
    assert len(w.starts) == starts


def idle(w: World) -> None:
    """Assert that the session is over."""
    assert w.engine.phase is Phase.IDLE


def ended(w: World, ending: Ending, for_s: float = 300) -> None:
    """Assert that the session ends so, at standstill, hands off, without any trip."""
    assert w.run(for_s, lambda: bool(w.said(WorkoutEnded))), w.engine.phase
    assert [e.ending for e in w.said(WorkoutEnded)] == [ending]
    assert w.trips == []
    assert w.speed == STANDSTILL
    assert w.sent(Disconnect)


# -- 1: stumble ------------------------------------------------------------------------------------------------------


def test_hazard_01_reaction_open_strap_stops_in_the_same_call() -> None:
    """A pulled strap is a Stop in the call that brings it, and a latch."""
    w = world().walking()
    assert stops(w.pull_strap())
    latched(w, "strap_open")


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STEP_ON, Phase.SLOWING, Phase.COOL_DOWN])
def test_hazard_01_reaction_strap_counts_wherever_the_belt_may_move(phase: Phase) -> None:
    """Also during the countdown, at board speed, in every ramp-down, and while a planned stop is not verified."""
    w = world(start_delay_s=2.0)
    w.arm()
    w.run_to(phase)
    w.pull_strap()
    latched(w, "strap_open")


def test_hazard_01_reaction_open_strap_in_a_countdown_holds_the_link_until_it_is_over() -> None:
    """Zero frames before a countdown is over verify nothing: the stop is written on, the link is kept."""
    w = world(start_delay_s=5.0, obeys_stop=False)
    w.arm()
    w.run_to(Phase.STARTING)
    w.run(1)
    w.pull_strap()
    w.run(3)
    assert w.linked
    assert not w.sent(Disconnect)
    w.run(3)
    assert w.speed > STANDSTILL, "the belt starts although it was told to stop"
    w.obeys_stop = True
    latched(w, "strap_open")


def test_hazard_01_no_nuisance_strap_off_between_bouts_and_after_the_end() -> None:
    """At standstill an open strap is no entry, not a trip: it may be taken off, and put on again."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.pull_strap()
    w.run(5)
    w.feed(StrapLine(closed=True))
    w.run(10, lambda: bool(w.said(WorkoutEnded)))
    ended(w, Ending.COMPLETED)
    w.pull_strap()
    w.run(5)
    assert w.trips == []


def test_hazard_01_reaction_no_start_with_the_strap_open() -> None:
    """OK with the strap open is refused, and says why."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.pull_strap()
    w.run(2)
    w.press()
    w.run(1)
    assert not w.starts
    assert "strap" in w.said(Warned)[-1].words


def test_hazard_01_reaction_safety_key_stops_and_latches() -> None:
    """The machine says that its key was pulled: Stop and latch."""
    w = world().walking()
    assert stops(w.status(MachineEvent.STOPPED_BY_KEY))
    latched(w, "safety_key")


def test_hazard_01_no_nuisance_old_key_status_at_standstill() -> None:
    """A key status that is replayed when the link comes up trips nothing."""
    w = world()
    w.arm()
    assert w.run(5, lambda: w.linked)
    w.status(MachineEvent.STOPPED_BY_KEY)
    ended(w, Ending.COMPLETED)


@pytest.mark.parametrize(("tier", "level", "refused"), [
    (StrapTier.NONE, 0, True),
    (StrapTier.ATTESTED, 1, False),
    (StrapTier.ATTESTED, 2, True),
    (StrapTier.REPORTED, 3, False),
    (StrapTier.LINE, 3, False),
])  # fmt: skip
def test_hazard_01_reaction_weak_straps_are_refused(tier: StrapTier, level: int, refused: bool) -> None:
    """Backward walking needs a strap; an attested one is good for levels 0 and 1."""
    w = world(replace(SETTINGS, strap=tier))
    w.arm(plan(backward((0.5, 20)), level=level))
    w.press()
    w.run(30)
    assert bool(w.starts) is not refused


def test_hazard_05_reaction_no_handrails_no_backward_walking() -> None:
    """Without handrails backward walking is refused, at once and for good."""
    w = world(replace(SETTINGS, handrails=False))
    w.arm()
    assert w.engine.phase is Phase.IDLE
    assert "handrails" in w.said(Reply)[-1].reason


def test_hazard_05_no_nuisance_forward_walking_needs_neither_strap_nor_handrails() -> None:
    """The rules of backward walking do not stop a forward walk."""
    w = world(replace(SETTINGS, handrails=False, strap=StrapTier.NONE))
    w.arm(plan(forward((1.0, 30))))
    w.press()
    ended(w, Ending.COMPLETED)


# -- 3, 4: turning and boarding --------------------------------------------------------------------------------------


def test_hazard_03_reaction_a_turn_is_a_level_standstill_with_its_own_ok() -> None:
    """Between two facings the belt is verified at zero and level, and starts only after its own prompt."""
    w = world()
    w.arm(UPHILL)
    w.run_to(Phase.TURN, 900)
    assert w.speed == STANDSTILL
    assert w.incline == LEVEL
    assert len(w.starts) == 1
    w.run_to(Phase.STEP_ON)
    prompts = [r.prompt for r in w.said(PromptOpened) if r.prompt.kind is PromptKind.BOARD]
    assert "facing the rear" in prompts[0].text
    assert "facing the console" in prompts[1].text


def test_hazard_03_no_nuisance_a_program_with_turns_and_inclines_ends_cleanly() -> None:
    """Forward, turn, backward uphill, turn: no trip."""
    w = world()
    w.arm(plan(forward((1.5, 60)), backward((0.5, 60), (1.0, 60), incline_pct=1), forward((1.0, 30)), level=1))
    ended(w, Ending.COMPLETED, 900)


def test_hazard_03_reaction_unknown_incline_is_made_level() -> None:
    """A belt that has an incline and does not tell it is told to be level before anybody walks uphill unknowingly."""
    w = world()
    w.arm()
    w.run_to(Phase.BOARD)
    w.telemetry = False
    w.find_link()

    def mute_of_incline() -> bool:
        w.feed(Telemetry(w.speed))
        return w.engine.phase is Phase.STEP_ON

    assert w.run(40, mute_of_incline)
    w.run(1, lambda: w.feed(Telemetry(w.speed)) is None)
    inclines = [c.action.incline for _, c in w.sent(PermittedCommand) if isinstance(c.action, SetIncline)]
    assert inclines[:1] == [LEVEL]


def test_hazard_04_reaction_step_on_is_at_board_speed_and_unanswered_boarding_ends() -> None:
    """The belt stays at board speed until stepping on is over; a prompt nobody answers ends the session."""
    w = world()
    w.arm(LONG)
    w.run_to(Phase.STEP_ON)
    at = w.now_ns
    w.run_to(Phase.WALK)
    assert w.now_ns - at == pytest.approx(n.STEP_ON_NS, abs=n.TICK_NS)
    assert {speed for _, speed in w.set_points()} == {n.BOARD_SPEED}


def test_hazard_04_no_nuisance_a_bout_at_board_speed_steps_on_for_ten_seconds() -> None:
    """Where the bout stays at board speed, ten seconds are enough."""
    w = world()
    w.arm()
    w.run_to(Phase.STEP_ON)
    at = w.now_ns
    w.run_to(Phase.WALK)
    assert w.now_ns - at == pytest.approx(n.STEP_ON_AT_BOARD_SPEED_NS, abs=n.TICK_NS)


def test_hazard_04_reaction_a_separate_ok_confirms_stepping_on_and_silence_ends() -> None:
    """With separate inputs stepping on is confirmed; 120 s of silence slow the belt down and end the session."""
    w = world(replace(SETTINGS, separate_ok=True))
    w.arm(LONG)
    w.run_to(Phase.STEP_ON)
    w.willing = False
    w.run(100)
    assert w.engine.phase is Phase.STEP_ON
    w.run_to(Phase.IDLE, 60)
    assert w.said(WorkoutEnded)[0].ending is Ending.UNANSWERED
    assert w.trips == []


def test_hazard_04_no_nuisance_a_confirmed_step_on_walks() -> None:
    """OK at once begins the walk at once."""
    w = world(replace(SETTINGS, separate_ok=True))
    w.arm(LONG)
    w.run_to(Phase.WALK)
    assert w.trips == []


def test_hazard_04_reaction_prompts_expire() -> None:
    """120 s without an answer at standstill end the session; nothing restarts by itself."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    opened_ns = w.now_ns
    w.run(119)
    assert w.engine.phase is Phase.BOARD
    w.run(2)
    idle(w)
    assert w.now_ns - opened_ns >= n.PROMPT_EXPIRES_NS
    assert not w.starts
    assert w.sent(ClearMarker)


# -- 7, 8: caps and ramps --------------------------------------------------------------------------------------------


def test_hazard_07_reaction_a_forward_plan_walked_backward_is_capped() -> None:
    """Whatever the stage asks for, a backward bout keeps to the backward ceiling."""
    w = world()
    w.arm(plan(backward((3.0, 120))))
    w.run_to(Phase.COOL_DOWN)
    assert max(speed for _, speed in w.set_points()) == Speed.from_kmh(2.0)


def test_hazard_07_no_nuisance_the_same_speed_forward_is_walked() -> None:
    """Forward the same stage is walked as it is, on the machine's grid."""
    w = world()
    w.arm(plan(forward((2.5, 120))))
    w.run_to(Phase.COOL_DOWN)
    assert max(speed for _, speed in w.set_points()) == Speed.from_kmh(4.0)


def test_hazard_08_reaction_each_ramp_is_announced_five_seconds_ahead() -> None:
    """A cue comes 5 s before the speed changes."""
    w = world()
    w.arm(LONG)
    w.run_to(Phase.WALK)
    cue_ns = next(at for at, r in _until_cue(w, "In five seconds"))
    w.run(60, lambda: w.engine.state(w.now_ns).target != n.BOARD_SPEED)
    assert w.now_ns - cue_ns >= n.RAMP_NOTICE_NS


def _until_cue(w: World, opening: str) -> list[tuple[int, Cue]]:
    def heard() -> list[tuple[int, Cue]]:
        return [(at, r) for at, r in w.reports if isinstance(r, Cue) and r.text.startswith(opening)]

    assert w.run(120, lambda: bool(heard()))
    return heard()


# -- 9, 23, 43: motion that nobody asked for -------------------------------------------------------------------------


def test_hazard_09_reaction_uncommanded_motion_in_a_session_stops_and_latches() -> None:
    """Two frames of motion at standstill in a session: Stop, latch."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.turn_console(3.0)
    latched(w, "uncommanded_motion")


def test_hazard_09_no_nuisance_one_odd_frame_is_no_motion() -> None:
    """A single frame of motion at standstill trips nothing."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.feed(Telemetry(Speed.from_kmh(0.1)))
    ended(w, Ending.COMPLETED)


def test_hazard_43_reaction_arming_a_running_belt_is_refused_and_writes_nothing() -> None:
    """A treadmill that somebody runs on at 12 km/h is not stopped: arming is refused, the link is let go."""
    w = world(speed=Speed.from_kmh(12), goal=Speed.from_kmh(12))
    w.arm()
    w.run(10)
    assert w.engine.phase is Phase.IDLE
    reply = w.said(Reply)[-1]
    assert not reply.ok
    assert "12.0 km/h" in reply.reason
    assert {type(command) for _, command in w.commands} == {Connect, Disconnect}
    assert not w.linked
    assert w.speed == Speed.from_kmh(12)
    assert w.trips == []


def test_hazard_43_no_nuisance_hands_off_outside_sessions() -> None:
    """Nothing is connected or written while idle, whatever is pressed or plugged."""
    w = world(speed=Speed.from_kmh(12), goal=Speed.from_kmh(12))
    w.press()
    w.pull_strap()
    w.feed(StrapLine(closed=True))
    w.run(60)
    assert w.commands == []


# -- 13, 36: presence and confirmation -------------------------------------------------------------------------------


def test_hazard_13_reaction_a_remote_confirm_starts_nothing() -> None:
    """Unless remote_start is on, only a press at the treadmill answers the Board prompt."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.run(2)
    for verb in (Verb.CONFIRM, Verb.START, Verb.RESUME):
        reply = w.ask(verb)
        assert reply
        assert not reply.ok
    w.run(5)
    assert not w.starts


def test_hazard_13_no_nuisance_remote_start_is_an_option() -> None:
    """With remote_start a confirm that carries the prompt's id starts; a wrong id does not."""
    w = world(replace(SETTINGS, remote_start=True), willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.run(2)
    refused = w.ask(Verb.CONFIRM, prompt_id="board-99")
    assert refused
    assert not refused.ok
    assert w.prompt
    accepted = w.ask(Verb.CONFIRM, prompt_id=w.prompt.id)
    assert accepted
    assert accepted.ok
    assert len(w.starts) == 1


@pytest.mark.parametrize(("after_ns", "starts"), [
    (n.PROMPT_READABLE_NS - 1, 0), (n.PROMPT_READABLE_NS, 1), (n.PROMPT_READABLE_NS + 1, 1),
])  # fmt: skip
def test_hazard_13_reaction_a_prompt_must_be_readable_first(after_ns: int, starts: int) -> None:
    """A press within a second of the question is no answer to it."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.run(0.9)
    assert w.prompt
    w.now_ns = w.prompt.opened_ns + after_ns
    w.press()
    assert len(w.starts) == starts


@pytest.mark.parametrize(("configured", "level", "starts"), [(True, 1, 1), (True, 2, 0), (False, 0, 0)])
def test_hazard_13_reaction_a_declared_button_is_good_for_low_levels(configured: bool, level: int, starts: int) -> None:
    """A declared button counts as presence and OK only where configured, and at levels 0 and 1 only."""
    w = world(replace(SETTINGS, declared_button=configured, strap=StrapTier.REPORTED), willing=False)
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=plan(backward((0.5, 20)), level=level)))
    w.press(source=ButtonSource.DECLARED)
    w.feed(Request(Verb.ARM, Origin.MQTT))
    w.run(20)
    w.press(source=ButtonSource.DECLARED)
    assert len(w.starts) == starts


def test_hazard_13_reaction_a_declared_button_does_not_answer_at_high_levels() -> None:
    """Also after a real presence, OK at level 2 must come from a real button; on a moving belt any press stops."""
    w = world(replace(SETTINGS, declared_button=True), willing=False)
    w.arm(plan(backward((0.5, 30)), level=2))
    assert w.run(60, lambda: w.prompt is not None)
    w.run(2)
    w.press(source=ButtonSource.DECLARED)
    assert not w.starts
    w.press()
    w.run_to(Phase.WALK)
    w.press(source=ButtonSource.DECLARED)
    latched(w, "user_stop")


def test_hazard_36_reaction_nobody_there_disarms_after_45_seconds() -> None:
    """Armed with nobody at the treadmill: after 45 s the link is let go."""
    w = world()
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=TWO_BOUTS))
    w.feed(StrapLine(closed=True))
    w.feed(Request(Verb.ARM, Origin.MQTT))
    w.run(44)
    assert w.engine.phase is Phase.ARMED
    w.run(2)
    idle(w)
    assert not w.linked
    assert not w.starts
    assert not w.sent(StoreMarker)


def test_hazard_36_no_nuisance_presence_may_come_after_arming() -> None:
    """Arm from a phone, walk over, plug the strap in."""
    w = world()
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=TWO_BOUTS))
    w.feed(StrapLine(closed=False))
    w.feed(Request(Verb.ARM, Origin.MQTT))
    w.run(30)
    w.feed(StrapLine(closed=True))
    w.run(1)
    assert w.said(Reply)[-1].ok
    ended(w, Ending.COMPLETED)


def test_hazard_36_reaction_presence_expires() -> None:
    """Somebody who showed up 46 s before arming counts no more."""
    w = world()
    w.press()
    w.run(46)
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=TWO_BOUTS))
    w.feed(StrapLine(closed=True))
    w.feed(Request(Verb.ARM, Origin.MQTT))
    w.run(30)
    assert w.engine.phase is Phase.ARMED


# -- 14: broker down -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.ARMED, Phase.BOARD, Phase.STEP_ON, Phase.WALK, Phase.SLOWING, Phase.REST])
def test_hazard_14_reaction_a_lost_broker_ends_the_session_announced(phase: Phase) -> None:
    """By default: a cue, a ramp-down, the end, in whatever phase; no trip."""
    w = world()
    w.arm()
    w.run_to(phase)
    starts = len(w.starts)
    w.feed(BrokerLink(up=False))
    assert any("automation is lost" in cue.text for cue in w.said(Cue))
    w.run_to(Phase.IDLE, 120)
    assert len(w.starts) == starts
    assert w.trips == []
    assert all(e.ending is Ending.ENDED_EARLY for e in w.said(WorkoutEnded))


def test_hazard_14_no_nuisance_with_local_stop_and_cues_it_goes_on() -> None:
    """Configured so, a session goes on without the broker; and a broker that comes back ends nothing."""
    w = world(replace(SETTINGS, broker_lost=BrokerLost.CONTINUE)).walking()
    w.feed(BrokerLink(up=False))
    ended(w, Ending.COMPLETED)
    w = world().walking()
    w.feed(BrokerLink(up=True))
    ended(w, Ending.COMPLETED)


def test_hazard_14_no_nuisance_after_the_workout() -> None:
    """A broker that is lost while the question is open does not spoil the record."""
    w = world()
    w.arm()
    w.run_to(Phase.QUESTIONS)
    w.feed(BrokerLink(up=False))
    ended(w, Ending.COMPLETED)


# -- 15, 17, 18, 40: link and telemetry ------------------------------------------------------------------------------


def test_hazard_15_reaction_link_lost_while_moving_alarms_and_stops_on_reconnect() -> None:
    """Latched and alarmed at once; the first thing on the new link is a Stop."""
    w = world().walking()
    outcome = w.lose_link()
    lost = [r for r in outcome.reports if isinstance(r, StopStep) and r.rung is Rung.LINK_LOST]
    assert lost
    assert lost[0].alarm
    alarm = w.engine.state(w.now_ns).alarm
    assert alarm
    assert "pull the cord" in alarm
    w.run(5)
    assert stops(w.find_link())
    latched(w, "link_down")
    assert w.engine.state(w.now_ns).alarm is None


def test_hazard_15_reaction_link_lost_while_stopping_latches() -> None:
    """A planned stop that is not yet verified when the link goes is a trip, too."""
    w = world()
    w.arm()
    w.run_to(Phase.SLOWING)
    w.run(1, lambda: w.engine.state(w.now_ns).motion is Motion.STOPPING)
    w.lose_link()
    assert w.trips == ["link_down"]
    w.run(1)
    w.find_link()
    latched(w, "link_down")


def test_hazard_15_no_nuisance_link_lost_at_standstill() -> None:
    """At rest a lost link is waited for; control is asked for anew, and the session goes on."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.lose_link()
    w.run(5)
    w.find_link()
    w.run(0.2)
    assert w.sent(RequestControl)[-1][0] >= w.now_ns - seconds(0.3)
    ended(w, Ending.COMPLETED)


def test_hazard_15_no_nuisance_a_treadmill_that_stays_away_ends_the_session() -> None:
    """At rest, 30 s without a link end the session without a trip."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.lose_link()
    w.run(29)
    assert w.engine.phase in (Phase.REST, Phase.BOARD)
    ended(w, Ending.ENDED_EARLY, 10)


def test_hazard_15_reaction_stale_telemetry_warns_then_trips() -> None:
    """Frames that stop coming: no increases after 1.5 s, Stop and latch after 3 s."""
    w = world().walking()
    w.telemetry = False
    w.run(1.6)
    assert [f.rule for f in w.engine.state(w.now_ns).faults] == ["telemetry_late"]
    w.run(1.5)
    assert w.trips == ["telemetry_stale"]
    w.telemetry = True
    latched(w, "telemetry_stale")


def test_hazard_15_reaction_silence_while_stopping_trips() -> None:
    """A machine that says nothing after a planned stop is not known to stand: latch, and an alarm that stays."""
    w = world()
    w.arm()
    w.run_to(Phase.SLOWING)
    w.run(1, lambda: w.engine.state(w.now_ns).motion is Motion.STOPPING)
    w.telemetry = False
    w.run(60)
    assert w.trips == ["stop_unseen"]
    assert w.engine.phase is Phase.STOPPING
    assert w.engine.state(w.now_ns).alarm


def test_hazard_18_no_nuisance_a_machine_known_to_go_silent_does_not_latch() -> None:
    """Its single bout ends in an unverified stop, which a person confirms; nothing is latched."""
    w = world(machine=replace(MACHINE, silent_after_stop=True))
    w.arm(plan(backward((0.5, 20))))
    w.run_to(Phase.SLOWING)
    w.run(1, lambda: w.engine.state(w.now_ns).motion is Motion.STOPPING)
    w.telemetry = False
    w.run(29)
    refused = w.ask(Verb.RESET)
    assert refused
    assert not refused.ok
    w.run(3)
    assert w.trips == []
    accepted = w.ask(Verb.RESET)
    assert accepted
    assert accepted.ok
    assert w.engine.phase is Phase.QUESTIONS
    w.run(70)
    assert [ended.ending for ended in w.said(WorkoutEnded)] == [Ending.COMPLETED]


@pytest.mark.parametrize("machine", [
    replace(MACHINE, silent_after_stop=True), replace(MACHINE, starts_at_console_only=True),
])  # fmt: skip
def test_hazard_18_reaction_machines_that_cannot_be_verified_take_single_bouts(machine: Machine) -> None:
    """Two bouts are refused on a machine that goes silent after a stop or starts only at its console."""
    w = world(machine=machine)
    w.arm()
    w.run(10)
    assert w.engine.phase is Phase.IDLE
    assert "single-bout" in w.said(Reply)[-1].reason


def test_hazard_18_reaction_acknowledged_without_effect_is_alarmed_and_written_again() -> None:
    """The belt runs on although it says success: alarm at 2 s, re-sent each half second, until it is seen to stand."""
    w = world().walking()
    w.obeys_stop = False
    w.pull_strap()
    w.run(10)
    rungs = [step.rung for step in w.said(StopStep)]
    assert Rung.NO_EFFECT in rungs
    assert w.engine.state(w.now_ns).alarm
    sent = [at for at, _ in w.sent(Stop)]
    assert 15 <= len(sent) <= 21, "about each half second, not in every call"
    w.obeys_stop = True
    latched(w, "strap_open")
    assert w.engine.state(w.now_ns).alarm is None


def test_hazard_17_reaction_a_stuck_write_is_gone_around_then_the_link_is_rebuilt() -> None:
    """No write completes: one without response at 0.5 s, at 2 s the link is dropped, and on the new one a Stop."""
    w = world().walking()
    w.writes = False
    w.pull_strap()
    pulled_ns = w.now_ns
    w.run(1)
    assert any(c.without_response for _, c in w.sent(Stop))
    assert not w.sent(Rebuild)
    w.run(2)
    assert len(w.sent(Rebuild)) == 1
    assert w.sent(Rebuild)[0][0] - pulled_ns == pytest.approx(n.STOP_EFFECT_NS, abs=n.TICK_NS)
    w.writes = True
    latched(w, "strap_open")


def test_hazard_17_no_nuisance_a_link_is_not_rebuilt_while_the_belt_slows() -> None:
    """A stop whose write seems stuck but which the belt obeys drops no link."""
    w = world().walking(plan(backward((0.5, 40), (1.2, 60))))
    w.run(80)
    w.writes = False
    w.pull_strap()
    w.goal = STANDSTILL
    latched(w, "strap_open")
    assert not w.sent(Rebuild)


def test_hazard_19_reaction_frozen_telemetry_trips() -> None:
    """The last frame again and again: the machine's clock must advance while the belt moves."""
    w = world().walking()
    w.frozen = True
    w.run(5)
    assert w.trips == ["telemetry_frozen"]
    w.frozen = False
    latched(w, "telemetry_frozen")


def test_hazard_19_no_nuisance_a_machine_without_a_clock() -> None:
    """Elapsed time that is not reported is not missed."""
    w = world(telemetry=False)

    def tell() -> bool:
        w.feed(Telemetry(w.speed, w.incline))
        return bool(w.said(WorkoutEnded))

    w.arm()
    assert w.run(300, tell)
    assert w.trips == []


# -- 16, 20, 21: speeds that were not asked for ----------------------------------------------------------------------


def test_hazard_16_reaction_control_lost_stops_and_latches() -> None:
    """Status FF while moving: Stop, latch."""
    w = world().walking()
    assert stops(w.status(MachineEvent.CONTROL_LOST))
    latched(w, "control_lost")


def test_hazard_16_no_nuisance_control_lost_at_rest_is_asked_for_again() -> None:
    """At standstill control is asked for every five seconds, and the session goes on."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.status(MachineEvent.CONTROL_LOST)
    ended(w, Ending.COMPLETED)


def test_hazard_16_reaction_overspeed_trips_after_two_seconds() -> None:
    """0.6 km/h over the highest command of the last five seconds, for two seconds."""
    w = world().walking(plan(backward((0.5, 30), (1.0, 100))))
    w.run(60)
    w.turn_console(1.6 + 0.6)
    w.run(2)
    assert w.trips == []
    w.run(3)
    latched(w, "overspeed")


def test_hazard_16_no_nuisance_half_a_kmh_over_is_tolerated() -> None:
    """Exactly the margin over the set-point trips nothing, once ramps have begun."""
    w = world().walking(plan(backward((0.5, 30), (1.0, 100))))
    w.run(60)
    w.turn_console(1.6 + 0.5)
    ended(w, Ending.COMPLETED)


@pytest.mark.parametrize("relay", [False, True])
def test_hazard_18_reaction_a_belt_that_falls_silent_in_its_run_down_is_alarmed(relay: bool) -> None:
    """It slowed down a little and says nothing more, over a link that is up: an alarm, and the relay opens."""
    w = world(replace(SETTINGS, relay=relay)).walking(plan(backward((0.5, 30), (1.2, 100))))
    w.run(60)
    w.obeys_stop = False
    w.pull_strap()
    w.turn_console(1.2)
    w.run(1)
    w.telemetry = False
    w.run(2)
    assert w.engine.state(w.now_ns).alarm is None
    w.run(2)
    assert w.engine.state(w.now_ns).alarm
    assert (Relay(closed=False) in [command for _, command in w.commands]) is relay


@pytest.mark.parametrize("incline_pct", [-3.0, 4.0])
def test_hazard_45_reaction_a_tilted_belt_starts_no_session(incline_pct: float) -> None:
    """Downhill, or steeper than the cap of 3 %: arming waits for somebody to mend it, and is then refused."""
    w = world(incline=Incline.from_pct(incline_pct))
    w.arm()
    w.run(60)
    assert w.starts == []
    assert "incline" in w.said(Reply)[-1].reason
    assert w.engine.phase is Phase.IDLE


@pytest.mark.parametrize("incline_pct", [-3.0, 4.0])
def test_hazard_45_reaction_a_belt_that_is_tilted_under_way_slows_down(incline_pct: float) -> None:
    """Somebody presses the incline button: a planned ramp-down after three seconds, and on when it is level again."""
    w = world().walking(plan(backward((0.5, 30), (1.0, 100))))
    w.run(60)
    w.incline = Incline.from_pct(incline_pct)
    w.run(2.9)
    assert w.engine.phase is Phase.WALK
    w.run_to(Phase.PAUSED, 30)
    w.run(30)
    assert len(w.starts) == 1
    w.incline = LEVEL
    ended(w, Ending.COMPLETED)


@pytest.mark.parametrize("again", [False, True])
def test_hazard_45_reaction_what_was_flat_enough_forward_starts_nobody_backward(again: bool) -> None:
    """A hill on which somebody walked forward, in this session or in the one before, is asked for anew."""
    hilly = replace(LIMITS, forward=replace(LIMITS.forward, incline=Incline.from_pct(10)))
    there, back = forward((0.5, 20)), backward((0.5, 20))
    w = world()
    w.arm(plan(*[there] if again else [there, back], limits=hilly))
    w.run_to(Phase.QUESTIONS if again else Phase.TURN)
    w.incline = Incline.from_pct(8)
    if again:
        w.run_to(Phase.IDLE)
        w.arm(plan(back, limits=hilly))
    w.run(60)
    assert len(w.starts) == 1
    w.incline = LEVEL
    if not again:
        ended(w, Ending.COMPLETED)


def test_hazard_45_no_nuisance_a_hill_that_goes_on_after_a_rest() -> None:
    """Who walks forward on it next need not wait until it is flat."""
    hilly = replace(LIMITS, forward=replace(LIMITS.forward, incline=Incline.from_pct(10)))
    w = world()
    w.arm(plan(forward((0.5, 60), incline_pct=8), forward((0.5, 20)), limits=hilly, level=1))
    w.run_to(Phase.REST)
    assert w.incline > LEVEL
    ended(w, Ending.COMPLETED)
    assert len(w.starts) == 2


def test_hazard_45_no_nuisance_the_inclines_of_a_program() -> None:
    """A hill up to the cap, and back."""
    w = world()
    w.arm(plan(backward((0.5, 60), (0.8, 60), incline_pct=3), backward((0.5, 30))))
    ended(w, Ending.COMPLETED)


def test_hazard_45_no_nuisance_one_odd_frame() -> None:
    """A single frame that tells nonsense is no incline."""
    w = world().walking()
    w.feed(Telemetry(w.speed, Incline.from_pct(-40)))
    ended(w, Ending.COMPLETED)


def test_hazard_20_reaction_a_first_speed_above_board_speed_trips() -> None:
    """A machine that takes km/h for mph runs 1.3 at 0.8: trip on the first frame above board speed and one step."""
    w = world(units=1.61)
    w.arm(LONG)
    assert w.run(30, lambda: bool(w.trips))
    assert w.trips == ["first_speed"]
    assert w.speed <= Speed.from_kmh(1.1)
    latched(w, "first_speed")


def test_hazard_20_no_nuisance_one_step_over_board_speed() -> None:
    """One machine step above board speed is the machine's rounding."""
    w = world().walking()
    w.turn_console(0.9)
    ended(w, Ending.COMPLETED)


def test_hazard_20_reaction_a_minimum_above_one_mph_is_refused() -> None:
    """A machine that cannot go slower than 1.7 km/h takes no backward program."""
    w = world(machine=replace(MACHINE, slowest=Speed.from_kmh(1.7)))
    w.arm()
    w.run(10)
    assert w.engine.phase is Phase.IDLE
    assert "slowest speed" in w.said(Reply)[-1].reason


def test_hazard_20_no_nuisance_a_minimum_of_one_kmh_is_allowed_with_a_warning() -> None:
    """A machine minimum of 1.0 km/h boards at 1.0 km/h, and says so."""
    w = world(machine=replace(MACHINE, slowest=Speed.from_kmh(1.0)))
    w.arm()
    ended(w, Ending.COMPLETED)
    assert "fast_minimum" in [warned.what for warned in w.said(Warned)]


def test_hazard_21_reaction_a_refused_start_ends_the_session() -> None:
    """The machine refuses START: a Stop, the end, and not another START."""
    w = world(start_answer=Answer.FAILED)
    w.arm()
    ended(w, Ending.ENDED_EARLY, 60)
    assert len(w.starts) == 1
    assert w.sent(Stop)


def test_hazard_21_reaction_a_belt_that_does_not_move_ends_the_session() -> None:
    """No motion within 1.5 times the start delay: Stop, end."""
    w = world(obeys_start=False)
    w.arm()
    w.run_to(Phase.STARTING)
    at = w.now_ns
    w.run_to(Phase.STOPPING)
    assert w.now_ns - at == pytest.approx(seconds(8), abs=2 * n.TICK_NS)
    ended(w, Ending.ENDED_EARLY, 60)
    assert len(w.starts) == 1


def test_hazard_21_no_nuisance_a_countdown_of_five_seconds() -> None:
    """A machine that counts down before it moves is waited for."""
    w = world(start_delay_s=5.0)
    w.arm()
    ended(w, Ending.COMPLETED)


# -- 22, 41: the console ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [MachineEvent.STOPPED_BY_USER, MachineEvent.PAUSED_BY_USER])
def test_hazard_22_reaction_a_console_stop_is_a_pause(event: MachineEvent) -> None:
    """Stop on the console: the belt is stopped, nothing latches, going on leads through Board."""
    w = world().walking()
    w.goal = STANDSTILL
    assert stops(w.status(event))
    w.run_to(Phase.PAUSED)
    assert len(w.starts) == 1
    ended(w, Ending.COMPLETED)
    assert len(w.starts) == 3


def test_hazard_22_no_nuisance_the_echo_of_our_own_stop() -> None:
    """Own stops echo as the user's, early or late: nothing comes of it."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.status(MachineEvent.STOPPED_BY_USER)
    ended(w, Ending.COMPLETED)


def test_hazard_41_reaction_an_unexplained_standstill_trips() -> None:
    """The belt stands and nobody said why: a key that is not reported looks like this. Stop, latch."""
    w = world().walking()
    w.goal = STANDSTILL
    w.run(4)
    assert w.trips == ["unexplained_standstill"]
    latched(w, "unexplained_standstill")


def test_hazard_41_no_nuisance_one_frame_of_zero() -> None:
    """A single all-zero frame is no standstill."""
    w = world().walking()
    w.feed(Telemetry(STANDSTILL))
    ended(w, Ending.COMPLETED)


def test_hazard_16_reaction_a_speed_lowered_at_the_console_becomes_the_ceiling() -> None:
    """Somebody lowers the speed at the console: after five steady seconds the plan no longer raises it."""
    w = world().walking(plan(backward((0.5, 30), (1.0, 120), (1.2, 60)), level=0))
    w.run(80)
    assert w.speed == Speed.from_kmh(1.6)
    w.turn_console(1.2)
    w.run(12)
    assert w.engine.state(w.now_ns).target == Speed.from_kmh(1.2)
    w.run(100)
    assert w.engine.phase is Phase.WALK
    assert w.speed == Speed.from_kmh(1.2)
    assert w.trips == []


# -- 23, 25, 27, 28: the computer ------------------------------------------------------------------------------------


def test_hazard_23_reaction_a_loop_stall_while_moving_trips() -> None:
    """More than a second late: Stop, latch, before anything that queued up is believed."""
    w = world().walking()
    w.stall(1.2)
    assert stops(w.feed(Telemetry(w.speed)))
    latched(w, "loop_lag")


def test_hazard_23_no_nuisance_half_a_second() -> None:
    """Half a second late is logged, not tripped."""
    w = world().walking()
    w.stall(0.6)
    w.feed(Telemetry(w.speed))
    assert "loop_lag" in [warned.what for warned in w.said(Warned)]
    ended(w, Ending.COMPLETED)


def test_hazard_23_reaction_a_press_from_before_a_stall_starts_nothing() -> None:
    """What queued up while the loop stood still is stale: no START for a second."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.run(2)
    w.stall(1.5)
    w.press()
    assert not w.starts
    w.run(1.2)
    w.press()
    assert len(w.starts) == 1


def test_hazard_25_reaction_a_marker_at_boot_latches_and_stops_a_moving_belt() -> None:
    """Restarted in a session: connect, Stop, latch; a reset leads to idle only."""
    w = world(speed=Speed.from_kmh(2), goal=Speed.from_kmh(2))
    w.engine, w.judge = judged(SETTINGS)
    boot = w.engine.boot("killed", w.now_ns)
    w.judge.marked = w.judge.demanded = True
    assert any(isinstance(c, Connect) for c in boot.commands)
    assert stops(w.find_link())
    latched_state = w.engine.state(w.now_ns)
    assert latched_state.latched
    assert latched_state.trip
    assert latched_state.trip.cause == "killed"
    w.run(20)
    assert w.speed == STANDSTILL
    assert w.engine.phase is Phase.TRIPPED
    assert not w.sent(ClearMarker)
    w.feed(StrapLine(closed=True))
    w.press()
    idle(w)
    assert w.sent(ClearMarker)
    assert not w.starts


def test_hazard_25_no_nuisance_no_marker_no_latch() -> None:
    """A clean boot is idle: no link, no writes."""
    w = world()
    w.run(5)
    assert w.commands == []
    assert w.engine.phase is Phase.IDLE


def test_hazard_27_reaction_no_marker_no_start() -> None:
    """A disk that keeps no marker keeps the belt from starting, and nothing waits for the disk."""
    w = world(disk=False)
    w.arm()
    w.run(60)
    assert not w.starts
    assert any("marker" in warned.words for warned in w.said(Warned))
    w.run_to(Phase.IDLE, 120)
    assert w.trips == []


def test_hazard_27_no_nuisance_the_marker_stands_from_before_start_to_after_standstill() -> None:
    """Stored before the first START, cleared only after the last standstill."""
    w = world()
    w.arm()
    ended(w, Ending.COMPLETED)
    stored, cleared = w.sent(StoreMarker)[0][0], w.sent(ClearMarker)[0][0]
    assert stored < w.starts[0]
    assert cleared > w.sent(Stop)[-1][0]


# -- 30 to 33: heart rate --------------------------------------------------------------------------------------------


def test_hazard_30_reaction_a_lost_heart_rate_pauses() -> None:
    """5 s without a good sample: no increases; 10 s: planned ramp-down, unlatched, back only through Board."""
    w = world().walking(LONG)
    w.heart_bpm = None
    w.run(7)
    assert "heart_rate_stale" in [f.rule for f in w.engine.state(w.now_ns).faults]
    assert w.engine.phase is Phase.WALK
    w.run_to(Phase.PAUSED, 20)
    w.run(30)
    assert len(w.starts) == 1, "no OK helps while the heart rate is lost"
    w.heart_bpm = 90
    ended(w, Ending.COMPLETED, 400)


def test_hazard_30_no_nuisance_a_short_dropout() -> None:
    """The strap's link lost for four seconds pauses nothing."""
    w = world().walking(LONG)
    w.feed(HeartRateLink(up=False))
    w.heart_bpm = None
    w.run(4)
    w.feed(HeartRateLink(up=True))
    w.heart_bpm = 90
    assert w.engine.phase is Phase.WALK
    ended(w, Ending.COMPLETED, 400)


@pytest.mark.parametrize(("level", "acknowledged", "starts"), [(1, True, 1), (1, False, 0), (2, True, 0)])
def test_hazard_30_reaction_no_strap_only_at_low_levels(level: int, acknowledged: bool, starts: int) -> None:
    """Without a heart-rate strap: levels 0 and 1 after an acknowledgement."""
    w = world(replace(SETTINGS, heart=None, without_heart_rate=acknowledged), heart_bpm=None)
    w.arm(plan(backward((0.5, 20)), level=level))
    w.run(20)
    assert len(w.starts) == starts


def test_hazard_30_reaction_no_start_before_the_heart_rate_settled() -> None:
    """Four good samples in six seconds come before a START."""
    w = world(heart_bpm=None)
    w.arm()
    w.run(20)
    assert w.engine.phase is Phase.ARMED
    w.heart_bpm = 90
    w.run_to(Phase.STARTING, 30)


def test_hazard_31_no_nuisance_an_artefact() -> None:
    """A lone 200 among 90s neither trips nor pauses."""
    w = world().walking(LONG)
    for _ in range(5):
        w.feed(HeartRateSample(200, contact=True))
        w.run(6)
    assert w.trips == []
    assert w.engine.phase is Phase.WALK


def test_hazard_31_reaction_a_jump_that_stays_over_the_limit_trips() -> None:
    """Suspect or not: five samples over the hard limit for three seconds are a stop."""
    w = world().walking(LONG)
    w.heart_bpm = 180
    w.run(9)
    assert w.trips == ["heart_rate_hard"]


def test_hazard_33_reaction_the_hard_limit_stops_and_latches() -> None:
    """A median over the hard limit for three seconds: Stop, latch; no reset while it lasts."""
    w = world().walking(LONG)
    for bpm in (105, 120, 135, 150):
        w.heart_bpm = bpm
        w.run(3)
    w.run(5)
    assert w.trips == ["heart_rate_hard"]
    w.run(5)
    refused = w.ask(Verb.RESET)
    assert refused
    assert not refused.ok
    assert "limit" in refused.reason
    latched(w, "heart_rate_hard")


def test_hazard_33_reaction_the_soft_limit_eases_by_steps() -> None:
    """Over the soft limit for 15 s: the belt eases down 0.3 km/h each 20 s, and does not come back up."""
    w = world().walking(plan(backward((0.5, 30), (1.2, 300))))
    w.run(60)
    assert w.speed == Speed.from_kmh(1.9)
    w.heart_bpm = 118
    w.run(3)
    w.heart_bpm = 125
    w.run(24)
    assert w.speed == Speed.from_kmh(1.6)
    w.run(20)
    assert w.speed == Speed.from_kmh(1.3)
    w.heart_bpm = 105
    w.run(30)
    assert w.speed <= Speed.from_kmh(1.3)
    assert w.trips == []


def test_hazard_33_no_nuisance_at_the_limits() -> None:
    """At the soft limit and not over it nothing eases."""
    w = world(heart_bpm=118).walking(LONG)
    w.run(100)
    assert w.speed == Speed.from_kmh(1.6)
    assert not w.engine.state(w.now_ns).faults


# -- 34, 35, 42, 44: stopping and starting over ----------------------------------------------------------------------


def test_hazard_34_reaction_planned_ends_ramp_down_to_board_speed_and_hold() -> None:
    """The last bout ends at board speed for ten seconds at level 0, 30 above, before the belt stops."""
    for level, hold_s in ((0, 10), (1, 30)):
        w = world().walking(plan(backward((0.5, 30), (1.0, 60)), level=level))
        w.run_to(Phase.COOL_DOWN)
        assert not w.sent(Stop)
        while w.engine.state(w.now_ns).target != n.BOARD_SPEED:
            w.run(0.1)
        at = w.now_ns
        w.run_to(Phase.SLOWING)
        assert w.now_ns - at == pytest.approx(seconds(hold_s), abs=2 * n.TICK_NS)
        ended(w, Ending.COMPLETED)


def test_hazard_34_no_nuisance_end_cools_down_instead_of_stopping() -> None:
    """`end` in mid-bout is a cool-down, not a stop."""
    w = world().walking(LONG)
    w.run(60)
    w.ask(Verb.END)
    assert w.engine.phase is Phase.COOL_DOWN
    assert not w.sent(Stop)
    ended(w, Ending.ENDED_EARLY)


def test_hazard_35_reaction_reset_needs_the_cause_gone_and_leads_to_idle_only() -> None:
    """Strap still open: refused. Closed: idle; and the closing edge is no presence for the next arming."""
    w = world().walking()
    w.pull_strap()
    w.run(10)
    refused = w.ask(Verb.RESET)
    assert refused
    assert not refused.ok
    w.feed(StrapLine(closed=True))
    accepted = w.ask(Verb.RESET)
    assert accepted
    assert accepted.ok
    idle(w)
    assert not w.engine.state(w.now_ns).present
    w.ask(Verb.ARM)
    w.run(20)
    assert w.engine.phase is Phase.ARMED
    assert len(w.starts) == 1


@pytest.mark.parametrize("origin", [Origin.MQTT, Origin.SIGNAL])
def test_hazard_35_reaction_no_reset_from_afar(origin: Origin) -> None:
    """A reset over MQTT is refused: it needs somebody at the treadmill."""
    w = world().walking()
    w.press()
    w.run(10)
    w.feed(Request(Verb.RESET, origin))
    assert not w.said(Reply)[-1].ok
    assert w.trip


@pytest.mark.parametrize(("source", "long", "resets"), [
    (ButtonSource.GPIO, False, True),
    (ButtonSource.GPIO, True, True),
    (ButtonSource.DECLARED, False, False),
    (ButtonSource.DECLARED, True, True),
])  # fmt: skip
def test_hazard_35_reaction_a_declared_button_resets_by_a_long_press(
    source: ButtonSource, long: bool, resets: bool
) -> None:
    """A real button resets; a declared one only when it is held."""
    w = world(replace(SETTINGS, declared_button=True)).walking()
    w.press()
    w.run(10)
    w.press(source=source, long=long)
    assert (w.trip is None) is resets


def test_hazard_35_no_nuisance_after_a_reset_the_next_session_is_clean() -> None:
    """Trip, reset, arm with a new presence, walk."""
    w = world().walking()
    w.press()
    w.run(10)
    w.press()
    w.run(1)
    w.arm()
    assert w.run(300, lambda: w.engine.phase is Phase.IDLE and len(w.said(WorkoutEnded)) == 2)
    assert [e.ending for e in w.said(WorkoutEnded)] == [Ending.TRIPPED, Ending.COMPLETED]


def test_hazard_42_reaction_any_press_on_a_moving_belt_stops() -> None:
    """On a moving belt a press is STOP, and latches; more presses change nothing."""
    w = world().walking()
    w.press()
    assert w.sent(Stop)
    w.press()
    w.press(long=True)
    latched(w, "user_stop")


@pytest.mark.parametrize("origin", list(Origin))
def test_hazard_42_no_nuisance_a_stop_at_rest_ends_the_session_unlatched(origin: Origin) -> None:
    """Stop at standstill is written, verified, and ends the session; nothing to reset."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    outcome = w.feed(Request(Verb.STOP, origin))
    assert stops(outcome)
    ended(w, Ending.ENDED_EARLY)


def test_hazard_42_no_nuisance_a_stop_while_idle_does_not_spoil_the_next_session() -> None:
    """Idle, strap off: Stop connects, writes, verifies, lets go; no latch, and the next workout is complete."""
    w = world()
    w.pull_strap()
    w.ask(Verb.STOP)
    w.run(10)
    assert w.sent(Stop)
    assert w.sent(Disconnect)
    assert w.trips == []
    w.arm()
    ended(w, Ending.COMPLETED)


def test_hazard_42_reaction_no_arming_while_a_stop_is_under_way() -> None:
    """A stop outside a session that is not verified yet keeps any session from opening."""
    w = world(connect_works=False)
    w.ask(Verb.STOP)
    w.arm()
    w.run(5)
    assert w.engine.phase is Phase.IDLE
    assert not w.sent(StoreMarker)


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.WALK, Phase.SLOWING, Phase.REST, Phase.QUESTIONS])
def test_hazard_44_reaction_leaving_stops_verifies_and_only_then_disconnects(phase: Phase) -> None:
    """SIGTERM: Stop, verified standstill, disconnect, exit; the workout is over."""
    w = world()
    w.arm()
    w.run_to(phase)
    w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    assert w.run(15, lambda: bool(w.sent(Exit)))
    assert w.sent(Exit)[0][1].verified
    assert w.speed == STANDSTILL
    assert w.sent(Disconnect)[0][0] <= w.sent(Exit)[0][0]
    assert w.sent(ClearMarker)
    assert len(w.said(WorkoutEnded)) == 1
    assert w.engine.phase is Phase.IDLE


def test_hazard_44_reaction_an_unverified_way_out_leaves_the_link_to_the_failsafe() -> None:
    """A belt that does not stop: after 40 s exit unverified, without disconnecting; the marker stays."""
    w = world().walking()
    w.obeys_stop = False
    w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    assert w.run(50, lambda: bool(w.sent(Exit)))
    assert not w.sent(Exit)[0][1].verified
    assert not w.sent(Disconnect)
    assert not w.sent(ClearMarker)


def test_hazard_44_no_nuisance_leaving_while_idle_is_at_once() -> None:
    """Nothing to stop: exit in the same call, and nothing is written."""
    w = world()
    outcome = w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    assert Exit(verified=True) in outcome.commands
    assert not w.sent(Stop)


# -- what a session may ask for --------------------------------------------------------------------------------------


def test_a_pause_resumes_only_through_board() -> None:
    """Pause ramps down to standstill; going on needs a press at a Board prompt, and the clock stood still."""
    w = world().walking(LONG)
    w.run(10)
    left_s = w.engine.state(w.now_ns).segment_left_s
    w.ask(Verb.PAUSE)
    w.run_to(Phase.PAUSED)
    w.run_to(Phase.WALK)
    assert len(w.starts) == 2
    assert left_s
    assert w.engine.state(w.now_ns).segment_left_s == pytest.approx(left_s, abs=0.2)
    ended(w, Ending.COMPLETED, 400)


def test_a_pause_in_the_cool_down_is_the_end() -> None:
    """There is nothing to resume after the last stage."""
    w = world()
    w.arm()
    w.run_to(Phase.COOL_DOWN)
    w.ask(Verb.PAUSE)
    ended(w, Ending.COMPLETED)
    assert w.said(WorkoutEnded)[0].bouts_done == 2


def test_trim_lowers_and_only_undoes_itself() -> None:
    """A walker may lower the speed at any time; up only to what the program says."""
    w = world().walking(LONG)
    w.run(100)
    assert w.speed == Speed.from_kmh(1.6)
    raised = w.ask(Verb.TRIM, trim=Speed.from_kmh(0.1))
    assert raised
    assert not raised.ok
    w.ask(Verb.TRIM, trim=Speed(-30))
    w.run(5)
    assert w.speed == Speed.from_kmh(1.3)
    w.ask(Verb.TRIM, trim=Speed(30))
    w.run(10)
    assert w.speed == Speed.from_kmh(1.6)


@pytest.mark.parametrize(("presses", "answer"), [
    ((False,), "fine"), ((False, False), "hard"), ((True,), "hurt"), ((), None),
])  # fmt: skip
def test_the_question_is_answered_by_presses(presses: tuple[bool, ...], answer: str | None) -> None:
    """One press: fine; two: hard; a long one: hurt; none: no answer, and the workout counts all the same."""
    w = world()
    w.arm()
    w.run_to(Phase.QUESTIONS)
    w.willing = False
    w.press(long=True)  # too early to be an answer
    w.run(1.2)
    for long in presses:
        w.press(long=long)
        w.run(0.3)
    w.run_to(Phase.IDLE, 70)
    assert w.said(WorkoutEnded)[0].answer == answer
    assert w.said(WorkoutEnded)[0].ending is Ending.COMPLETED


def test_segments_are_told_as_they_begin() -> None:
    """Each stage and each gap is reported once, in order, with its facing."""
    w = world()
    w.arm(plan(forward((1.0, 20)), backward((0.5, 20), (0.7, 60)), level=0))
    ended(w, Ending.COMPLETED)
    told = [(s.bout, s.stage, s.what) for s in w.said(SegmentStarted)]
    assert [what for _, stage, what in told if stage] == [Facing.FORWARD, Facing.BACKWARD, Facing.BACKWARD]
    assert len(told) == 4


def test_hazard_28_reaction_low_voltage_refuses_a_start() -> None:
    """Nothing starts on a weak supply; it may recover while somebody waits."""
    w = world()
    w.feed(Power(ok=False))
    w.arm()
    w.run(10)
    assert w.engine.phase is Phase.ARMED
    w.feed(Power(ok=True))
    ended(w, Ending.COMPLETED)


def test_hazard_28_no_nuisance_low_voltage_while_walking_stops_nobody() -> None:
    """A dip under load is no reason to stop a belt; the next start waits."""
    w = world().walking()
    w.feed(Power(ok=False))
    w.run_to(Phase.REST)
    assert w.trips == []


def test_hazard_29_reaction_a_strap_that_never_opens_is_refused() -> None:
    """A shorted wire reads closed for ever: a press alone does not open a session."""
    w = world()
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.SOCKET, plan=TWO_BOUTS))
    w.feed(StrapLine(closed=True))
    w.feed(Request(Verb.ARM, Origin.SOCKET))
    w.press()
    w.run(50)
    assert w.starts == []
    assert "its wire may be shorted" in w.said(Warned)[-1].words
    assert w.engine.phase is Phase.IDLE


def test_hazard_29_no_nuisance_clipping_the_strap_on_proves_it() -> None:
    """What everybody does anyway is all it takes; between bouts it stays clipped."""
    w = world()
    w.arm()
    ended(w, Ending.COMPLETED)


def test_hazard_32_reaction_a_heart_that_does_not_work_is_told_once() -> None:
    """Three minutes of walking, and the heart rate of somebody who sits: said once, and nothing stops."""
    w = world().walking(plan(backward((0.5, 300))))
    w.run(240)
    said = [warned for warned in w.said(Warned) if warned.what == "heart_rate_flat"]
    assert len(said) == 1
    assert w.trips == []
    assert w.engine.phase is Phase.WALK


def test_hazard_32_no_nuisance_a_heart_that_rises_is_not_spoken_of() -> None:
    """A few beats are enough."""
    w = world().walking(plan(backward((0.5, 300))))
    w.heart_bpm = 97
    w.run(240)
    assert "heart_rate_flat" not in {warned.what for warned in w.said(Warned)}


def test_hazard_01_reaction_a_key_pulled_at_rest_wants_somebody_there() -> None:
    """Long after the link came up: nothing starts until a press says that the key is back."""
    w = world(replace(SETTINGS, strap=StrapTier.REPORTED))
    w.willing = False
    w.arm()
    w.press()
    w.run_to(Phase.BOARD)
    w.run(5)
    w.status(MachineEvent.STOPPED_BY_KEY)
    w.run(5)
    assert "key_unconfirmed" in {fault.rule for fault in w.engine.state(w.now_ns).faults}
    w.press()
    w.run(0.2)
    assert "key_unconfirmed" not in {fault.rule for fault in w.engine.state(w.now_ns).faults}


RELAY = replace(SETTINGS, relay=True)


def relay(w: World) -> list[bool]:
    """Return how the relay was told to be, in order."""
    return [command.closed for _, command in w.sent(Relay)]


def test_hazard_18_reaction_the_relay_cuts_a_belt_that_ignores_the_stop() -> None:
    """Two seconds without effect; then it stays open, and latched, until a person resets."""
    w = world(RELAY).walking()
    w.obeys_stop = False
    w.ask(Verb.PAUSE)
    w.run_to(Phase.STOPPING, 60)
    w.run(30)
    assert relay(w) == [False]
    assert w.trips == ["relay_opened"]


def test_hazard_18_no_nuisance_the_relay_stays_closed_in_a_clean_session() -> None:
    """Planned rests and the planned end never open it."""
    w = world(RELAY)
    w.arm()
    ended(w, Ending.COMPLETED)
    assert relay(w) == []


def test_hazard_01_reaction_the_relay_opens_at_standstill_and_closes_at_the_reset() -> None:
    """A pulled strap: the belt runs down as it should, and then the relay keeps it from starting again."""
    w = world(RELAY).walking()
    w.pull_strap()
    assert relay(w) == []
    w.run_to(Phase.TRIPPED, 30)
    assert relay(w) == [False]
    w.feed(StrapLine(closed=True))
    reply = w.ask(Verb.RESET)
    assert reply
    assert reply.ok
    assert relay(w) == [False, True]


def test_hazard_15_reaction_the_relay_opens_two_seconds_after_the_link_is_lost() -> None:
    """The only net that reaches a belt over a dead link."""
    w = world(RELAY).walking()
    w.connect_works = False
    w.lose_link()
    w.run(1.9)
    assert relay(w) == []
    w.run(0.3)
    assert relay(w) == [False]


def test_hazard_15_no_nuisance_a_link_that_is_back_in_time_keeps_the_relay_closed() -> None:
    """It trips, and the Stop goes over the new link; the relay opens only once the belt stands."""
    w = world(RELAY).walking()
    w.lose_link()
    w.run(0.5)
    w.find_link()
    w.run(0.5)
    assert relay(w) == []
    w.run_to(Phase.TRIPPED, 30)
    assert relay(w) == [False]


def test_hazard_25_reaction_a_relay_stays_open_after_a_crash() -> None:
    """It dropped with the daemon; a daemon that comes back does not close it until a person resets."""
    crashed, clean = Engine(RELAY), Engine(RELAY)
    assert Relay(closed=True) not in crashed.boot("killed", 0).commands
    assert Relay(closed=True) in clean.boot(None, 0).commands


def test_hazard_27_reaction_a_disk_that_recovers_is_tried_again() -> None:
    """The marker that could not be written is asked for again, so that a full disk that was cleared needs no disarm."""
    w = world(disk=False)
    w.arm()
    w.run_to(Phase.BOARD)
    w.run(10)
    assert w.starts == []
    w.disk = True
    ended(w, Ending.COMPLETED)


def test_hazard_27_reaction_an_answer_to_an_older_marker_starts_nothing() -> None:
    """Two were asked for: the first one's answer says nothing of the second."""
    r = Readings(SETTINGS, HeartRateFilter(None))
    r.markers_asked = 2
    r.hear(MarkerStored(ok=True), 0)
    assert not r.marker_stored
    r.hear(MarkerStored(ok=True), 0)
    assert r.marker_stored

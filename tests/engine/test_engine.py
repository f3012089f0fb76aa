"""What the engine does itself: time, order, buttons, resets, replies, the way out, the state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrowalk.engine import Engine
from retrowalk.model import numbers as n
from retrowalk.model.commands import Connect, Disconnect, Exit, LinkCommand, Stop
from retrowalk.model.intent import Wish
from retrowalk.model.observations import (
    BrokerLink,
    ButtonPress,
    ButtonSource,
    HeartRateSample,
    LinkDown,
    StrapLine,
    Tick,
)
from retrowalk.model.reports import Ending, Motion, Phase, Prompt, PromptKind, Reply, Warned, WorkoutEnded
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Speed, seconds
from support.ideal_belt import MACHINE, SETTINGS, TWO_BOUTS, World, backward, plan, world

NOW = seconds(1000)


def idle() -> Engine:
    """Return an engine that has booted."""
    engine = Engine(SETTINGS)
    engine.boot(None, NOW)
    return engine


def replies(w: World) -> list[Reply]:
    """Return the replies so far."""
    return w.said(Reply)


# -- time ------------------------------------------------------------------------------------------------------------


def test_the_next_deadline_is_near_while_something_goes_on() -> None:
    """Ten times a second in a session, twice a second while idle."""
    engine = idle()
    assert engine.handle(Tick(), NOW).deadline_ns == NOW + seconds(0.5)
    w = world()
    w.arm()
    assert w.feed(Tick()).deadline_ns == w.now_ns + n.TICK_NS
    w.run_to(Phase.QUESTIONS)
    w.run(0.5, lambda: w.engine.state(w.now_ns).motion is Motion.IDLE)
    assert w.feed(Tick()).deadline_ns == w.now_ns + seconds(0.5)


@pytest.mark.parametrize(("late_ns", "warned"), [
    (n.LAG_LOGGED_NS - 1, False), (n.LAG_LOGGED_NS, False), (n.LAG_LOGGED_NS + 1, True),
])  # fmt: skip
def test_lag_is_told_from_a_quarter_of_a_second_on(late_ns: int, warned: bool) -> None:
    """Lag is now minus the promised deadline."""
    engine = idle()
    outcome = engine.handle(Tick(), NOW + seconds(0.5) + late_ns)
    assert [r.what for r in outcome.reports if isinstance(r, Warned)] == ["loop_lag"] * warned
    assert engine.state(NOW).loop_lag_s == late_ns / 1e9


@pytest.mark.parametrize(("late_ns", "trips"), [
    (n.LAG_TRIP_NS - 1, []), (n.LAG_TRIP_NS, []), (n.LAG_TRIP_NS + 1, ["loop_lag"]),
])  # fmt: skip
def test_lag_while_moving_trips_above_a_second(late_ns: int, trips: list[str]) -> None:
    """Not at it."""
    w = world().walking()
    deadline_ns = w.feed(Tick()).deadline_ns
    w.now_ns = deadline_ns + late_ns
    w.feed(Tick())
    assert w.trips == trips


def test_an_early_input_is_not_late() -> None:
    """No lag below zero, also for the first input of all."""
    engine = Engine(SETTINGS)
    engine.handle(Tick(), NOW)
    engine.handle(Tick(), NOW + 1)
    assert engine.state(NOW).loop_lag_s == 0.0


# -- order and stops -------------------------------------------------------------------------------------------------


def test_a_stop_comes_first_of_all_commands() -> None:
    """Whatever else the call leads to."""
    w = world().walking()
    commands = w.pull_strap().commands
    assert isinstance(commands[0], Stop)
    assert len(commands) > 1


def test_the_precomputed_stop_needs_no_thought() -> None:
    """For a shell whose engine has failed."""
    stops: tuple[LinkCommand, ...] = idle().precomputed_stop()
    assert stops == (Stop(number=0),)


def test_a_press_while_stopping_ends_what_the_session_had_in_mind() -> None:
    """A stop outside a session that is under way takes presses as more stops, without any reply to nobody."""
    w = world(connect_works=False)
    w.ask(Verb.STOP)
    before = len(replies(w))
    w.press()
    assert len(replies(w)) == before
    assert w.trips == []


# -- buttons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "configured", "present"), [
    (ButtonSource.GPIO, False, True), (ButtonSource.DECLARED, True, True), (ButtonSource.DECLARED, False, False),
])  # fmt: skip
def test_a_press_at_rest_is_presence(source: ButtonSource, configured: bool, present: bool) -> None:
    """Of a declared button only where it is configured."""
    w = world(replace(SETTINGS, declared_button=configured))
    w.press(source=source)
    assert w.engine.state(w.now_ns).present is present
    assert ("press_refused" in [r.what for r in w.said(Warned)]) is not present


@pytest.mark.parametrize(("first", "present"), [(None, False), (False, True), (True, False)])
def test_the_straps_closing_edge_is_presence(first: bool | None, present: bool) -> None:
    """Its level when the line is first read is no edge; nor is a repeated one."""
    w = world()
    if first is not None:
        w.feed(StrapLine(closed=first))
    w.feed(StrapLine(closed=True))
    assert w.engine.state(w.now_ns).present is present


@pytest.mark.parametrize(("after_ns", "present"), [
    (n.PRESENCE_EXPIRES_NS - 1, True), (n.PRESENCE_EXPIRES_NS, True), (n.PRESENCE_EXPIRES_NS + 1, False),
])  # fmt: skip
def test_presence_is_shown_for_45_seconds(after_ns: int, present: bool) -> None:
    """As the rules count it."""
    w = world()
    w.press()
    assert w.engine.state(w.now_ns + after_ns).present is present


def test_a_press_that_may_not_reset_says_why() -> None:
    """The strap is still open."""
    w = world().walking()
    w.pull_strap()
    w.run(10)
    w.press()
    assert w.said(Warned)[-1].what == "reset_refused"
    assert w.trip


@pytest.mark.parametrize(("source", "long", "resets"), [
    (ButtonSource.GPIO, False, True), (ButtonSource.DECLARED, False, False), (ButtonSource.DECLARED, True, True),
])  # fmt: skip
def test_a_press_resets_once_the_cause_is_gone(source: ButtonSource, long: bool, resets: bool) -> None:
    """A declared button must be held; the press is no presence."""
    w = world(replace(SETTINGS, declared_button=True)).walking()
    w.press()
    w.run(10)
    w.press(source=source, long=long)
    assert (w.trip is None) is resets
    assert not w.engine.state(w.now_ns).present


@pytest.mark.parametrize("long", [False, True])
def test_a_press_that_is_not_fresh_starts_resets_and_shows_nothing(long: bool) -> None:
    """It may be from before the prompt: no presence, no OK, no reset; and it is told."""
    stale = ButtonPress(ButtonSource.DECLARED, long, fresh=False)
    w = world(replace(SETTINGS, declared_button=True))
    w.feed(stale)
    assert not w.engine.state(w.now_ns).present
    assert w.said(Warned)[-1].what == "button_stale"
    w.arm()
    w.run_to(Phase.BOARD)
    w.run(10, lambda: w.engine.state(w.now_ns).prompt is not None)
    w.feed(stale)
    assert w.engine.state(w.now_ns).phase is Phase.BOARD

    w = world(replace(SETTINGS, declared_button=True)).walking()
    w.press()
    w.run(10)
    w.feed(stale)
    assert w.trip


def test_a_press_that_is_not_fresh_still_stops_a_moving_belt() -> None:
    """However late."""
    w = world(replace(SETTINGS, declared_button=True)).walking()
    outcome = w.feed(ButtonPress(ButtonSource.DECLARED, fresh=False))
    assert any(isinstance(command, Stop) for command in outcome.commands)
    assert w.engine.state(w.now_ns).motion is Motion.STOPPING


# -- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", list(Origin))
def test_every_request_is_answered(origin: Origin) -> None:
    """With its id, verb and origin."""
    for verb in Verb:
        w = world()
        w.feed(Request(verb, origin, id="r1"))
        (reply,) = replies(w)
        assert (reply.request_id, reply.verb, reply.origin) == ("r1", verb, origin)


@pytest.mark.parametrize("origin", list(Origin))
def test_a_reset_needs_the_local_socket(origin: Origin) -> None:
    """From elsewhere it says what would do."""
    w = world()
    w.feed(StrapLine(closed=True))
    w.feed(Request(Verb.RESET, origin))
    (reply,) = replies(w)
    assert not reply.ok
    assert ("nothing is latched" in reply.reason) is (origin is Origin.SOCKET)


def test_selecting_is_what_the_rules_look_at() -> None:
    """A plan that is refused changes nothing."""
    w = world()
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=TWO_BOUTS))
    w.feed(Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=None))
    assert w.engine.state(w.now_ns).program == "test"


def test_while_leaving_everything_but_stop_is_refused() -> None:
    """Stop and a second shutdown are taken."""
    w = world().walking()
    w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    for verb in (Verb.ARM, Verb.CONFIRM, Verb.PAUSE):
        reply = w.ask(verb)
        assert reply
        assert reply.reason == "the daemon is shutting down"
    again = w.ask(Verb.SHUTDOWN)
    assert again
    assert again.ok
    before = len(w.sent(Stop))
    stop = w.ask(Verb.STOP)
    assert stop
    assert stop.ok
    assert len(w.sent(Stop)) == before + 1


@pytest.mark.parametrize(("after_s", "verified"), [(39.8, None), (40.3, False)])
def test_leaving_gives_up_after_40_seconds(after_s: float, verified: bool | None) -> None:
    """Then the failsafe must do it; the exit is commanded once."""
    w = world().walking()
    w.obeys_stop = False
    w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    w.run(after_s)
    assert [c.verified for _, c in w.sent(Exit)] == ([] if verified is None else [verified])
    w.run(5 if verified is not None else 0)
    assert len(w.sent(Exit)) <= 1


def test_nothing_starts_while_leaving() -> None:
    """A press after the way out was taken."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    w.run(2)
    w.feed(Request(Verb.SHUTDOWN, Origin.SIGNAL))
    w.press()
    w.run(2)
    assert not w.starts
    assert len(w.sent(Exit)) == 1


# -- what is told ----------------------------------------------------------------------------------------------------


def test_a_lost_link_is_told_once_a_reason_and_only_while_it_matters() -> None:
    """Not while idle, not again and again."""
    w = world()
    w.feed(LinkDown("off"))
    w.arm()
    for reason in ("too far", "too far", "busy"):
        w.feed(LinkDown(reason))
    assert [r.words for r in w.said(Warned) if r.what == "link_down"] == ["too far", "busy"]


def test_the_broker_is_passed_on() -> None:
    """Its loss ends a session."""
    w = world().walking()
    w.feed(BrokerLink(up=False))
    assert w.engine.phase is Phase.SLOWING


def test_boot_with_a_marker_is_latched() -> None:
    """Connecting, stopping, and saying why."""
    engine = Engine(SETTINGS)
    outcome = engine.boot("unreadable", NOW)
    assert any(isinstance(c, Connect) for c in outcome.commands)
    state = engine.state(NOW)
    assert state.trip
    assert (state.phase, state.motion, state.trip.cause) == (Phase.STOPPING, Motion.STOPPING, "unreadable")


def test_the_state_while_idle_claims_nothing() -> None:
    """What is not known is None."""
    state = idle().state(NOW)
    assert (state.phase, state.motion, state.link_up, state.present) == (Phase.IDLE, Motion.IDLE, False, False)
    unknown = (
        state.trip, state.prompt, state.cue, state.alarm, state.program, state.facing, state.bout, state.progress,
        state.machine, state.speed, state.target, state.limit, state.incline, state.telemetry_age_s,
        state.heart_rate_bpm, state.strap_closed, state.segment_left_s, state.session_left_s,
    )  # fmt: skip
    assert set(unknown) == {None}


def test_the_state_while_walking_tells_everything() -> None:
    """Counts from 1, seconds, limits."""
    w = world().walking(plan(backward((0.5, 20), (0.7, 60)), backward((0.5, 20))))
    state = w.engine.state(w.now_ns)
    assert (state.bout, state.bouts, state.stage, state.stages) == (1, 2, 1, 2)
    assert (state.speed, state.target, state.limit) == (Speed(80), Speed(80), Speed.from_mph(1.3))
    assert (state.heart_rate_soft_bpm, state.heart_rate_hard_bpm, state.strap_closed) == (120, 140, True)
    assert state.segment_left_s == pytest.approx(19, abs=0.2)
    assert state.session_left_s == pytest.approx(99 + 15, abs=0.2)
    assert state.progress == pytest.approx(0.01, abs=0.01)
    assert state.machine == w.machine
    assert state.telemetry_age_s is not None


@pytest.mark.parametrize(("after_ns", "shown"), [
    (n.HEART_RATE_LOST_NS - 1, True), (n.HEART_RATE_LOST_NS, True), (n.HEART_RATE_LOST_NS + 1, False),
])  # fmt: skip
def test_a_heart_rate_is_shown_until_it_is_lost(after_ns: int, shown: bool) -> None:
    """Ten seconds."""
    engine = idle()
    engine.handle(HeartRateSample(90), NOW)
    assert (engine.state(NOW + after_ns).heart_rate_bpm == 90) is shown


def test_without_limits_none_are_told() -> None:
    """Nothing is made up."""
    state = Engine(replace(SETTINGS, heart=None)).state(NOW)
    assert (state.heart_rate_soft_bpm, state.heart_rate_hard_bpm) == (None, None)


def test_a_prompt_is_part_of_the_state() -> None:
    """With its id."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    prompt = w.engine.state(w.now_ns).prompt
    assert isinstance(prompt, Prompt)
    assert (prompt.id, prompt.kind) == ("board-1", PromptKind.BOARD)


def test_a_stop_during_a_rest_ends_the_workout_hands_off() -> None:
    """The session follows the stop that the interlock made."""
    w = world()
    w.arm()
    w.run_to(Phase.REST)
    w.ask(Verb.STOP)
    assert w.run(100, lambda: bool(w.said(WorkoutEnded)))
    assert w.said(WorkoutEnded)[0].ending is Ending.ENDED_EARLY
    assert w.sent(Disconnect)


def test_a_belt_that_may_move_is_not_let_go() -> None:
    """Whatever the session wishes."""
    w = world().walking()
    w.engine._session.wishes.append(Wish.CLOSE)
    w.feed(Tick())
    assert not w.sent(Disconnect)
    assert w.engine.state(w.now_ns).motion is Motion.MOVING


@pytest.mark.parametrize(("source", "long", "fresh", "ends"), [
    (ButtonSource.GPIO, True, True, True),
    (ButtonSource.GPIO, False, True, False),
    (ButtonSource.GPIO, True, False, False),
    (ButtonSource.DECLARED, True, True, False),
])  # fmt: skip
def test_a_long_press_is_a_word_for_a_belt_that_nobody_can_see(
    source: ButtonSource, long: bool, fresh: bool, ends: bool
) -> None:
    """Half a minute after the stop, on a silent machine; every other press stops again, and latches."""
    w = world(machine=replace(MACHINE, silent_after_stop=True))
    w.arm(plan(backward((0.5, 20))))
    w.run_to(Phase.SLOWING)
    w.run(10, lambda: w.engine.state(w.now_ns).motion is Motion.STOPPING)
    w.telemetry = False
    w.run(32)
    w.feed(ButtonPress(source, long=long, fresh=fresh))
    assert (w.engine.phase is Phase.QUESTIONS) is ends
    assert w.trips == ([] if ends else ["user_stop"])


def test_every_rule_can_be_asked_for() -> None:
    """What a person sees when it does not start."""
    engine = idle()
    broken = {row.rule for row in engine.permissives(0) if row.broken}
    assert {"link_down", "absent", "strap_open"} <= broken


def test_a_loop_that_feeds_a_relay_never_rests() -> None:
    """Ten beats a second, in idle too; without a relay two a second do."""
    for relay, deadline_ns in ((True, n.TICK_NS), (False, seconds(0.5))):
        engine = Engine(replace(SETTINGS, relay=relay))
        assert engine.boot(None, 0).deadline_ns == deadline_ns

"""The interlock as a whole: trips, latch, permits, verification, reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from retrowalk.interlock import Interlock
from retrowalk.interlock.rules import RULES
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
    Stop,
    StoreMarker,
)
from retrowalk.model.intent import Boarding, Proposal
from retrowalk.model.observations import (
    Answer,
    Answered,
    LinkDown,
    LinkUp,
    MarkerStored,
    Observation,
    StrapLine,
    Telemetry,
    Tick,
    WriteFailed,
    Written,
)
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Gauge, Kind, Motion, Rung, StopStep, Tripped, Warned
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds
from support.ideal_belt import MACHINE, SETTINGS, TWO_BOUTS
from support.interlock_bench import NOW, settled_heart, standing

OK = Boarding(1, Facing.BACKWARD, NOW)
NOTHING = Proposal()
FASTER = Proposal(target=Speed(400))
WALK = Proposal(target=Speed(150), incline=LEVEL)


def idle() -> Interlock:
    """Return an interlock with which a session may open."""
    interlock = Interlock(SETTINGS)
    r = interlock.readings
    r.heart, r.belt, r.machine = settled_heart(), standing(), MACHINE
    r.linked_ns = r.strap_ns = NOW - seconds(10)
    r.strap_closed, r.presence_ns, r.plan = True, NOW, TWO_BOUTS
    r.strap_proven_ns = NOW - seconds(10)
    interlock.judge(NOW)
    return interlock


def opened() -> Interlock:
    """Return one with an open session, ready to start."""
    interlock = idle()
    interlock.open(TWO_BOUTS, NOW)
    interlock.hear(MarkerStored(ok=True), NOW)
    interlock.judge(NOW)
    return interlock


def boarding() -> Interlock:
    """Return one that has permitted START."""
    interlock = opened()
    interlock.permit(Proposal(boarding=OK), NOW)
    return interlock


def on_the_move() -> Interlock:
    """Return one whose belt runs."""
    interlock = boarding()
    for _ in range(2):
        turn(interlock, Telemetry(n.BOARD_SPEED, LEVEL))
    return interlock


def turn(
    interlock: Interlock, observation: object = Tick(), proposal: Proposal = NOTHING, now_ns: int = NOW
) -> list[Command]:
    """Turn the crank once: hear, judge, permit; return the commands."""
    interlock.commands.clear()
    interlock.hear(observation, now_ns)  # type: ignore[arg-type]  # any observation
    interlock.judge(now_ns)
    interlock.permit(proposal, now_ns)
    return list(interlock.commands)


def rungs(interlock: Interlock) -> list[Rung]:
    """Return every rung that was climbed."""
    return [report.rung for report in interlock.reports if isinstance(report, StopStep)]


def answer_all(interlock: Interlock) -> None:
    """Answer whatever is in flight with success."""
    for number in range(1, 40):
        interlock.hear(Answered(number, Answer.SUCCESS), NOW)


# -- opening and starting --------------------------------------------------------------------------------------------


def test_opening_stores_the_marker_and_asks_for_control() -> None:
    """Nothing else is written; motion is standstill."""
    interlock = idle()
    interlock.open(TWO_BOUTS, NOW)
    assert interlock.commands == [StoreMarker()]
    assert interlock.motion is Motion.STANDSTILL
    assert turn(interlock) == [RequestControl(1)]
    assert turn(interlock) == []


def test_no_session_opens_with_a_broken_rule_or_during_a_stop() -> None:
    """Whatever the session believes."""
    broken = idle()
    broken.readings.strap_closed = False
    broken.judge(NOW)
    broken.open(TWO_BOUTS, NOW)
    stopping = idle()
    stopping.stop_by_person(NOW)
    stopping.open(TWO_BOUTS, NOW)
    assert not broken.opened
    assert not stopping.opened
    assert stopping.motion is Motion.STOPPING


def test_one_start_per_boarding() -> None:
    """The permit expires in a second; the same boarding starts nothing again."""
    interlock = opened()
    interlock.commands.clear()
    interlock.permit(Proposal(boarding=OK), NOW)
    assert [c for c in interlock.commands if isinstance(c, PermittedCommand)] == [
        PermittedCommand(2, Start(), NOW + n.PERMIT_EXPIRES_NS)
    ]
    interlock.motion = Motion.STANDSTILL
    assert turn(interlock, proposal=Proposal(boarding=OK)) == []


@pytest.mark.parametrize(("age_ns", "starts"), [
    (-1, False), (0, True),
    (n.CONFIRM_EXPIRES_NS - 1, True), (n.CONFIRM_EXPIRES_NS, True), (n.CONFIRM_EXPIRES_NS + 1, False),
])  # fmt: skip
def test_a_confirmation_expires(age_ns: int, starts: bool) -> None:
    """Five seconds after OK the belt does not start any more; nor for an OK that is yet to come."""
    interlock = opened()
    interlock.permit(Proposal(boarding=replace(OK, confirmed_ns=NOW - age_ns)), NOW)
    assert (interlock.motion is Motion.BOARDING) is starts


def test_a_start_is_judged_when_it_is_permitted() -> None:
    """What changed since the rules were last looked at counts."""
    interlock = opened()
    interlock.readings.strap_closed = False
    interlock.permit(Proposal(boarding=OK), NOW)
    assert interlock.motion is Motion.STANDSTILL


def test_nothing_is_permitted_outside_a_session() -> None:
    """Not for any proposal."""
    assert turn(idle(), proposal=Proposal(boarding=OK, target=Speed(100), halt=True)) == []


def test_motion_begins_with_the_first_frame_that_says_so() -> None:
    """A zero frame, or one without speed, is no motion."""
    interlock = boarding()
    turn(interlock, Telemetry(STANDSTILL))
    turn(interlock, Telemetry(incline=LEVEL))
    assert interlock.view().motion is Motion.BOARDING
    turn(interlock, Telemetry(Speed(10)))
    assert interlock.view().motion is Motion.MOVING


def test_a_fast_minimum_is_warned_of() -> None:
    """Boarding above half a mile an hour is said."""
    interlock = idle()
    interlock.readings.machine = replace(MACHINE, slowest=Speed(100))
    interlock.open(TWO_BOUTS, NOW)
    assert [r.what for r in interlock.reports if isinstance(r, Warned)] == ["fast_minimum"]


# -- set-points ------------------------------------------------------------------------------------------------------


def test_one_set_point_at_a_time() -> None:
    """The next goes out when the one before was answered, or two seconds later."""
    interlock = on_the_move()
    answer_all(interlock)
    first = turn(interlock, proposal=WALK)
    assert [c.action for c in first if isinstance(c, PermittedCommand)] == [SetSpeed(Speed(80))]
    for tick in range(1, 20):
        frame = Telemetry(n.BOARD_SPEED)
        assert turn(interlock, frame, WALK, NOW + tick * n.TICK_NS) == []
    late = turn(interlock, Telemetry(n.BOARD_SPEED), WALK, NOW + n.ANSWER_PATIENCE_NS + 1)
    assert len(late) == 1


def test_a_set_point_is_remembered_as_an_explanation() -> None:
    """For overspeed."""
    interlock = on_the_move()
    answer_all(interlock)
    turn(interlock, proposal=WALK)
    assert list(interlock.readings.commanded) == [(NOW, Speed(80))]


@pytest.mark.parametrize("answer", [Answer.FAILED, Answer.INVALID_PARAMETER, Answer.NOT_SUPPORTED])
def test_a_refused_set_point_is_warned_of(answer: Answer) -> None:
    """It stops nothing."""
    interlock = on_the_move()
    answer_all(interlock)
    (command,) = turn(interlock, proposal=WALK)
    assert isinstance(command, PermittedCommand)
    turn(interlock, Answered(command.number, answer))
    assert interlock.trip is None
    assert [r.what for r in interlock.reports if isinstance(r, Warned)] == ["set_point_refused"]


def test_a_set_point_without_control_trips() -> None:
    """Somebody else has the machine."""
    interlock = on_the_move()
    answer_all(interlock)
    (command,) = turn(interlock, proposal=WALK)
    assert isinstance(command, PermittedCommand)
    assert isinstance(turn(interlock, Answered(command.number, Answer.NOT_PERMITTED))[0], Stop)
    assert interlock.trip
    assert interlock.trip.cause == "control_lost"


def test_a_set_point_that_failed_is_due_again() -> None:
    """Also an incline: it is not believed to be set."""
    interlock = on_the_move()
    answer_all(interlock)
    (speed,) = turn(interlock, proposal=WALK)
    assert isinstance(speed, PermittedCommand)
    (again,) = turn(interlock, WriteFailed(speed.number, "x"), WALK)
    assert isinstance(again, PermittedCommand)
    assert again.action == speed.action
    interlock.hear(Answered(again.number, Answer.SUCCESS), NOW)
    uphill = Proposal(target=n.BOARD_SPEED, incline=Incline(10))
    tilted = []
    for tick in range(1, 21):
        tilted += turn(interlock, Telemetry(n.BOARD_SPEED), uphill, NOW + tick * n.TICK_NS)
    assert isinstance(tilted[0], PermittedCommand)
    assert isinstance(tilted[0].action, SetIncline)
    assert not interlock.view().level
    turn(interlock, WriteFailed(tilted[0].number, "x"), uphill, NOW + 21 * n.TICK_NS)
    interlock.hear(WriteFailed(tilted[0].number, "again"), NOW)
    assert interlock.motion is Motion.MOVING


def test_without_a_drive_or_a_machine_nothing_is_set() -> None:
    """Should they ever be missing while the belt moves."""
    for attribute in ("_drive", "machine"):
        interlock = on_the_move()
        answer_all(interlock)
        owner = interlock if attribute == "_drive" else interlock.readings
        setattr(owner, attribute, None)
        interlock.permit(WALK, NOW)
        assert not [c for c in interlock.commands if isinstance(getattr(c, "action", None), SetSpeed)]


def test_a_failed_write_without_a_drive_is_no_error() -> None:
    """A late failure after the belt was let go."""
    interlock = on_the_move()
    answer_all(interlock)
    (command,) = turn(interlock, proposal=WALK)
    assert isinstance(command, PermittedCommand)
    interlock._drive = None
    interlock.hear(WriteFailed(command.number, "x"), NOW)
    assert not interlock.readings.start_refused


def test_easing_lowers_the_ceiling() -> None:
    """A rule that lowers steps the drive down."""
    interlock = on_the_move()
    answer_all(interlock)
    r = interlock.readings
    r.heart._over_soft_ns = NOW - n.HEART_RATE_SOFT_NS
    turn(interlock, proposal=WALK)
    assert [(f.rule, f.kind) for f in interlock.view().faults] == [("heart_rate_soft", Kind.EASE)]
    assert interlock._drive
    assert interlock._drive.eased == Speed(80)


# -- stopping --------------------------------------------------------------------------------------------------------


def test_a_trip_latches_once_with_its_readings() -> None:
    """One Stop in that call, one report, a marker that survives; not one more Stop while the fault lasts."""
    interlock = on_the_move()
    commands = turn(interlock, StrapLine(closed=False), now_ns=NOW)
    assert [type(c) for c in commands] == [Stop, StoreMarker]
    assert commands[1] == StoreMarker("strap_open")
    trip = interlock.trip
    assert trip
    assert (trip.cause, trip.at_ns, trip.speed, trip.heart_rate_bpm) == ("strap_open", NOW, n.BOARD_SPEED, 90)
    for _ in range(5):
        assert turn(interlock) == []
    assert len([r for r in interlock.reports if isinstance(r, Tripped)]) == 1
    assert interlock.readings.presence_ns is None


def test_a_trip_during_a_planned_stop_latches_and_writes_again() -> None:
    """The ladder goes on; the latch is added."""
    interlock = on_the_move()
    assert isinstance(turn(interlock, proposal=Proposal(halt=True))[0], Stop)
    assert interlock.trip is None
    assert isinstance(turn(interlock, StrapLine(closed=False))[0], Stop)
    assert interlock.trip


def test_a_planned_stop_is_verified_by_new_frames_and_keeps_the_session() -> None:
    """Two zero frames after the demand; then standstill, and control is asked for again."""
    interlock = on_the_move()
    (stop,) = turn(interlock, proposal=Proposal(halt=True))
    assert isinstance(stop, Stop)
    turn(interlock, Written(stop.number))
    turn(interlock, Telemetry(STANDSTILL))
    assert interlock.view().motion is Motion.STOPPING
    commands = turn(interlock, Telemetry(STANDSTILL))
    assert interlock.view().motion is Motion.STANDSTILL
    assert [type(c) for c in commands] == [RequestControl]
    assert [r.rung for r in interlock.reports if isinstance(r, StopStep)][-1] is Rung.VERIFIED


def test_zero_frames_during_a_countdown_verify_nothing() -> None:
    """A belt that was told to start may still do so: the link is kept until it no longer can."""
    interlock = boarding()
    turn(interlock, StrapLine(closed=False))
    for at_s in range(8):
        commands = turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(at_s))
        assert not [c for c in commands if isinstance(c, Disconnect)]
    assert Disconnect() in turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(8))


def test_one_moving_frame_in_a_countdown_is_no_motion() -> None:
    """Some machines tell their target ahead of the countdown: zero frames after it verify nothing either."""
    interlock = boarding()
    turn(interlock, Telemetry(n.BOARD_SPEED))
    assert interlock.motion is Motion.MOVING
    turn(interlock, StrapLine(closed=False))
    for at_s in range(8):
        assert Disconnect() not in turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(at_s))
    assert Disconnect() in turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(8))


def test_a_belt_that_is_seen_to_run_is_past_its_countdown() -> None:
    """What stops it then is the Stop: two zero frames verify it at once."""
    interlock = boarding()
    turn(interlock, StrapLine(closed=False))
    for speed in (n.BOARD_SPEED, n.BOARD_SPEED, STANDSTILL):
        assert Disconnect() not in turn(interlock, Telemetry(speed))
    assert Disconnect() in turn(interlock, Telemetry(STANDSTILL))


def test_a_daemon_that_comes_up_latched_waits_for_a_start_that_may_have_been_the_last_word() -> None:
    """The one before may have died in the countdown: eight seconds for a machine that is not known yet."""
    interlock = Interlock(SETTINGS)
    interlock.boot("restart_in_session", NOW)
    turn(interlock, LinkUp(MACHINE))
    for at_s in range(8):
        assert Disconnect() not in turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(at_s))
    assert Disconnect() in turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + seconds(8))


def driven_for_half_a_minute(follows: Callable[[int], tuple[Observation, ...]]) -> tuple[Interlock, Speed, int]:
    """Ask a belt for 4 km/h; `follows` is what comes of each set-point above board speed. Return the fastest; when.

    The belt obeys what was written and not refused.
    """
    interlock, at_ns, fastest, runs_at = on_the_move(), NOW, STANDSTILL, n.BOARD_SPEED
    for _ in range(60):
        at_ns += seconds(0.5)
        interlock.readings.heart.good_ns = at_ns
        for command in turn(interlock, Telemetry(runs_at, elapsed_s=at_ns // seconds(1)), FASTER, at_ns):
            assert isinstance(command, PermittedCommand)
            assert isinstance(command.action, SetSpeed)
            fastest = max(fastest, command.action.speed)
            accepted = (Written(command.number), Answered(command.number, Answer.SUCCESS))
            heard = follows(command.number) if command.action.speed > n.BOARD_SPEED else accepted
            for observation in heard:
                interlock.hear(observation, at_ns)
            if Written(command.number) in heard and Answered(command.number, Answer.FAILED) not in heard:
                runs_at = command.action.speed
    assert interlock.motion is Motion.MOVING
    return interlock, fastest, at_ns


@pytest.mark.parametrize("follows", [
    lambda number: (WriteFailed(number, "in progress"),),
    lambda number: (Written(number), Answered(number, Answer.FAILED)),
    lambda number: (Written(number + 1000),),
    lambda _: (),
])  # fmt: skip
def test_a_set_point_that_does_not_come_through_is_not_told(follows: Callable[[int], tuple[Observation, ...]]) -> None:
    """Not written, refused, or stuck: the ramp waits for it, and the belt may not run as if it had been told."""
    interlock, fastest, at_ns = driven_for_half_a_minute(follows)
    assert fastest > n.BOARD_SPEED
    assert fastest <= n.BOARD_SPEED + Speed(50)
    interlock.hear(WriteFailed(interlock._number, "late"), at_ns)
    assert interlock.readings.allowed(at_ns + n.OVERSPEED_WINDOW_NS + 1) <= n.BOARD_SPEED + n.OVERSPEED_MARGIN


@pytest.mark.parametrize("follows", [
    lambda number: (Written(number), Answered(number, Answer.SUCCESS)),
    lambda number: (Written(number),),
])  # fmt: skip
def test_set_points_that_come_through_rise(follows: Callable[[int], tuple[Observation, ...]]) -> None:
    """Also on a machine that never answers."""
    _, fastest, _ = driven_for_half_a_minute(follows)
    assert fastest > n.BOARD_SPEED + Speed(60)


def test_without_a_stop_nobody_waits_for_a_word() -> None:
    """Whatever the time."""
    assert not idle().awaits_word(NOW)


def test_a_stop_that_is_asked_for_again_is_pursued_for_as_long_again() -> None:
    """Outside a session, where nothing verifies it."""
    interlock = Interlock(SETTINGS)
    interlock.stop_by_person(NOW)
    interlock.stop_by_person(NOW + n.STOP_ALARM_STAYS_NS - 1)
    turn(interlock, now_ns=NOW + 2 * n.STOP_ALARM_STAYS_NS - 2)
    assert interlock.view().motion is Motion.STOPPING
    turn(interlock, now_ns=NOW + 2 * n.STOP_ALARM_STAYS_NS - 1)
    assert interlock.view().motion is Motion.IDLE


def test_a_latched_stop_once_verified_lets_go_and_keeps_the_marker() -> None:
    """Hands off, latched."""
    interlock = on_the_move()
    turn(interlock, StrapLine(closed=False))
    turn(interlock, Telemetry(STANDSTILL))
    commands = turn(interlock, Telemetry(STANDSTILL))
    assert Disconnect() in commands
    assert ClearMarker() not in commands
    assert interlock.motion is Motion.IDLE
    assert interlock.view().latched


def test_stops_by_persons() -> None:
    """On a belt that may move: latched. At standstill: not. Outside a session: connect first, no latch."""
    moving, standing_still, outside = on_the_move(), opened(), idle()
    for interlock in (moving, standing_still, outside):
        interlock.commands.clear()
        interlock.stop_by_person(NOW)
        assert any(isinstance(c, Stop) for c in interlock.commands)
    assert moving.trip
    assert moving.trip.cause == "user_stop"
    assert standing_still.trip is None
    assert outside.trip is None
    assert Connect() in outside.commands


def test_outside_a_session_nothing_trips() -> None:
    """An explicit stop while idle with the strap off is a stop, not a trip."""
    interlock = idle()
    interlock.stop_by_person(NOW)
    turn(interlock, StrapLine(closed=False))
    assert interlock.trip is None


def test_without_a_machine_the_careful_run_down_holds() -> None:
    """A stop before any machine was known."""
    interlock = Interlock(SETTINGS)
    interlock.stop_by_person(NOW)
    interlock.judge(NOW + seconds(15) - 1)
    assert Rung.NO_STANDSTILL not in [r.rung for r in interlock.reports if isinstance(r, StopStep)]
    interlock.judge(NOW + seconds(15))
    assert Rung.NO_STANDSTILL in [r.rung for r in interlock.reports if isinstance(r, StopStep)]


def test_an_unramped_pause_stops_at_once_without_a_latch() -> None:
    """A refused start, for one."""
    interlock = boarding()
    (number,) = [c.number for c in interlock.commands if isinstance(c, PermittedCommand)]
    commands = turn(interlock, Answered(number, Answer.FAILED))
    assert isinstance(commands[0], Stop)
    assert interlock.trip is None
    assert interlock.view().ending
    assert interlock.view().pausing


@pytest.mark.parametrize("observation", [WriteFailed(2, "x"), Answered(2, Answer.NOT_PERMITTED)])
def test_a_start_that_failed_or_is_not_permitted_is_refused(observation: WriteFailed | Answered) -> None:
    """Either way no further START."""
    interlock = boarding()
    turn(interlock, observation)
    assert interlock.readings.start_refused


def test_the_link_during_a_stop() -> None:
    """Lost: alarmed. Back: the stop first. Its answers and failures are the ladder's."""
    interlock = on_the_move()
    turn(interlock, StrapLine(closed=False))
    turn(interlock, LinkDown("gone"))
    assert interlock.view().alarm
    commands = turn(interlock, LinkUp(MACHINE), now_ns=NOW + 1)
    assert isinstance(commands[0], Stop)
    assert interlock.view().alarm is None
    turn(interlock, WriteFailed(commands[0].number, "x"), now_ns=NOW + 2)
    again = turn(interlock, now_ns=NOW + 2 + n.STOP_RESEND_NS)
    assert isinstance(again[0], Stop)


def test_a_link_that_comes_back_at_rest_is_asked_for_control() -> None:
    """Control ends with the link."""
    interlock = opened()
    answer_all(interlock)
    turn(interlock)
    turn(interlock, LinkDown("gone"))
    assert [type(c) for c in turn(interlock, LinkUp(MACHINE))] == [RequestControl]


@pytest.mark.parametrize(("after_ns", "asked"), [
    (n.CONTROL_RETRY_NS - 1, False), (n.CONTROL_RETRY_NS, False), (n.CONTROL_RETRY_NS + 1, True),
])  # fmt: skip
def test_control_that_somebody_else_has_is_asked_for_again(after_ns: int, asked: bool) -> None:
    """Every five seconds, at standstill."""
    interlock = opened()
    (request,) = turn(interlock)
    assert isinstance(request, RequestControl)
    turn(interlock, Answered(request.number, Answer.NOT_PERMITTED))
    assert interlock.readings.control_lost
    commands = turn(interlock, now_ns=NOW + after_ns)
    assert bool(commands) is asked
    if commands:
        assert isinstance(commands[0], RequestControl)
        turn(interlock, Answered(commands[0].number, Answer.SUCCESS))
        assert not interlock.readings.control_lost


# -- latch and reset -------------------------------------------------------------------------------------------------


def latched() -> Interlock:
    """Return one that is latched, its stop verified, its cause gone."""
    interlock = on_the_move()
    turn(interlock, StrapLine(closed=False))
    for _ in range(2):
        turn(interlock, Telemetry(STANDSTILL))
    turn(interlock, StrapLine(closed=True))
    interlock.commands.clear()
    return interlock


def test_reset_clears_latch_and_marker_and_wants_a_new_presence() -> None:
    """At standstill with the cause gone."""
    interlock = latched()
    interlock.present(NOW)
    assert interlock.readings.presence_ns is None, "the edge that ends a trip is no presence"
    assert interlock.reset(NOW) is None
    assert interlock.trip is None
    assert ClearMarker() in interlock.commands
    interlock.present(NOW)
    assert interlock.readings.presence_ns == NOW
    interlock.present(NOW + 1, declared=True)
    assert interlock.readings.declared_ns == NOW + 1


def test_reset_is_refused_while_the_cause_lasts_or_the_belt_may_move() -> None:
    """And says why; with nothing latched there is nothing to reset."""
    interlock = latched()
    turn(interlock, StrapLine(closed=False))
    assert "strap" in (interlock.reset(NOW) or "")
    moving = on_the_move()
    moving.stop_by_person(NOW)
    assert moving.reset(NOW) == "the belt is not yet seen to stand"
    assert idle().reset(NOW) == "nothing is latched"


@pytest.mark.parametrize(("after_ns", "told", "linked", "resets"), [
    (n.STOP_ALARM_STAYS_NS - 1, False, False, False),
    (n.STOP_ALARM_STAYS_NS, False, False, True),
    (n.STOP_ALARM_STAYS_NS, True, True, False),
    (n.STOP_ALARM_STAYS_NS, False, True, True),
    (n.STOP_ALARM_STAYS_NS + 1, False, True, True),
])  # fmt: skip
def test_a_stop_that_nothing_will_verify_is_a_persons_word(
    after_ns: int, told: bool, linked: bool, resets: bool
) -> None:
    """After 30 s with no link, or no frames; not while frames say that the belt runs."""
    interlock = on_the_move()
    interlock.stop_by_person(NOW)
    if not linked:
        interlock.hear(LinkDown("gone"), NOW)
    if told:
        interlock.hear(Telemetry(n.BOARD_SPEED), NOW + after_ns)
    if linked and not told:
        interlock.readings.belt.frame_ns = None if after_ns > n.STOP_ALARM_STAYS_NS else NOW
    assert (interlock.reset(NOW + after_ns) is None) is resets


def test_a_stop_in_a_session_or_after_a_crash_is_never_given_up() -> None:
    """However long nothing verifies it."""
    in_session, after_crash = on_the_move(), Interlock(SETTINGS)
    turn(in_session, LinkDown("gone"))
    after_crash.boot("killed", NOW)
    for interlock in (in_session, after_crash):
        interlock.judge(NOW + 10 * n.STOP_ALARM_STAYS_NS)
        assert interlock.motion is Motion.STOPPING


@pytest.mark.parametrize(("silent", "latches"), [(False, True), (True, False)])
def test_a_planned_stop_that_is_not_seen_to_stand_latches(silent: bool, latches: bool) -> None:
    """Within the run-down; but for a machine that is known to go silent."""
    interlock = on_the_move()
    interlock.readings.machine = replace(MACHINE, silent_after_stop=silent)
    turn(interlock, proposal=Proposal(halt=True))
    for at_s in range(1, 17):
        turn(interlock, Telemetry(Speed(50)), now_ns=NOW + seconds(at_s))
    causes = [trip.cause for trip in (interlock.trip,) if trip]
    assert causes == ["no_standstill"] * latches


def test_a_belt_that_connecting_sets_in_motion_is_stopped() -> None:
    """Also ahead of the session; other rules trip nothing there."""
    interlock = idle()
    interlock.hear(LinkUp(MACHINE), NOW)
    turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + 1)
    turn(interlock, Telemetry(Speed(80)), now_ns=NOW + 2)
    assert isinstance(turn(interlock, Telemetry(Speed(80)), now_ns=NOW + 3)[0], Stop)
    assert interlock.trip
    assert interlock.trip.cause == "starts_on_connect"


def test_boot_with_a_marker_is_latched_and_stops() -> None:
    """Connect, keep the cause, a Stop as the first thing on the link."""
    interlock = Interlock(SETTINGS)
    interlock.boot("strap_open", NOW)
    assert Connect() in interlock.commands
    assert StoreMarker("strap_open") in interlock.commands
    assert interlock.trip
    assert isinstance(turn(interlock, LinkUp(MACHINE))[0], Stop)


def test_closing_clears_the_marker_only_of_a_clean_session() -> None:
    """Nothing latched: marker gone. Presence is forgotten either way."""
    interlock = opened()
    interlock.commands.clear()
    interlock.close()
    assert interlock.commands == [Disconnect(), ClearMarker()]
    assert interlock.readings.presence_ns is None
    outside = idle()
    outside.close()
    assert outside.commands == [Disconnect()]


def test_the_view_before_anything_is_known() -> None:
    """Nothing is known, nothing is claimed."""
    view = Interlock(SETTINGS).view()
    assert (view.motion, view.latched, view.open, view.linked, view.machine) == (Motion.IDLE, False, False, False, None)
    assert (view.speed, view.set_point, view.standstill_ns, view.faults, view.alarm) == (None, None, None, (), None)
    assert view.level
    assert opened().view().standstill_ns == NOW - seconds(1)


def test_answers_to_nobody_are_ignored() -> None:
    """Unknown numbers, written commands, and failures that belong to nothing."""
    interlock = on_the_move()
    before = interlock.motion
    for observation in (Answered(999, Answer.FAILED), Written(999), WriteFailed(999, "x")):
        turn(interlock, observation)
    assert interlock.motion is before
    assert interlock.trip is None


# -- relay, marker, a person's word ------------------------------------------------------------------------------------

WITH_RELAY = replace(SETTINGS, relay=True)


def closed(interlock: Interlock) -> list[bool]:
    """Return how the relay was told to be since somebody last looked."""
    return [command.closed for command in interlock.commands if isinstance(command, Relay)]


def stopping_outside(settings: EngineSettings = WITH_RELAY) -> Interlock:
    """Return one that was booted and told to stop, outside a session, with a link."""
    interlock = Interlock(settings)
    interlock.boot(None, NOW)
    interlock.hear(LinkUp(MACHINE), NOW)
    interlock.hear(Telemetry(Speed(300)), NOW)
    interlock.stop_by_person(NOW)
    return interlock


def test_a_relay_is_closed_at_a_clean_boot_and_not_spoken_of_without_one() -> None:
    """A machine that is used by hand outside sessions needs its loop closed."""
    for settings, expected in ((WITH_RELAY, [True]), (SETTINGS, [])):
        interlock = Interlock(settings)
        interlock.boot(None, NOW)
        assert closed(interlock) == expected


def test_a_relay_that_had_to_open_outside_a_session_latches() -> None:
    """Somebody must see why, and reset; a relay does not close by itself."""
    interlock = stopping_outside()
    turn(interlock, Telemetry(Speed(300)), now_ns=NOW + n.STOP_EFFECT_NS)
    assert closed(interlock) == [False]
    assert interlock.trip
    assert interlock.trip.cause == "relay_opened"
    turn(interlock, Telemetry(Speed(300)), now_ns=NOW + 2 * n.STOP_EFFECT_NS)
    assert closed(interlock) == []
    for _ in range(2):
        turn(interlock, Telemetry(STANDSTILL), now_ns=NOW + 3 * n.STOP_EFFECT_NS)
    assert closed(interlock) == []
    assert interlock.reset(NOW + 3 * n.STOP_EFFECT_NS) is not None  # the strap line of this bench is open
    interlock.readings.strap_closed = True
    interlock.commands.clear()
    assert interlock.reset(NOW + 3 * n.STOP_EFFECT_NS) is None
    assert closed(interlock) == [True]


def test_a_marker_that_failed_is_asked_for_again_and_only_then() -> None:
    """After a while, never twice at once, and never once it is on the disk."""
    interlock = idle()
    interlock.open(TWO_BOUTS, NOW)
    later = NOW + n.MARKER_RETRY_NS
    assert StoreMarker() not in turn(interlock, now_ns=later + 1)
    assert StoreMarker() not in turn(interlock, MarkerStored(ok=False), now_ns=later)
    assert StoreMarker() in turn(interlock, now_ns=later + 1)
    assert StoreMarker() not in turn(interlock, now_ns=later + 2)
    turn(interlock, MarkerStored(ok=True), now_ns=later + 3)
    assert StoreMarker() not in turn(interlock, now_ns=later + 2 * n.MARKER_RETRY_NS)


def test_the_marker_of_a_former_session_starts_nothing() -> None:
    """Each session waits for its own."""
    interlock = idle()
    interlock.readings.marker_stored = True
    interlock.open(TWO_BOUTS, NOW)
    interlock.judge(NOW)
    assert turn(interlock, proposal=Proposal(boarding=OK)) == [RequestControl(1)]
    assert interlock.motion is Motion.STANDSTILL


def test_nobody_is_asked_for_a_word_while_telemetry_may_still_tell() -> None:
    """Thirty seconds, and then once; a word before that is not taken. What the belt last said is forgotten with it."""
    interlock = on_the_move()
    turn(interlock, Telemetry(n.BOARD_SPEED, LEVEL))
    assert interlock.readings.belt.runs
    interlock.permit(Proposal(halt=True), NOW)
    early, due = NOW + n.STOP_ALARM_STAYS_NS - 1, NOW + n.STOP_ALARM_STAYS_NS
    interlock.readings.machine = replace(MACHINE, silent_after_stop=True)
    turn(interlock, now_ns=early)
    assert not interlock.take_word(early)
    assert Rung.AWAITS_WORD not in rungs(interlock)
    turn(interlock, now_ns=due)
    turn(interlock, now_ns=due)
    assert rungs(interlock).count(Rung.AWAITS_WORD) == 1
    assert interlock.take_word(due)
    assert interlock.motion is Motion.STANDSTILL
    assert Rung.TAKEN_AS_STANDING in rungs(interlock)
    interlock.judge(due)
    assert interlock.trip is None


def test_a_latched_stop_takes_a_reset_and_not_a_word() -> None:
    """A word ends a stop; a latch is more."""
    interlock = on_the_move()
    turn(interlock, StrapLine(closed=False))
    assert interlock.awaits_word(NOW + n.STOP_ALARM_STAYS_NS)
    assert not interlock.take_word(NOW + n.STOP_ALARM_STAYS_NS)
    assert interlock.motion is Motion.STOPPING
    assert not idle().take_word(NOW)


def test_an_alarm_is_over_with_a_persons_word() -> None:
    """Nothing keeps ringing for a belt that stands."""
    interlock = on_the_move()
    interlock.readings.machine = replace(MACHINE, silent_after_stop=True)
    interlock.permit(Proposal(halt=True), NOW)
    turn(interlock, now_ns=NOW + n.STOP_ALARM_STAYS_NS)
    ladder = interlock._ladder
    assert ladder
    assert ladder.alarm
    assert interlock.take_word(NOW + n.STOP_ALARM_STAYS_NS)
    assert ladder.alarm is None


def test_a_warning_is_said_once_a_session() -> None:
    """The next session may say it again."""
    interlock = on_the_move()
    r = interlock.readings
    r.resting_bpm = r.highest_bpm = 90
    r.started_ns = NOW - n.HEART_RATE_RISE_NS
    for _ in range(2):
        turn(interlock, Telemetry(n.BOARD_SPEED, LEVEL))
    said = [report for report in interlock.reports if isinstance(report, Warned)]
    assert [warned.what for warned in said] == ["heart_rate_flat"]
    assert [fault.kind for fault in interlock.view().faults] == [Kind.WARN]
    interlock._warned.add("x")
    fresh = idle()
    fresh._warned.add("heart_rate_flat")
    fresh.open(TWO_BOUTS, NOW)
    assert fresh._warned == set()


def test_a_warning_is_said_beside_what_is_worse() -> None:
    """Warnings come last among what is broken, and are not lost there."""
    interlock = on_the_move()
    r = interlock.readings
    r.resting_bpm = r.highest_bpm = 90
    r.started_ns = NOW - n.HEART_RATE_RISE_NS
    r.belt.frame_ns = NOW - n.TELEMETRY_WARN_NS - 1
    interlock.judge(NOW)
    assert [fault.kind for fault in interlock.view().faults] == [Kind.EASE, Kind.WARN]
    assert "heart_rate_flat" in {report.what for report in interlock.reports if isinstance(report, Warned)}


def test_whoever_shows_up_says_that_the_key_is_back() -> None:
    """By either way, but not while a stop is latched."""
    for declared in (False, True):
        interlock = idle()
        interlock.readings.key_missing = True
        interlock.present(NOW, declared=declared)
        assert not interlock.readings.key_missing
    latched = on_the_move()
    turn(latched, StrapLine(closed=False))
    latched.readings.key_missing = True
    latched.present(NOW)
    assert latched.readings.key_missing


def test_every_rule_can_be_read_off() -> None:
    """What it would do now, whether it is broken, and by how much."""
    by_name = {row.rule: row for row in on_the_move().permissives(NOW + seconds(2))}
    assert set(by_name) == {rule.name for rule in RULES}
    late = by_name["telemetry_late"]
    assert (late.kind, late.broken, late.gauge) == (Kind.EASE, True, Gauge(2.0, 1.5, "s"))
    assert by_name["absent"].kind is None
    assert dict(by_name["link_down"].kinds)[Motion.MOVING] is Kind.STOP


def test_a_fault_has_its_figures() -> None:
    """So that a refusal names them."""
    interlock = idle()
    interlock.readings.machine = replace(MACHINE, slowest=Speed.from_kmh(2))
    interlock.judge(NOW)
    faults = {fault.rule: fault for fault in interlock.view().faults}
    assert faults["machine_too_fast"].gauge == Gauge(2.0, 1.6, "km/h")


def tripped_with_relay() -> Interlock:
    """Return one with a relay whose strap was pulled under way, and whose belt stands."""
    interlock = on_the_move()
    interlock.readings.settings, interlock._relay_closed = WITH_RELAY, True
    turn(interlock, StrapLine(closed=False))
    assert closed(interlock) == []
    turn(interlock, Telemetry(STANDSTILL))
    assert closed(interlock) == []
    turn(interlock, Telemetry(STANDSTILL))
    return interlock


def test_a_relay_opens_at_the_standstill_of_a_trip_and_once() -> None:
    """Another stop finds it open."""
    interlock = tripped_with_relay()
    assert closed(interlock) == [False]
    interlock.commands.clear()
    later_ns = NOW + seconds(60)
    interlock.stop_by_person(later_ns)
    for _ in range(2):
        interlock.hear(Telemetry(STANDSTILL), later_ns)
        interlock.judge(later_ns)
    assert interlock.view().motion is Motion.IDLE
    assert closed(interlock) == []


def test_a_relay_stays_closed_through_a_planned_stop() -> None:
    """Rests are no reason to cut anybody's power."""
    interlock = on_the_move()
    interlock.readings.settings, interlock._relay_closed = WITH_RELAY, True
    turn(interlock, proposal=Proposal(halt=True))
    for _ in range(2):
        turn(interlock, Telemetry(STANDSTILL))
        assert closed(interlock) == []
    assert interlock.motion is Motion.STANDSTILL
    interlock.stop(NOW, latch=("x", "x", "x"))
    for _ in range(2):
        turn(interlock, Telemetry(STANDSTILL))
    assert closed(interlock) == [False]


def test_the_answer_to_an_older_marker_does_not_count() -> None:
    """A latch is stored after the session was: the first answer is the session's."""
    interlock = on_the_move()
    interlock.readings.marker_stored = False
    interlock.readings.markers_asked = 0
    interlock._store_marker(None, NOW)
    interlock._store_marker("strap_open", NOW)
    interlock.hear(MarkerStored(ok=True), NOW)
    assert not interlock.readings.marker_stored
    interlock.hear(MarkerStored(ok=True), NOW)
    assert interlock.readings.marker_stored

"""The stop ladder, rung by rung."""

from __future__ import annotations

from itertools import count

import pytest

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.ladder import Ladder
from retrowalk.model import numbers as n
from retrowalk.model.commands import Command, Rebuild, Relay, Stop
from retrowalk.model.observations import Telemetry
from retrowalk.model.reports import Rung
from retrowalk.model.units import Speed, seconds
from support.interlock_bench import NOW, moving, standing

FAST, RUN_DOWN_NS = Speed.from_kmh(2), seconds(15)


def demanded(*, linked: bool = True) -> Ladder:
    """Return a ladder whose stop was demanded at NOW at 2 km/h."""
    numbers = count(1)
    ladder = Ladder("strap_open", NOW, FAST, RUN_DOWN_NS, lambda: next(numbers))
    ladder.begin(linked, NOW)
    return ladder


def taken(ladder: Ladder) -> list[Command]:
    """Take the commands."""
    commands, ladder.commands = ladder.commands, []
    return commands


def rungs(ladder: Ladder) -> list[Rung]:
    """Return the rungs climbed so far."""
    return [step.rung for step in ladder.steps]


def running(speed: Speed = FAST) -> Belt:
    """Return a belt that still runs."""
    return moving(speed)


def test_it_is_written_in_the_call_that_demands_it() -> None:
    """Stop number 1, and the demand reported with its cause."""
    ladder = demanded()
    assert taken(ladder) == [Stop(1)]
    assert rungs(ladder) == [Rung.DEMANDED]
    assert ladder.steps[0].cause == "strap_open"
    assert ladder.alarm is None


@pytest.mark.parametrize(("after_ns", "resent"), [
    (n.STOP_RESEND_NS - 1, False), (n.STOP_RESEND_NS, True), (n.STOP_RESEND_NS + 1, True),
])  # fmt: skip
@pytest.mark.parametrize("end", ["written", "failed"])
def test_it_is_written_again_half_a_second_after_a_write_ended(end: str, after_ns: int, resent: bool) -> None:
    """Completed or failed: 500 ms later the next one."""
    ladder = demanded()
    taken(ladder)
    getattr(ladder, end)(1, NOW + 5)
    ladder.tick(running(), linked=True, now_ns=NOW + 5 + after_ns)
    assert [c.number for c in taken(ladder) if isinstance(c, Stop)] == [2] * resent
    assert (Rung.RESENT in rungs(ladder)) is resent


def test_the_first_write_is_reported_with_its_time() -> None:
    """Once; numbers of other commands mean nothing."""
    ladder = demanded()
    ladder.written(99, NOW + 1)
    ladder.failed(99, NOW + 1)
    ladder.written(1, NOW + seconds(0.03))
    ladder.again(linked=True, now_ns=NOW + seconds(1))
    ladder.written(2, NOW + seconds(1.1))
    written = [step for step in ladder.steps if step.rung is Rung.WRITTEN]
    assert [step.elapsed_ns for step in written] == [seconds(0.03)]


@pytest.mark.parametrize(("dropped", "alarm"), [(29, True), (30, False), (31, False), (200, False)])
def test_an_effect_is_a_fall_by_a_third_of_a_kmh_or_zero(dropped: int, alarm: bool) -> None:
    """0.3 km/h less than when the stop was demanded, two seconds after the first write."""
    ladder = demanded()
    ladder.written(1, NOW)
    ladder.tick(running(Speed(FAST.centi_kmh - dropped)), linked=True, now_ns=NOW + n.STOP_EFFECT_NS)
    assert (Rung.NO_EFFECT in rungs(ladder)) is alarm
    assert bool(ladder.alarm) is alarm


@pytest.mark.parametrize("step_ns", [-1, 0, 1])
@pytest.mark.parametrize("written_after_ns", [None, 0, seconds(1.5)])
def test_no_effect_is_alarmed_after_two_seconds(written_after_ns: int | None, step_ns: int) -> None:
    """Two seconds after the first completed write; after the demand where none completes."""
    ladder = demanded()
    if written_after_ns is not None:
        ladder.written(1, NOW + written_after_ns)
    due_ns = NOW + (written_after_ns or 0) + n.STOP_EFFECT_NS
    ladder.tick(running(), linked=True, now_ns=due_ns + step_ns)
    assert (Rung.NO_EFFECT in rungs(ladder)) is (step_ns >= 0)


def test_unknown_speed_is_no_effect() -> None:
    """A belt that says nothing has shown no effect."""
    ladder = demanded()
    ladder.tick(Belt(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS)
    assert Rung.NO_EFFECT in rungs(ladder)


@pytest.mark.parametrize(("step_ns", "bypassed"), [(-1, False), (0, True), (1, True)])
def test_a_stuck_write_is_gone_around_once(step_ns: int, bypassed: bool) -> None:
    """After half a second one Stop without response; the stuck one stays awaited."""
    ladder = demanded()
    taken(ladder)
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_RESEND_NS + step_ns)
    assert [c.number for c in taken(ladder) if isinstance(c, Stop) and c.without_response] == [2] * bypassed
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_RESEND_NS + 2)
    assert len(taken(ladder)) == (0 if bypassed else 1)


@pytest.mark.parametrize(("step_ns", "rebuilt"), [(-1, False), (0, True), (1, True)])
def test_a_stuck_write_without_effect_costs_the_link(step_ns: int, rebuilt: bool) -> None:
    """At two seconds, with an alarm; then nothing is written until there is a new link."""
    ladder = demanded()
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS + step_ns)
    assert (Rebuild() in taken(ladder)) is rebuilt
    assert (Rung.LINK_REBUILT in rungs(ladder)) is rebuilt


@pytest.mark.parametrize(("begins", "falls"), [(0, 0), (170, 5), (40, 1)])
def test_the_link_is_never_rebuilt_while_speed_falls_or_is_zero(begins: int, falls: int) -> None:
    """A stuck write is no reason to drop the only means while the belt obeys."""
    ladder = demanded()
    ladder.not_before_ns = NOW + seconds(60)
    belt = Belt()
    for at_s in range(30):
        belt.hear(Telemetry(Speed(begins - falls * at_s)), NOW + seconds(at_s))
        ladder.tick(belt, linked=True, now_ns=NOW + seconds(at_s))
    assert Rebuild() not in taken(ladder)


@pytest.mark.parametrize("speed", [Speed(0), Speed(170), Speed(40)])
@pytest.mark.parametrize(("step_ns", "alarm"), [(-1, False), (0, False), (1, True)])
def test_a_belt_that_is_heard_of_no_more_shows_no_effect(speed: Speed, step_ns: int, alarm: bool) -> None:
    """That it was slowing down when it last spoke is no news after three seconds: alarm, relay, and a new link."""
    ladder = with_relay()
    belt = Belt()
    belt.hear(Telemetry(speed), NOW + seconds(1))
    ladder.tick(belt, linked=True, now_ns=NOW + seconds(1))
    ladder.tick(belt, linked=True, now_ns=NOW + seconds(1) + n.TELEMETRY_TRIP_NS + step_ns)
    assert (Rung.NO_EFFECT in rungs(ladder)) is alarm
    commands = taken(ladder)
    assert (Relay(closed=False) in commands) is alarm
    assert (Rebuild() in commands) is alarm


def test_more_stops_do_not_hide_a_stuck_write() -> None:
    """Somebody who presses STOP again and again gets each one written, and the stuck one still counts."""
    ladder = demanded()
    for tenth in range(1, 21):
        ladder.again(linked=True, now_ns=NOW + tenth * n.TICK_NS)
        ladder.tick(running(), linked=True, now_ns=NOW + tenth * n.TICK_NS)
    assert Rebuild() in taken(ladder)


def test_rebuilding_waits_for_the_new_link_and_writes_on_it_first() -> None:
    """No write, no rung while there is no link; the new one begins with a Stop."""
    ladder = demanded()
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS)
    taken(ladder)
    ladder.again(linked=True, now_ns=NOW + seconds(2.1))
    ladder.tick(running(), linked=True, now_ns=NOW + seconds(3))
    ladder.link_lost(NOW + seconds(3))
    ladder.tick(Belt(), linked=False, now_ns=NOW + seconds(4))
    assert taken(ladder) == []
    ladder.link_up(NOW + seconds(5))
    assert [type(command) for command in taken(ladder)] == [Stop]
    ladder.tick(running(), linked=True, now_ns=NOW + seconds(5.6))
    assert any(isinstance(c, Stop) and c.without_response for c in taken(ladder)), "the new link has all rungs again"


def test_without_a_link_it_alarms_and_waits() -> None:
    """Nothing can be written: the alarm says so; the stop is the first thing on a new link."""
    ladder = demanded(linked=False)
    assert taken(ladder) == []
    assert rungs(ladder) == [Rung.DEMANDED, Rung.LINK_LOST]
    assert ladder.alarm
    assert "no link" in ladder.alarm
    ladder.again(linked=False, now_ns=NOW)
    assert taken(ladder) == []
    ladder.link_up(NOW + 1)
    assert taken(ladder) == [Stop(1)]
    assert ladder.alarm is None


@pytest.mark.parametrize(("step_ns", "alarm"), [(-1, False), (0, True), (1, True)])
def test_no_standstill_within_the_run_down_is_alarmed(step_ns: int, alarm: bool) -> None:
    """However well it slows."""
    ladder = demanded()
    ladder.written(1, NOW)
    ladder.tick(running(Speed(50)), linked=True, now_ns=NOW + RUN_DOWN_NS + step_ns)
    assert (Rung.NO_STANDSTILL in rungs(ladder)) is alarm


def test_verified_ends_every_alarm() -> None:
    """A belt that is seen to stand is a stop; the rung is reported once."""
    ladder = demanded()
    ladder.written(1, NOW)
    assert not ladder.tick(running(), linked=True, now_ns=NOW + seconds(20))
    assert ladder.alarm
    assert ladder.tick(standing(), linked=True, now_ns=NOW + seconds(21))
    assert ladder.alarm is None
    assert ladder.tick(standing(), linked=True, now_ns=NOW + seconds(22))
    assert rungs(ladder).count(Rung.VERIFIED) == 1


@pytest.mark.parametrize(("step_ns", "verified"), [(-1, False), (0, True), (1, True)])
def test_a_countdown_that_may_still_run_verifies_nothing(step_ns: int, verified: bool) -> None:
    """Zero frames count only once a START from before could have moved the belt; no alarm meanwhile."""
    ladder = demanded()
    ladder.written(1, NOW)
    ladder.not_before_ns = NOW + RUN_DOWN_NS + seconds(1)
    still = standing(ladder.not_before_ns - 1)
    assert ladder.tick(still, linked=True, now_ns=ladder.not_before_ns + step_ns) is verified
    assert ladder.alarm is None


def test_every_second_stop_goes_alone() -> None:
    """A request for control that is stuck on every link does not hold up every Stop."""
    ladder = demanded()
    sent = taken(ladder)
    for number in (1, 2, 3):
        ladder.written(number, NOW + number * seconds(1))
        ladder.tick(running(), True, NOW + number * seconds(1) + n.STOP_RESEND_NS)
        sent += taken(ladder)
    assert [stop.alone for stop in sent if isinstance(stop, Stop)] == [False, True, False, True]


def test_an_effect_counts_from_the_highest_speed_since_the_demand() -> None:
    """A machine that reported its target jumps up to the truth: a fall from there is an effect, the jump is none."""
    for then, alarm in ((230, False), (231, True), (260, True)):
        ladder = demanded()
        ladder.written(1, NOW)
        ladder.tick(running(Speed(260)), True, NOW + seconds(0.5))
        ladder.tick(running(Speed(then)), True, NOW + n.STOP_EFFECT_NS)
        assert (ladder.alarm is not None) is alarm


@pytest.mark.parametrize(("step_ns", "alarm"), [(-1, False), (0, True), (1, True)])
def test_a_belt_that_slows_down_no_further_shows_no_effect(step_ns: int, alarm: bool) -> None:
    """It was on its way to a slower set-point when the Stop came: told three seconds after it got there."""
    ladder = demanded()
    ladder.written(1, NOW)
    belt = running()
    for after_s, kmh in ((0.5, 1.5), (1.0, 1.0), (2.5, 1.1), (3.0, 1.0)):
        belt.hear(Telemetry(Speed.from_kmh(kmh)), NOW + seconds(after_s))
        ladder.tick(belt, True, NOW + seconds(after_s))
    assert ladder.alarm is None
    at_ns = NOW + seconds(1.0) + n.STOP_STALLED_NS + step_ns
    belt.hear(Telemetry(Speed.from_kmh(1.0)), at_ns)
    ladder.tick(belt, True, at_ns)
    assert (ladder.alarm is not None) is alarm


@pytest.mark.parametrize(("back_to", "alarm"), [(199, True), (200, True), (201, False)])
def test_a_belt_that_speeds_up_again_and_slows_down_less_shows_no_effect(back_to: int, alarm: bool) -> None:
    """To fall is to fall below what was; only from a speed higher than at the demand it begins anew."""
    ladder = demanded()
    ladder.written(1, NOW)
    belt = running()
    for after_s, centi_kmh in ((0.5, 100), (1.0, back_to), (2.0, 150), (4.0, 150)):
        belt.hear(Telemetry(Speed(centi_kmh)), NOW + seconds(after_s))
        ladder.tick(belt, True, NOW + seconds(after_s))
    assert (ladder.alarm is not None) is alarm


def test_a_belt_that_slows_down_further_shows_an_effect() -> None:
    """Slowly, but at each frame a little."""
    ladder = demanded()
    ladder.written(1, NOW)
    belt = running()
    for second in range(1, 13):
        belt.hear(Telemetry(Speed(200 - 15 * second)), NOW + seconds(second))
        ladder.tick(belt, True, NOW + seconds(second))
        assert ladder.alarm is None


def test_a_link_that_comes_back_gives_the_belt_its_time_anew() -> None:
    """Nobody could see meanwhile whether it slowed down."""
    ladder = demanded()
    ladder.written(1, NOW)
    belt = running()
    belt.hear(Telemetry(Speed(100)), NOW + seconds(1))
    ladder.tick(belt, True, NOW + seconds(1))
    ladder.link_lost(NOW + seconds(2))
    ladder.link_up(NOW + seconds(9))
    belt = running(Speed(100))
    belt.hear(Telemetry(Speed(100)), NOW + seconds(10))
    ladder.tick(belt, True, NOW + seconds(10))
    assert ladder.alarm is None
    belt.hear(Telemetry(Speed(100)), NOW + seconds(12))
    ladder.tick(belt, True, NOW + seconds(12))
    assert ladder.alarm is not None


def test_a_write_of_a_lost_link_proves_nothing() -> None:
    """Whether its loss was heard or only the new link: a late completion is of the old one."""
    heard, unheard = demanded(), demanded()
    heard.link_lost(NOW + 1)
    unheard.link_up(NOW + 1)
    for ladder in (heard, unheard):
        ladder.written(1, NOW + 2)
        assert Rung.WRITTEN not in rungs(ladder)


def test_each_step_says_whether_it_is_an_alarm() -> None:
    """The demand and its writing are none; a belt that does not slow down is one."""
    ladder = demanded()
    ladder.written(1, NOW)
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS)
    alarms = {step.rung: step.alarm for step in ladder.steps}
    assert not alarms[Rung.DEMANDED]
    assert not alarms[Rung.WRITTEN]
    assert alarms[Rung.NO_EFFECT]


def with_relay(*, linked: bool = True) -> Ladder:
    """Return a demanded stop with a relay to open."""
    ladder = demanded(linked=linked)
    ladder.relay = True
    return ladder


@pytest.mark.parametrize(("after_ns", "opens"), [
    (n.RELAY_LINK_LOST_NS - 1, False), (n.RELAY_LINK_LOST_NS, True), (n.RELAY_LINK_LOST_NS + 1, True),
])  # fmt: skip
def test_the_relay_opens_two_seconds_after_the_link_was_lost(after_ns: int, opens: bool) -> None:
    """From the first loss on; a second word of it does not begin anew, and a new link ends it."""
    ladder = with_relay()
    taken(ladder)
    lost_ns = NOW + 7
    ladder.link_lost(lost_ns)
    ladder.link_lost(lost_ns + 1)
    ladder.tick(running(), linked=False, now_ns=lost_ns + after_ns)
    assert taken(ladder) == [Relay(closed=False)] * opens
    assert (Rung.RELAY_OPENED in rungs(ladder)) is opens
    assert ladder.relay is not opens


def test_a_new_link_in_time_keeps_the_relay_closed() -> None:
    """And another loss counts from its own time."""
    ladder = with_relay()
    ladder.link_lost(NOW)
    ladder.link_up(NOW + 1)
    taken(ladder)
    ladder.tick(running(Speed(170)), linked=True, now_ns=NOW + n.RELAY_LINK_LOST_NS)
    ladder.link_lost(NOW + n.RELAY_LINK_LOST_NS)
    ladder.tick(running(Speed(170)), linked=False, now_ns=NOW + n.RELAY_LINK_LOST_NS + 1)
    assert Relay(closed=False) not in taken(ladder)


def test_without_a_relay_nothing_opens() -> None:
    """Nor is it said."""
    ladder = demanded()
    ladder.link_lost(NOW)
    ladder.tick(running(), linked=False, now_ns=NOW + 2 * n.RELAY_LINK_LOST_NS)
    ladder.open_relay(NOW)
    assert Relay(closed=False) not in taken(ladder)
    assert Rung.RELAY_OPENED not in rungs(ladder)


def test_the_relay_opens_when_the_stop_has_no_effect() -> None:
    """Two seconds after the first written Stop."""
    ladder = with_relay()
    ladder.written(1, NOW)
    taken(ladder)
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS - 1)
    assert Relay(closed=False) not in taken(ladder)
    ladder.tick(running(), linked=True, now_ns=NOW + n.STOP_EFFECT_NS)
    assert Relay(closed=False) in taken(ladder)


@pytest.mark.parametrize(("step_ns", "opens"), [(-1, False), (0, True), (1, True)])
def test_the_relay_opens_when_the_run_down_is_over(step_ns: int, opens: bool) -> None:
    """Also where the belt slows down all the while: it should stand by now."""
    ladder = with_relay()
    belt = running()
    for tenth in range(1, 150):
        at_ns = NOW + tenth * n.TICK_NS
        belt.hear(Telemetry(Speed(200 - tenth - 30)), at_ns)
        ladder.tick(belt, linked=True, now_ns=at_ns)
    assert Rung.NO_EFFECT not in rungs(ladder)
    assert ladder.relay
    ladder.tick(belt, linked=True, now_ns=NOW + RUN_DOWN_NS + step_ns)
    assert (Rung.RELAY_OPENED in rungs(ladder)) is opens


def test_a_persons_word_is_asked_for_once_and_ends_the_alarm() -> None:
    """The rungs tell both."""
    ladder = demanded()
    ladder.tick(running(), linked=True, now_ns=NOW + RUN_DOWN_NS)
    assert ladder.alarm
    ladder.await_word(NOW + seconds(30))
    ladder.await_word(NOW + seconds(31))
    ladder.take_word(NOW + seconds(32))
    assert rungs(ladder)[-2:] == [Rung.AWAITS_WORD, Rung.TAKEN_AS_STANDING]
    assert ladder.alarm is None

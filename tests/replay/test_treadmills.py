"""Recordings of real treadmills, played into a session of the whole daemon, and what it must make of each.

Until a recording begins, and after it ends, a simulated machine of the same make obeys.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from machines.stories import TWO_BOUTS, Onlooker, alarms, armed, ends, pauses, refused, trips, walking, written
from replay.tape import Taped, recording
from retrowalk.model.machine import Machine
from retrowalk.model.observations import Answer, Answered
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Ending, Phase, Warned, WorkoutEnded
from retrowalk.model.requests import Verb
from retrowalk.model.units import Speed, seconds
from retrowalk.treadmill.control_point import ControlPoint, Request
from support.house import House, house
from support.ideal_belt import LIMITS, backward, plan
from virtual_time import run

FASTER = replace(LIMITS, backward=replace(LIMITS.backward, speed=Speed.from_mph(1.5)))


def brisk(mph: float) -> Plan:
    """Return one long bout at a speed."""
    return plan(backward((0.5, 20), (mph, 180)), limits=FASTER)


async def judged(h: House, onlooker: Onlooker) -> None:
    """Let the onlooker have the last word."""
    await onlooker.judge()
    assert h.daemon.engine.phase in {Phase.IDLE, Phase.QUESTIONS, Phase.TRIPPED}


# -- UREVO E1L


async def _connect_in_a_run_down() -> None:
    treadmill = Taped("urevo", "urevo-kinomap", on_connect=(0.0, 4.0))
    async with house(treadmill) as h:
        await h.settled()
        await refused(h, "moves without a command")
        assert not h.daemon.state().latched


def test_urevo_connected_to_while_it_runs_down_is_left_alone() -> None:
    """A belt that moves when the link comes up is somebody's: arming is refused, nothing is written."""
    run(_connect_in_a_run_down())


async def _start_at_the_former_speed() -> None:
    treadmill = Taped("urevo", "urevo-kinomap")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        await h.settled()
        armed(h)
        await h.reach(Phase.STARTING)
        treadmill.play(18.2, 21.0)
        await trips(h, "first_speed")
        assert not h.walker.on_belt
        await judged(h, onlooker)


def test_urevo_that_starts_at_its_former_speed_trips_before_anybody_steps_on() -> None:
    """It was paused at 2.25 km/h and goes on at 2.25: the first frame is a trip."""
    run(_start_at_the_former_speed())


async def _an_ordinary_minute() -> None:
    treadmill = Taped("urevo", "urevo-kinomap")
    async with house(treadmill) as h:
        onlooker = Onlooker(h, brisk(1.45))
        await h.settled()
        await walking(h, brisk(1.45), after_s=60)
        before, warned = written(h), h.said(Warned)
        treadmill.play(19.5, 80.5)
        await asyncio.sleep(61)
        assert written(h) == before
        assert h.said(Warned) == warned
        await ends(h)
        await judged(h, onlooker)


def test_urevo_walking_for_a_minute_is_left_in_peace() -> None:
    """2.25 km/h reported for a set-point of 2.24, a clock that ticks, frames missing for a second: no reaction."""
    run(_an_ordinary_minute())


async def _remote_pause() -> None:
    treadmill = Taped("urevo", "urevo-pause-remote")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        await h.settled()
        await walking(h)
        treadmill.play(9.4, 18.4)
        treadmill.machine.stop()  # the simulated belt keeps the recorded one company
        await pauses(h, within_s=12)
        assert alarms(h) == []
        await judged(h, onlooker)


def test_urevo_paused_by_remote_is_a_pause() -> None:
    """Ten target-speed statuses are nobody's keys, and a clock that rests in the run-down is no frozen telemetry."""
    run(_remote_pause())


# -- CITYSPORTS WP8


async def _used_by_hand_while_armed() -> None:
    treadmill = Taped("citysports", "cs-1to6-nobody")
    async with house(treadmill) as h:
        await h.settled()
        h.ask(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
        h.ask(Verb.ARM)  # and nobody shows to be there
        await asyncio.sleep(5)
        assert treadmill.linked
        treadmill.play(0.0, 40.0)
        await asyncio.sleep(20)
        assert h.daemon.engine.phase is Phase.IDLE
        assert written(h) == []
        assert not treadmill.linked


def test_citysports_used_by_hand_while_arming_waits_is_left_alone() -> None:
    """Arming ends, nothing is written, the treadmill is let go."""
    run(_used_by_hand_while_armed())


async def _started_by_remote_at_the_prompt() -> None:
    treadmill = Taped("citysports", "cs-1to6-nobody")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        h.willing = False
        await h.settled()
        armed(h)
        await h.reach(Phase.BOARD)
        await asyncio.sleep(5)
        treadmill.play(6.0, 9.0)
        await trips(h, "uncommanded_motion")
        await judged(h, onlooker)


def test_citysports_started_by_remote_at_the_boarding_prompt_is_stopped() -> None:
    """In a session at standstill, motion that nobody commanded is a Stop and a latch."""
    run(_started_by_remote_at_the_prompt())


@pytest.mark.parametrize(
    ("tape", "from_s", "to_s", "cause"),
    [
        ("cs-1to6-nobody", 10.6, 18.0, "overspeed"),  # by remote, half a kilometre at a time
        ("cs-app-1", 9.5, 17.0, "overspeed"),  # by another app
        ("cs-app-3", 6.5, 17.0, "overspeed"),
    ],
)
def test_citysports_made_faster_by_somebody_else_trips(tape: str, from_s: float, to_s: float, cause: str) -> None:
    """More than half a km/h over the set-point for two seconds, whoever did it."""

    async def play() -> None:
        treadmill = Taped("citysports", tape)
        async with house(treadmill) as h:
            onlooker = Onlooker(h)
            await h.settled()
            await walking(h)
            treadmill.play(from_s, to_s)
            await trips(h, cause)
            await judged(h, onlooker)

    run(play())


@pytest.mark.parametrize(
    ("tape", "from_s", "to_s"), [("cs-app-1", 1.9, 11.0), ("cs-app-2", 3.7, 15.0), ("cs-app-3", 0.8, 8.0)]
)
def test_citysports_made_faster_in_the_boarding_trips_before_anybody_steps_on(
    tape: str, from_s: float, to_s: float
) -> None:
    """After START it counts down, runs at 1.0 km/h as it should, and then an app goes on to 2.0."""

    async def play() -> None:
        treadmill = Taped("citysports", tape)
        async with house(treadmill) as h:
            onlooker = Onlooker(h)
            await h.settled()
            armed(h)
            await h.reach(Phase.STARTING)
            treadmill.play(from_s, to_s)
            await trips(h, "first_speed")
            await judged(h, onlooker)

    run(play())


async def _an_ordinary_walk_and_a_stop() -> None:
    treadmill = Taped("citysports", "cs-app-2")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        await h.settled()
        await walking(h, brisk(1.3), after_s=60)
        before = written(h)
        treadmill.play(14.5, 73.5)
        await asyncio.sleep(72.607 - 14.5)
        assert written(h) == before
        h.walker.pull_strap()
        await trips(h, "strap_open")
        assert alarms(h) == []
        await judged(h, onlooker)


def test_citysports_walks_for_a_minute_and_stops() -> None:
    """No reaction to an ordinary walk at 2.0 km/h; the recorded run-down, 0.3 in 0.9 s, is an effect of the Stop."""
    run(_an_ordinary_walk_and_a_stop())


async def _remote_stop() -> None:
    treadmill = Taped("citysports", "cs-1to6-nobody")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        await h.settled()
        armed(h, brisk(1.2))
        await h.reach(Phase.COOL_DOWN)
        await asyncio.sleep(5)
        treadmill.play(38.4, 50.9)
        treadmill.machine.stop()
        ended = await h.hear(WorkoutEnded)
        assert ended.ending is Ending.COMPLETED
        await ends(h)
        await judged(h, onlooker)


def test_citysports_stopped_by_remote_jumps_up_and_is_no_trip() -> None:
    """At a set-point of 1.0 it says 1.6 when stop is pressed, and tells of the stop 4.8 s later: no trip, no alarm."""
    run(_remote_stop())


async def _strap_in_the_jump() -> None:
    treadmill = Taped("citysports", "cs-1to6-nobody")
    async with house(treadmill) as h:
        onlooker = Onlooker(h)
        await h.settled()
        armed(h, brisk(1.2))
        await h.reach(Phase.COOL_DOWN)
        await asyncio.sleep(5)
        treadmill.play(40.8, 50.9)
        h.walker.pull_strap()
        await trips(h, "strap_open")
        assert alarms(h) == []
        await judged(h, onlooker)


def test_citysports_that_jumps_up_at_a_stop_raises_no_alarm() -> None:
    """It takes 2.9 s to fall 0.3 km/h below what it had said before the Stop, and 1 s below what it says then."""
    run(_strap_in_the_jump())


# -- requests and answers


@pytest.mark.parametrize("name", ["cs-app-1", "cs-app-2", "cs-app-3", "urevo-kinomap"])
def test_every_recorded_answer_finds_its_request(name: str) -> None:
    """In order, also where three STARTs were written before the first was answered; all of them are successes."""
    control_point = ControlPoint(Machine("", "", Speed(100), Speed(600), Speed(50)))
    asked: list[int] = []
    answered: list[Answered | None] = []
    for number, frame in enumerate(f for f in recording(name) if f.char == "2ad9"):
        if frame.sent:
            answered.append(control_point.answered(frame.value))
        else:
            asked.append(number)
            control_point.written(Request(frame.value, number), seconds(frame.at_s))
    assert sorted(a.number for a in answered if a) == asked
    assert {a.answer for a in answered if a} == {Answer.SUCCESS}
    assert control_point.held

"""Hazards that real machines taught: belts that start by themselves or never stop, and clocks that rest."""

from __future__ import annotations

from dataclasses import replace

from retrowalk.model import numbers as n
from retrowalk.model.commands import Disconnect, Stop, StoreMarker
from retrowalk.model.observations import MachineEvent, StrapLine
from retrowalk.model.reports import Motion, Phase, PhaseChanged
from retrowalk.model.requests import Verb
from retrowalk.model.units import NS_PER_S, STANDSTILL, Speed
from support.ideal_belt import MACHINE, TWO_BOUTS, World, backward, plan, world

SOON_S = n.STARTS_ON_CONNECT_NS / NS_PER_S - 2
LATE_S = n.STARTS_ON_CONNECT_NS / NS_PER_S + 2


def waiting(for_s: float) -> World:
    """Return a world that is armed with nobody there, and has seen the belt stand for so long."""
    w = world()
    w.ask(Verb.SELECT_PROGRAM, plan=TWO_BOUTS)
    w.feed(StrapLine(closed=True))
    w.ask(Verb.ARM)
    w.run(for_s)
    return w


def test_hazard_09_reaction_a_belt_that_starts_on_connect_is_stopped_and_latched() -> None:
    """Seen to stand, then moving within 8 s of the link: Stop, latch, marker, and hands off once it stands."""
    w = waiting(SOON_S)
    w.turn_console(0.8)
    w.run(1.5)
    w.goal = STANDSTILL
    w.run(10)
    assert w.trips == ["starts_on_connect"]
    assert w.engine.phase is Phase.TRIPPED
    assert [command.latch for _, command in w.sent(StoreMarker)] == ["starts_on_connect"]
    assert w.sent(Stop)
    assert w.sent(Disconnect)
    assert not w.starts
    reply = w.ask(Verb.RESET)
    assert reply
    assert reply.ok


def test_hazard_09_no_nuisance_a_belt_that_somebody_starts_later_is_left_alone() -> None:
    """After those 8 s it is taken for a hand at the console: arming ends, nothing is written."""
    w = waiting(LATE_S)
    w.turn_console(0.8)
    w.run(5)
    assert w.trips == []
    assert w.engine.phase is Phase.IDLE
    assert not w.sent(Stop)


def test_hazard_09_no_nuisance_a_belt_that_ran_before_is_left_alone() -> None:
    """A belt that was never seen to stand on this link is somebody's."""
    w = world()
    w.speed = w.goal = Speed.from_kmh(3)
    w.arm()
    w.run(20)
    assert w.trips == []
    assert w.engine.phase is Phase.IDLE
    assert not w.sent(Stop)


def test_hazard_18_reaction_a_planned_stop_that_is_not_obeyed_latches() -> None:
    """15 s without a standstill: whatever stops it in the end, the session does not go on."""
    w = world(obeys_stop=False)
    w.arm()
    w.run_to(Phase.SLOWING)
    w.run(12)
    assert w.trips == []
    assert w.engine.state(w.now_ns).alarm
    w.run(5)
    assert w.trips == ["no_standstill"]
    w.goal = STANDSTILL
    w.run(30)
    assert w.engine.phase is Phase.TRIPPED
    assert len(w.starts) == 1


def test_hazard_18_no_nuisance_a_long_run_down_that_was_commissioned() -> None:
    """A belt of which it is known that it takes 12 s to stand has 18 s."""
    w = world(machine=replace(MACHINE, run_down_s=12.0), obeys_stop=False)
    w.arm()
    w.run_to(Phase.SLOWING)
    w.run(16)
    w.goal = STANDSTILL
    w.run_to(Phase.REST)
    assert w.trips == []


def test_hazard_19_no_nuisance_a_clock_that_rests_while_the_belt_runs_down() -> None:
    """Frames whose speed changes are not frozen; the console's stop status at the end makes it a pause."""
    w = world().walking(plan(backward((0.5, 40), (1.2, 120))))
    w.run(60)
    w.telemetry = w.willing = False
    frame, speed = w._frame, w.speed
    for _ in range(10):
        speed -= Speed(speed.centi_kmh // 5)
        w.feed(replace(frame, speed=speed))
        w.run(0.5)
    w.speed = w.goal = STANDSTILL
    w.feed(replace(frame, speed=STANDSTILL))
    w.status(MachineEvent.STOPPED_BY_USER)
    w.telemetry = True
    w.run(5)
    assert w.trips == []
    assert w.engine.state(w.now_ns).motion is Motion.STANDSTILL


def test_hazard_20_reaction_nobody_steps_on_before_the_belt_is_steady() -> None:
    """Board speed is passed on the way to 1.6 times as much: the trip comes before the cue."""
    w = world(units=1.609)
    w.arm()
    w.run(60)
    assert w.trips == ["first_speed"]
    assert Phase.STEP_ON not in [changed.phase for changed in w.said(PhaseChanged)]

"""A hundred hours of ordinary walking, at the engine's own desk: nothing trips that has no cause.

Each shipped program is walked, on each kind of well-behaved machine in turn, until its share of the hours is full.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count, cycle
from random import Random

import pytest

from retrowalk.model.machine import InclineRange, Machine
from retrowalk.model.reports import Ending, WorkoutEnded
from retrowalk.model.units import NS_PER_S, Incline, Speed
from retrowalk.programs import plan_for
from retrowalk_sim.profiles import Profile, Range, profiles
from support.ideal_belt import MACHINE, World, world
from support.walkers import FIT, LIBRARY

HOURS = 100
MACHINES = [profile for profile in profiles().values() if profile.well_behaved]


def inclines(tilt: Range | None) -> InclineRange | None:
    """Return a simulated range of inclines as the interlock's."""
    return InclineRange(*(Incline.from_pct(pct) for pct in (tilt.lowest, tilt.highest, tilt.step))) if tilt else None


def machine_of(profile: Profile) -> Machine:
    """Return a simulated machine as a commissioned one."""
    speeds = profile.speed_kmh
    return replace(
        MACHINE,
        name=profile.title,
        slowest=Speed.from_kmh(speeds.lowest),
        fastest=Speed.from_kmh(speeds.highest),
        step=Speed.from_kmh(speeds.step),
        incline=inclines(profile.incline_pct),
        start_delay_s=max(MACHINE.start_delay_s, profile.countdown_s),
    )


def on_a_day(profile: Profile, chance: Random) -> World:
    """Return a belt like this machine's, and a walker as they may be on one day."""
    return world(
        machine=machine_of(profile),
        start_delay_s=profile.countdown_s,
        up_centi_kmh_per_s=round(profile.up_kmh_per_s * 100),
        down_centi_kmh_per_s=round(profile.down_kmh_per_s * 100),
        heart_bpm=chance.randint(65, 116),
        reads_for_s=chance.uniform(1.1, 60),
    )


def walked_h(program: str, profile: Profile, seed: int) -> float:
    """Walk one program to its end, or to that of a session's time; return the hours that it took."""
    w, plan = on_a_day(profile, Random(seed)), plan_for(LIBRARY.find(program), FIT)  # noqa: S311 - repeatable days
    begun_ns = w.now_ns
    w.arm(plan)
    assert w.run(2 * 3600, lambda: bool(w.said(WorkoutEnded))), (profile.name, seed, w.engine.phase)
    assert w.trips == [], (profile.name, seed)
    (ended,), took_s = w.said(WorkoutEnded), (w.now_ns - begun_ns) / NS_PER_S
    completed = ended.ending is Ending.COMPLETED and ended.bouts_done == len(plan.bouts)
    assert completed or took_s > plan.limits.session_s, (profile.name, seed)
    return took_s / 3600


@pytest.mark.parametrize("profile", MACHINES, ids=lambda profile: profile.name)
def test_the_shortest_program_ends_cleanly_on_each_machine(profile: Profile) -> None:
    """One day on each."""
    assert walked_h("demo", profile, seed=1) > 0


@pytest.mark.nightly
@pytest.mark.parametrize("program", LIBRARY.programs)
def test_no_program_trips_without_a_cause_in_its_share_of_a_hundred_hours(program: str) -> None:
    """Other machines, other hearts, other readers each time."""
    hours, days = 0.0, zip(cycle(MACHINES), count())
    while hours < HOURS / len(LIBRARY.programs):
        hours += walked_h(program, *next(days))

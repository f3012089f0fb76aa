"""The whole daemon on every well-behaved machine: every shipped program runs to its clean end."""

from __future__ import annotations

import pytest

from retrowalk.model.plan import Plan
from retrowalk.model.reports import Ending, Tripped, WorkoutEnded
from retrowalk.programs import plan_for
from retrowalk_sim.profiles import profiles
from support.house import house
from support.machines import commissioned
from support.walkers import FIT, LIBRARY
from virtual_time import run

MACHINES = [name for name, profile in profiles().items() if profile.well_behaved]


async def _session(machine: str, plan: Plan) -> None:
    async with house(machine, treadmill_settings=commissioned(machine)) as h:
        await h.settled()
        h.arm(plan)
        ended = await h.hear(WorkoutEnded)
        assert ended.ending is Ending.COMPLETED, h.said(Tripped)
        assert ended.bouts_done == len(plan.bouts)
        assert not h.said(Tripped)
        assert h.treadmill.speed_kmh == 0
        assert h.disk.content is None
        starts = [event for event in h.treadmill.witness.of("written") if event.detail == "07"]
        assert len(starts) == len(plan.bouts)


EVERY_DAY = [(program, "ideal") for program in LIBRARY.programs] + [
    (program, machine) for program in ("demo", "five-easy", "gentle-hill") for machine in MACHINES if machine != "ideal"
]
"""Each program and each machine; the rest of the grid walks at night."""

EVERY_NIGHT = [(p, m) for p in LIBRARY.programs for m in MACHINES if (p, m) not in EVERY_DAY]


@pytest.mark.parametrize(
    ("program", "machine"), [*EVERY_DAY, *(pytest.param(*pair, marks=pytest.mark.nightly) for pair in EVERY_NIGHT)]
)
def test_every_program_ends_cleanly_on_every_well_behaved_machine(program: str, machine: str) -> None:
    """No trip, one START a bout, the belt stands, the marker is gone."""
    run(_session(machine, plan_for(LIBRARY.find(program), FIT)))

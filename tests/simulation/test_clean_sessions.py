"""The whole daemon on every well-behaved machine: every shipped program runs to its clean end."""

from __future__ import annotations

import pytest
from support.house import house
from virtual_time import run

from retrowalk.model.plan import Plan
from retrowalk.model.reports import Ending, Tripped, WorkoutEnded
from retrowalk.programs import load_library, plan_for, shipped_programs
from retrowalk.walkers import Walker
from retrowalk_sim.profiles import profiles

FIT = Walker.model_validate(
    {"level": 3, "age": 40, "comfortable_pace": "3.5 mph", "heart_rate": "limits",
     "heart_rate_soft_bpm": 150, "heart_rate_hard_bpm": 165}
)  # fmt: skip
LIBRARY = load_library([shipped_programs()])
MACHINES = [name for name, profile in profiles().items() if profile.well_behaved]


async def _session(machine: str, plan: Plan) -> None:
    async with house(machine) as h:
        await asyncio_settled(h)
        h.arm(plan)
        ended = await h.hear(WorkoutEnded)
        assert ended.ending is Ending.COMPLETED, [r for r in h.reports if isinstance(r, Tripped)]
        assert not h.said(Tripped)
        assert h.treadmill.speed_kmh == 0
        assert h.disk.content is None


async def asyncio_settled(h: object) -> None:
    """Let the daemon come up."""
    import asyncio
    await asyncio.sleep(1.5)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("program", ["demo"])
def test_every_program_ends_cleanly_on_every_well_behaved_machine(program: str, machine: str) -> None:
    """No trip, the belt stands, the marker is gone."""
    run(_session(machine, plan_for(LIBRARY.find(program), FIT)))

"""One story, lived through in virtual time, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog

from retrowalk.model.settings import StrapTier
from simulation.happenings import HAPPENINGS
from simulation.judge import Facts, Judge, Verdict
from simulation.story import Story
from simulation.world.lateness import lateness
from simulation.world.world import World
from virtual_time import run

_QUIET: Final = structlog.make_filtering_bound_logger(50)


@dataclass
class Lived:
    """What came of a story."""

    story: Story
    log: list[str]
    verdicts: list[Verdict]
    rules: Counter[str]
    phases: Counter[str]
    standstills_s: list[float]
    simulated_s: float


def live(story: Story) -> Lived:
    """Live through `story`. Raises what the harness itself does wrong, and nothing that the daemon does."""
    structlog.configure(wrapper_class=_QUIET, processors=[_drop], cache_logger_on_first_use=False)
    try:
        return run(_live(story), lateness(story))
    finally:
        structlog.reset_defaults()


def _drop(*_args: object) -> dict[str, object]:
    raise structlog.DropEvent


async def _live(story: Story) -> Lived:
    judge = Judge(facts_of(story))
    world = World(story, judge)
    simulated_s = await world.live()
    told = world.listener
    return Lived(story, world.log.lines, judge.verdicts, told.rules, told.phases, judge.standstills_s, simulated_s)


def facts_of(story: Story) -> Facts:
    """Tell the judge what it may know beforehand, in plain numbers."""
    limits = story.plan.limits
    ceilings = {"backward": limits.backward, "forward": limits.forward}
    return Facts(
        machine=story.machine,
        caps_kmh={name: ceiling.speed.kmh for name, ceiling in ceilings.items()},
        caps_pct={name: ceiling.incline.pct for name, ceiling in ceilings.items()},
        ramps_kmh_per_s={name: ceiling.up_ramp_centi_kmh_per_s / 100 for name, ceiling in ceilings.items()},
        facings=tuple(bout.facing.value for bout in story.plan.bouts),
        strap_line=story.settings.strap is StrapTier.LINE,
        remote_start=story.settings.remote_start,
        hard_bpm=story.settings.heart.hard_bpm if story.settings.heart else None,
        happens=frozenset(h.what for h in story.happenings),
        lasting=frozenset(name for name, kind in HAPPENINGS.items() if kind.end),
        expected_s=story.expected_s,
        session_s=story.plan.limits.session_s,
        longest_s={
            "walk": max(bout.duration_s for bout in story.plan.bouts),
            "rest": max((gap.duration_s for gap in story.plan.intervals), default=0),
        },
    )

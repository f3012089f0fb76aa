"""A hundred short stories with every run; that a story is told the same each time; that planted defects are found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation import campaign
from simulation.plants import PLANTS, planted
from simulation.shrink import shrink, tell
from simulation.story import draw
from simulation.world import live

EVERY_DAY = 100
BATCH = 10
FOUND_BY = {"strap_ignored": 47, "session_never_ends": 1}
"""Two planted defects, and a seed that finds each; `make plants` looks for all of them."""


@pytest.mark.parametrize("first", range(0, EVERY_DAY, BATCH))
def test_no_story_ends_badly(first: int) -> None:
    """Nobody is carried on by a belt, nobody is left without a word, nobody is stopped without a cause."""
    tally = campaign.run(range(first, first + BATCH), jobs=1)
    assert not tally.failing, tally.failing


def test_a_seed_tells_the_same_story_twice() -> None:
    """To the byte, also in a process whose sets have another order."""
    code = "import sys; from simulation.shrink import tell; sys.stdout.write(chr(10).join(tell(int(sys.argv[1]))[0]))"
    here = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(here), "PYTHONHASHSEED": "1"}
    lines, _ = tell(7)
    assert live(draw(7)).log == live(draw(7)).log
    other = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code, "7"], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout == "\n".join(lines)


@pytest.mark.parametrize("plant", FOUND_BY)
def test_a_planted_defect_is_found_and_its_story_shrinks(plant: str) -> None:
    """A campaign that finds nothing in a broken daemon would show nothing about a sound one."""
    seed = FOUND_BY[plant]
    assert campaign.run_seed(seed, plant=plant).verdicts
    short = shrink(seed, plant=plant)
    assert len(short.happenings) <= len(draw(seed).happenings)
    assert tell(seed, short, plant=plant)[1]


def test_the_last_line_of_a_campaign_is_an_object() -> None:
    """Machines read it."""
    summary = campaign.run(range(2), jobs=1).summary()
    assert json.loads(json.dumps(summary))["seeds"] == 2
    assert summary["rules_total"] == len(campaign.RULE_NAMES)


def test_every_plant_can_be_planted() -> None:
    """And leaves nothing behind."""
    for name in PLANTS:
        with planted(name):
            pass
    assert not campaign.run_seed(1).error

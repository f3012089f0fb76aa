"""The whole daemon against each lie that a real machine was caught at: it ends safely, and usefully if it can."""

from __future__ import annotations

import runpy
from functools import partial
from pathlib import Path
from typing import Final

import pytest

import machines.told  # noqa: F401 - importing the stories tells them
from machines.stories import STORIES, Onlooker, Story
from retrowalk_sim.behaviours import BEHAVIOURS
from retrowalk_sim.heart_rate import HeartRateStrap
from support.house import SETTINGS, house
from virtual_time import run

SCRIPT: Final = Path(__file__).parents[2] / "scripts" / "machines_page.py"


async def _play(story: Story) -> None:
    async with house(
        story.machine, SETTINGS, story.knows, wears=partial(HeartRateStrap, contact_bit=story.contact_bit)
    ) as h:
        onlooker = Onlooker(h)
        await h.settled()
        await story.play(h)
        await onlooker.judge()


@pytest.mark.parametrize(
    "story", {(story.play, story.machine): story for story in STORIES}.values(), ids=lambda s: s.play.__name__
)
def test_the_daemon_ends_it_safely(story: Story) -> None:
    """As the story tells; and whatever it tells, the onlooker has nothing to complain of and the belt stands."""
    run(_play(story))


def test_the_page_is_generated_from_the_stories() -> None:
    """Run scripts/machines_page.py after a change to a behaviour or a story."""
    script = runpy.run_path(str(SCRIPT))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"]()


def test_every_behaviour_is_told_on_every_machine_that_shows_it() -> None:
    """No row of the table is left out."""
    assert {(s.behaviour, s.machine) for s in STORIES} == {
        (number, machine) for number, behaviour in BEHAVIOURS.items() for machine in behaviour.profiles
    }

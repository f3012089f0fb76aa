"""A failing seed as a story that can be read: replayed to the byte, and as short as it still fails."""

from __future__ import annotations

from dataclasses import replace

from retrowalk.model.plan import Bout
from simulation.plants import planted
from simulation.story import Story, draw, with_happenings
from simulation.world import Lived, live


def shrink(seed: int, *, short: bool = True, plant: str | None = None) -> Story:
    """Return the story of `seed` without what it does not need to fail in the same way, and with simpler lengths."""
    story = draw(seed, short=short)
    with planted(plant):
        kinds = _kinds(live(story))
        story = _fewer(story, kinds)
        return _sooner(story, kinds) if kinds else story


def _kinds(lived: Lived) -> set[str]:
    return {verdict.kind for verdict in lived.verdicts}


def _fewer(story: Story, kinds: set[str]) -> Story:
    """Drop happenings one by one, from the last, for as long as it fails alike."""
    for happening in reversed(story.happenings):
        without = with_happenings(story, tuple(h for h in story.happenings if h is not happening))
        if kinds and kinds <= _kinds(live(without)):
            story = without
    return story


def _sooner(story: Story, kinds: set[str]) -> Story:
    """Round what is left to whole seconds, where it fails alike."""
    for index, happening in enumerate(story.happenings):
        rounded = replace(happening, at_s=float(round(happening.at_s)), for_s=float(round(happening.for_s)))
        plain = with_happenings(story, (*story.happenings[:index], rounded, *story.happenings[index + 1 :]))
        if kinds <= _kinds(live(plain)):
            story = plain
    return story


def tell(
    seed: int, story: Story | None = None, *, short: bool = True, plant: str | None = None
) -> tuple[list[str], bool]:
    """Return the lines of a story, and whether it fails."""
    story = story or draw(seed, short=short)
    with planted(plant):
        lived = live(story)
    lines = [
        *_setting(story),
        "what happens:",
        *(f"  {happening}" for happening in story.happenings),
        "how it went:",
        *lived.log,
        *(f"{v.kind.upper()} at {v.at_s:.3f} s: {v.words}" for v in lived.verdicts),
    ]
    return lines, bool(lived.verdicts)


def _setting(story: Story) -> list[str]:
    settings, plan = story.settings, story.plan
    broker = "with" if story.broker else "without"
    machine = f"{story.machine} ({story.known}), level {plan.level}, strap {settings.strap.value}, {broker} broker"
    return [f"seed {story.seed}: {machine}", *(_bout(number, bout) for number, bout in enumerate(plan.bouts, 1))]


def _bout(number: int, bout: Bout) -> str:
    stages = ", ".join(f"{s.speed.kmh:.2f} km/h {s.incline.pct:g} % {s.duration_s} s" for s in bout.stages)
    return f"  bout {number}: {bout.facing.value}, {stages}"

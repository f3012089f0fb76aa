"""Many seeds, on many cores: what was found, and what was reached."""

from __future__ import annotations

import gc
import os
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from time import monotonic
from typing import Any, Final

from retrowalk.interlock.rules import RULES
from retrowalk.model.reports import Phase
from simulation.judge import Verdict
from simulation.law import BROKEN, NOT_ALARMED, NUISANCE, STUCK, UNSAFE
from simulation.plants import planted
from simulation.story import draw
from simulation.world import live

RULE_NAMES: Final = tuple(sorted(rule.name for rule in RULES))
PHASES: Final = tuple(phase.value for phase in Phase)
WORST: Final = 40
CHUNK: Final = 4
S_PER_H: Final = 3600


@dataclass(frozen=True, slots=True)
class Result:
    """What is kept of one seed."""

    seed: int
    machine: str
    happened: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    rules: tuple[str, ...]
    phases: tuple[str, ...]
    standstills_s: tuple[float, ...]
    simulated_s: float
    error: str = ""


@dataclass
class Tally:
    """What came of a campaign so far."""

    first: int
    seeds: int = 0
    simulated_s: float = 0.0
    wall_s: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    bad_by_happening: Counter[str] = field(default_factory=Counter)
    tripped_by_happening: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    standstills_s: list[float] = field(default_factory=list)
    failing: list[Result] = field(default_factory=list)

    def take(self, result: Result) -> None:
        """Count one seed."""
        self.seeds += 1
        self.simulated_s += result.simulated_s
        self.rules.update(result.rules)
        self.phases.update(result.phases)
        self.happened.update(set(result.happened))
        self.pairs.update(combinations(sorted(set(result.happened)), 2))
        self.standstills_s += result.standstills_s
        if "tripped" in result.phases:
            self.tripped_by_happening.update(set(result.happened))
        kinds = {verdict.kind for verdict in result.verdicts} | ({BROKEN} if result.error else set())
        self.verdicts.update(kinds)
        if kinds:
            self.failing.append(result)
            self.bad_by_happening.update(set(result.happened))

    @property
    def hours(self) -> float:
        """Simulated hours."""
        return self.simulated_s / S_PER_H

    @property
    def silent_rules(self) -> tuple[str, ...]:
        """Rules that no seed fired."""
        return tuple(name for name in RULE_NAMES if name not in self.rules)

    def summary(self) -> dict[str, Any]:
        """Return what the last line of a campaign says."""
        kinds = (UNSAFE, NOT_ALARMED, NUISANCE, STUCK, BROKEN)
        return {
            "seeds": self.seeds,
            "from": self.first,
            **{kind: self.verdicts[kind] for kind in kinds},
            "hours": round(self.hours, 2),
            "wall_s": round(self.wall_s, 1),
            "rules_fired": len(RULE_NAMES) - len(self.silent_rules),
            "rules_total": len(RULE_NAMES),
            "failing": [result.seed for result in self.failing],
        }


def run_seed(seed: int, *, short: bool = True, plant: str | None = None) -> Result:
    """Live through one seed. Whatever goes wrong in it, in the daemon or around it, is part of the result."""
    story = draw(seed, short=short)
    happened = tuple(happening.what for happening in story.happenings)
    try:
        with planted(plant):
            lived = live(story)
    except Exception:  # noqa: BLE001 - a campaign goes on, and tells
        return Result(seed, story.machine, happened, (), (), (), (), 0.0, traceback.format_exc(limit=-6))
    verdicts = tuple(lived.verdicts)
    reached = tuple(sorted(lived.rules)), tuple(sorted(lived.phases))
    return Result(seed, story.machine, happened, verdicts, *reached, tuple(lived.standstills_s), lived.simulated_s)


def run(
    seeds: Sequence[int],
    *,
    jobs: int | None = None,
    short: bool = True,
    plant: str | None = None,
    budget_s: float | None = None,
    progress: Callable[[Tally], None] = lambda _: None,
    until_found: bool = False,
) -> Tally:
    """Run seeds in order, until the budget is spent or, if asked, until the first one fails."""
    tally, begun_s = Tally(seeds[0] if seeds else 0), monotonic()
    one = partial(run_seed, short=short, plant=plant)
    with closing(_results(seeds, jobs or os.cpu_count() or 1, one)) as results:
        for result in results:
            tally.take(result)
            tally.wall_s = monotonic() - begun_s
            progress(tally)
            if (budget_s is not None and tally.wall_s > budget_s) or (until_found and tally.failing):
                break
    return tally


def _results(seeds: Sequence[int], jobs: int, one: Callable[[int], Result]) -> Generator[Result]:
    if jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs, initializer=_settle) as pool:
        try:
            yield from pool.map(one, seeds, chunksize=CHUNK)
        finally:
            pool.shutdown(cancel_futures=True)  # whoever has seen enough waits for no queue


def _settle() -> None:
    """Collect less garbage: a story makes little, and lives shortly."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

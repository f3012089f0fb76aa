"""Puts every mutant of a target on trial, two at a time, and keeps the books."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import hypothesis
from rich.progress import track

from mutation.baseline import measure, warm
from mutation.ledger import Ledger, Say
from mutation.mutants import Mutant, mutants
from mutation.target import Target
from mutation.trial import Trial, Verdict, begin

TIMES_THE_BASE = 10


def run(target: Target, only: Sequence[str] = (), jobs: int = 2, say: Say | None = None) -> Ledger:
    """Try every mutant of a target, or of some modules, and say each verdict. Raises BaselineError, ValueError."""
    crop = [mutant for module, path in target.modules(only) for mutant in mutants(module, path.resolve())]
    _no_luck()
    baseline = measure(target)
    warm(target, baseline)
    ledger, bench = Ledger(target.page, say), _Bench(jobs)
    for mutant in track(crop, "mutants", transient=True):
        tests = baseline.tests_for(mutant)
        for done in bench.make_room():
            ledger.enter(*done)
        bench.begin(mutant, tests, TIMES_THE_BASE * baseline.base_s(tests) + target.patience_s)
    for done in bench.clear():
        ledger.enter(*done)
    return ledger


def _no_luck() -> None:
    """Draw the same examples each time, keep none, and lose no time with smaller ones."""
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", database=None, derandomize=True, phases=phases)
    hypothesis.settings.load_profile("mutation")


@dataclass
class _Bench:
    """The trials under way."""

    jobs: int
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def begin(self, mutant: Mutant, tests: list[str], patience_s: float) -> None:
        trial = begin(mutant, tests, patience_s)
        self._selector.register(trial.pipe, selectors.EVENT_READ, trial)

    def make_room(self) -> Iterator[tuple[Mutant, Verdict, str]]:
        while len(self._under_way) >= self.jobs:
            yield from self._ended()

    def clear(self) -> Iterator[tuple[Mutant, Verdict, str]]:
        while self._under_way:
            yield from self._ended()

    @property
    def _under_way(self) -> list[Trial]:
        return [key.data for key in self._selector.get_map().values()]

    def _ended(self) -> Iterator[tuple[Mutant, Verdict, str]]:
        """Wait until a trial speaks or its time is over."""
        next_s = min(trial.deadline_s for trial in self._under_way)
        spoken = [key.data for key, _ in self._selector.select(max(0.0, next_s - time.monotonic()))]
        late = [trial for trial in self._under_way if trial not in spoken and trial.deadline_s <= time.monotonic()]
        for trial in (*spoken, *late):
            self._selector.unregister(trial.pipe)
            yield trial.mutant, *trial.end(late=trial in late)

"""The books: what became of each mutant, which survivors are answered for, and the last line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mutation.mutants import Key, Mutant
from mutation.trial import Verdict

_ROW = re.compile(r"^\| `(?P<where>[^`]+)` \| ``(?P<before>.+?)`` \| ``(?P<after>.+?)`` \| (?P<why>.*\w.*) \|$")
_NOTHING = "(nothing)"

type Say = Callable[[str], None]


@dataclass
class Ledger:
    """Verdicts as they come. A mutant that cannot be imported is no mutant: it is counted, and then left out."""

    page: Path
    say: Say | None = None
    verdicts: list[tuple[Mutant, Verdict, str]] = field(default_factory=list)

    def enter(self, mutant: Mutant, verdict: Verdict, words: str) -> None:
        """Write down one verdict, and say it."""
        if self.say:
            self.say(f"{verdict}: {mutant.key.where}: {mutant.key.before} → {mutant.key.after}: {words}")
        self.verdicts.append((mutant, verdict, words))

    def count(self, verdict: Verdict, file: str | None = None) -> int:
        """Return how many mutants ended so, of one file or of all."""
        return sum(one is verdict and file in (None, mutant.path.name) for mutant, one, _ in self.verdicts)

    def line(self, file: str | None = None) -> str:
        """Return the figures in one line."""
        killed, survived, timeout, error = (
            self.count(verdict, file) for verdict in (Verdict.KILLED, Verdict.SURVIVED, Verdict.TIMEOUT, Verdict.ERROR)
        )
        mutants = killed + survived + timeout + error
        score = killed / (mutants - error) if mutants > error else 0.0
        return (
            f"mutants={mutants} killed={killed} survived={survived} timeout={timeout} error={error} score={score:.3f}"
        )

    @property
    def score(self) -> float:
        """Killed of all that were judged; a time-out is not a kill."""
        judged = [verdict for _, verdict, _ in self.verdicts if verdict not in (Verdict.ERROR, Verdict.STILLBORN)]
        return judged.count(Verdict.KILLED) / len(judged) if judged else 0.0

    def alive(self) -> Iterator[Key]:
        """Yield what no test killed."""
        for mutant, verdict, _ in self.verdicts:
            if verdict in (Verdict.SURVIVED, Verdict.TIMEOUT):
                yield mutant.key

    def unanswered(self) -> list[Key]:
        """Return survivors without a row on the page; of two alike each needs its own."""
        return sorted((Counter(self.alive()) - self._answered()).elements())

    def outdated(self) -> list[Key]:
        """Return rows of the page, for the files that were looked at, whose mutant is dead or gone."""
        files = {mutant.path.name for mutant, _, _ in self.verdicts}
        rows = self._answered() - Counter(self.alive())
        return sorted(key for key in rows.elements() if key.where.partition(":")[0] in files)

    def _answered(self) -> Counter[Key]:
        lines = self.page.read_text(encoding="utf-8").splitlines() if self.page.exists() else []
        rows = [match for line in lines if (match := _ROW.match(line))]
        return Counter(Key(row["where"], _plain(row["before"]), _plain(row["after"])) for row in rows)


def row(key: Key) -> str:
    """Write a survivor as a row of the page; the reason is left to whoever knows it."""
    before, after = (f"`` {(code or _NOTHING).replace('|', chr(92) + '|')} ``" for code in (key.before, key.after))
    return f"| `{key.where}` | {before} | {after} | |"


def _plain(code: str) -> str:
    """Take the code out of a cell of a table."""
    text = code.strip().replace("\\|", "|")
    return "" if text == _NOTHING else text

"""`make mutate`: plant every small fault in the interlock, and see that a test fails. The last line has the figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from time import perf_counter

from mutation.baseline import BaselineError
from mutation.ledger import Ledger, row
from mutation.run import run
from mutation.target import INTERLOCK
from mutation.trial import Verdict


def main() -> int:
    """Run, tell, and fail below the threshold or with a survivor that nobody answers for."""
    arguments = _arguments()
    begun_s = perf_counter()
    try:
        ledger = run(INTERLOCK, arguments.only, arguments.jobs, _say if arguments.verbose else None)
    except (BaselineError, ValueError) as problem:
        sys.exit(f"mutate: {problem}")
    stillborn = ledger.count(Verdict.STILLBORN)
    for line in _told(ledger):
        _say(line)
    _say(f"{perf_counter() - begun_s:.0f} s; left out, because they cannot be imported: {stillborn}")
    _say(f"mutate: {ledger.line()}")
    return int(ledger.score < INTERLOCK.threshold or bool(ledger.unanswered()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(ledger: Ledger) -> Iterator[str]:
    for mutant, verdict, words in ledger.verdicts:
        if verdict is Verdict.ERROR:
            yield f"{verdict}: {mutant.key.where}: {mutant.key.before} → {mutant.key.after}: {words}"
    for file in sorted({mutant.path.name for mutant, _, _ in ledger.verdicts}):
        yield f"{file}: {ledger.line(file)}"
    for title, keys in (
        (f"alive, and not in {ledger.page}:", ledger.unanswered()),
        (f"in {ledger.page}, and dead or gone:", ledger.outdated()),
    ):
        yield from (title, *map(row, keys)) if keys else ()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__)
    parser.add_argument("--only", nargs="*", default=(), help="modules of the package, such as ladder")
    parser.add_argument("--jobs", type=int, default=2, help="trials at the same time")
    parser.add_argument("--verbose", action="store_true", help="tell every verdict and the test that it rests on")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: every figure, as a table and as `benchmarks/results/latest.json`. Exit status 1: a gate fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import decode, engine, gates, process, report, set_point, stop
from benchmarks.stop import Figures
from retrowalk.logs import configure_logs

_QUICK: Final = 0.1


def main() -> int:
    """Measure, tell, keep, judge."""
    options = _options()
    with Path("/dev/null").open("w") as nowhere:
        configure_logs(stream=nowhere)  # written as the service writes it, and read by nobody
        figures = _measure(options.minutes, _QUICK if options.quick else 1.0)
    report.tell(figures)
    if options.write_results:
        report.write(figures)
    complaints = gates.complaints(figures)
    for complaint in complaints:
        print(f"gate: {complaint}", file=sys.stderr)
    return 1 if complaints and options.gate else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the measured session (10, at most 12)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds: to try it, not to quote it")
    parser.add_argument("--no-gate", dest="gate", action="store_false", help="report only")
    parser.add_argument("--write-results", action="store_true", help="also write benchmarks/RESULTS.md")
    options = parser.parse_args()
    if not 0 < options.minutes <= process.LONGEST_MINUTES:
        parser.error(f"--minutes is more than 0 and at most {process.LONGEST_MINUTES:g}")
    if options.quick and options.write_results:
        parser.error("--quick is not worth writing down")
    return options


def _measure(minutes: float, share: float) -> Figures:
    figures: Figures = {}
    suites: tuple[Callable[[], Figures], ...] = (
        lambda: {**engine.measure()},
        lambda: {**decode.measure()},
        lambda: process.start(_tell),
        lambda: process.session(_tell, minutes),
        lambda: set_point.measure(_tell, share),
        lambda: stop.measure(_tell, share),
    )
    for suite in suites:
        figures |= suite()
        report.keep(figures)
    return figures


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

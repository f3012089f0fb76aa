"""`make bench`: every figure, as a table and as `benchmarks/results/latest.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the ideal belt lives there

from rich.console import Console
from rich.table import Table

from benchmarks import decode, engine

RESULTS = Path(__file__).parent / "results"
SUITES = {"engine": engine.measure, "decode": decode.measure}


def main() -> None:
    """Measure everything and tell it."""
    figures: dict[str, float] = {}
    table = Table("suite", "figure", "value", box=None)
    for suite, measure in SUITES.items():
        for name, value in measure().items():
            figures[name] = value
            table.add_row(suite, name, f"{value:,.1f}")
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(figures, indent=2) + "\n")


main()

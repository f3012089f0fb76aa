"""Where figures go: a table on the terminal, `results/latest.json`, and on request the committed RESULTS.md."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.gates import complaints, said

_HERE: Final = Path(__file__).parent
LATEST: Final = _HERE / "results" / "latest.json"
RESULTS: Final = _HERE / "RESULTS.md"

_STOPS: Final = re.compile("(bare_|pyftms_)?stop_")
_PAGE: Final = """\
# Figures of the last run

{date}, {computer}. Made as by `make bench`, written by `python -m benchmarks --write-results`.

{gates}

A Stop's time runs from the edge that demands it, outside the event loop, to its arrival at the simulated machine, a
process of its own, on one clock. Real bleak and dbus-fast over a real D-Bus to a fake BlueZ: no radio, no motor.
*daemon* is the daemon's engine, crank and link in a session that walks; *bare* is bleak's `write_gatt_char` alone;
*pyftms* is its client's `stop()`. "never": not written within 15 s, or written without the control that it needs.

| | daemon p50 | daemon p99 | bare p50 | bare p99 | pyftms p50 | pyftms p99 |
|---|--:|--:|--:|--:|--:|--:|
{stops}

Milliseconds. `behind n`: so many set-points that the machine never answers. `request first`: control and Stop, written
together. `mqtt flood`: 1,000 well-formed commands a second that the daemon has to answer. `busy notifications`: 20
telemetry frames a second. `stalled write`: a write that never ends; BlueZ takes no other until the link is rebuilt.

| figure | value |
|---|--:|
{others}
"""


def tell(figures: Mapping[str, float | None]) -> None:
    """Print the table."""
    table = Table("figure", "value", box=None)
    table.columns[1].justify = "right"
    for name, value in figures.items():
        table.add_row(name, said(value))
    Console().print(table)


def keep(figures: Mapping[str, float | None]) -> None:
    """Write `latest.json`."""
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(figures, indent=2) + "\n")


def page(figures: Mapping[str, float | None], now: datetime, computer: str) -> str:
    """Return RESULTS.md."""
    names = [n.removeprefix("bare_").removeprefix("stop_").removesuffix("_p99_ms") for n in figures if _is_stop(n)]
    return _PAGE.format(
        date=f"{now:%Y-%m-%d}",
        computer=computer,
        stops="\n".join(_stop_row(name, figures) for name in dict.fromkeys(names)),
        gates="\n".join(f"- {complaint}" for complaint in complaints(figures)) or "Every gate was passed.",
        others="\n".join(f"| {name} | {said(value)} |" for name, value in figures.items() if not _STOPS.match(name)),
    )


def write(figures: Mapping[str, float | None]) -> None:
    """Write RESULTS.md."""
    RESULTS.write_text(page(figures, datetime.now(UTC), computer()))


def computer() -> str:
    """Say what kind of computer this is, and how busy it was with other things."""
    virtual = "hypervisor" in Path("/proc/cpuinfo").read_text()
    kind = f"{os.cpu_count()} cores {platform.machine()}{', virtual' if virtual else ''}"
    return f"{kind}, Python {platform.python_version()}, load average {os.getloadavg()[2]:.1f}"


def _is_stop(name: str) -> bool:
    return "stop_" in name and name.endswith("_p99_ms") and not name.startswith("pyftms_")


def _stop_row(name: str, figures: Mapping[str, float | None]) -> str:
    keys = [f"{way}stop_{name}_p{p}_ms" for way in ("", "bare_", "pyftms_") for p in (50, 99)]
    cells = [said(figures[key]) if key in figures else "–" for key in keys]
    return f"| {name.replace('_', ' ')} | {' | '.join(cells)} |"

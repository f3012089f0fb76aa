"""The table of a run: each scenario, its verdict, and the seconds from the cause."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final
from xml.etree import ElementTree as ET

BAD: Final = ("failure", "error")
NOT_RUN: Final = "skipped"


def table(out: Path) -> list[str]:
    """Return a line a scenario; of repeated ones the median and the worst."""
    verdicts, figures = _verdicts(out), _figures(out / "figures.jsonl")
    lines = [f"{'scenario':44} {'verdict':12} from the cause, seconds: median / worst"]
    for scenario in [*verdicts, *(name for name in figures if name not in verdicts)]:
        times = "   ".join(_times(figures.get(scenario, {})))
        lines.append(f"{scenario:44} {_verdict(verdicts.get(scenario, [])):12} {times}".rstrip())
    return lines


def _verdicts(out: Path) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    files = sorted(out.glob("verdicts*.xml"))
    for case in (case for file in files for case in ET.parse(file).iter("testcase")):  # noqa: S314 - we wrote it
        kinds = {child.tag for child in case}
        outcome = "FAILED" if kinds & set(BAD) else "skipped" if NOT_RUN in kinds else "ok"
        found[_plain(case.get("name", ""))].append(outcome)
    return found


def _verdict(outcomes: list[str]) -> str:
    if len(set(outcomes)) <= 1:
        return " ".join([*outcomes[:1], *([f"{len(outcomes)} times"] if len(outcomes) > 1 else [])])
    return f"{'FAILED' if 'FAILED' in outcomes else 'ok'} {outcomes.count('ok')}/{len(outcomes)}"


def _figures(file: Path) -> dict[str, dict[str, list[float]]]:
    found: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in file.read_text().splitlines() if file.exists() else ():
        figures = json.loads(line)
        scenario = _plain(figures.pop("scenario"))
        for name, value in figures.items():
            found[scenario][name].append(value)
    return {scenario: dict(figures) for scenario, figures in found.items()}


def _times(figures: dict[str, list[float]]) -> Iterator[str]:
    for name, values in figures.items():
        worst = "" if len(values) == 1 else f" / {max(values):.2f}"
        yield f"{name.removesuffix('_s').replace('_', ' ')} {median(values):.2f}{worst}"


def _plain(name: str) -> str:
    return name.partition("[")[0].removeprefix("test_")

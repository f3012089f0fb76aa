"""`make campaign`, `make replay`, `make plants`: seeds, one seed as a story, and the planted defects."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Final

from simulation import campaign
from simulation.campaign import Result, Tally
from simulation.plants import PLANTS
from simulation.shrink import shrink, tell

PROGRESS_S: Final = 5.0
S_PER_MIN: Final = 60


def say(*lines: str) -> None:
    """Write lines to the terminal."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("campaign", help="many seeds")
    run.add_argument("--seeds", type=int, default=200)
    run.add_argument("--from", dest="first", type=int, default=0)
    run.add_argument("--jobs", type=int, default=None, help="processes (all cores)")
    run.add_argument("--minutes", type=float, default=None, help="a time budget")
    run.add_argument("--json", action="store_true", help="the last line is one JSON object")
    run.add_argument("--html", type=Path, default=None, help="write a report there")
    run.add_argument("--every-rule", action="store_true", help="a rule that no seed fired is a failure")
    replay = commands.add_parser("replay", help="one seed as a story")
    replay.add_argument("seed", type=int)
    replay.add_argument("--shrink", action="store_true", help="drop what is not needed for it to fail")
    for command in (run, replay):
        command.add_argument("--long", action="store_true", help="sessions of up to half an hour")
        command.add_argument("--plant", choices=PLANTS, default=None, help="with a defect planted")
    plants = commands.add_parser("plants", help="each planted defect must be found")
    plants.add_argument("--seeds", type=int, default=2000)
    plants.add_argument("--jobs", type=int, default=None)
    return parser.parse_args()


def _campaign(options: argparse.Namespace) -> int:
    told_s, told = [monotonic()], [0]

    def progress(tally: Tally) -> None:
        say(*map(_in_words, tally.failing[told[0] :]))
        told[0] = len(tally.failing)
        if monotonic() - told_s[0] >= PROGRESS_S:
            told_s[0] = monotonic()
            say(f"{tally.seeds} seeds, {tally.hours:.1f} h in {tally.wall_s:.0f} s, {len(tally.failing)} failing")

    seeds = range(options.first, options.first + options.seeds)
    budget_s = None if options.minutes is None else options.minutes * S_PER_MIN
    short = not options.long
    tally = campaign.run(
        seeds, jobs=options.jobs, short=short, plant=options.plant, budget_s=budget_s, progress=progress
    )
    silent = tally.silent_rules
    per_minute = tally.hours / (tally.wall_s / S_PER_MIN) if tally.wall_s else 0.0
    say(f"{tally.seeds} seeds, {tally.hours:.1f} simulated hours, {per_minute:.1f} hours a minute")
    say(f"rules that no seed fired: {', '.join(silent) or 'none'}")
    if options.html:
        from simulation.report import write  # noqa: PLC0415 - matplotlib is slow to come

        write(tally, options.html, short=short, plant=options.plant)
        say(f"report: {options.html}")
    if options.json:
        say(json.dumps(tally.summary()))
    return int(bool(tally.failing) or (options.every_rule and bool(silent)))


def _in_words(result: Result) -> str:
    words = "; ".join(f"{v.kind} at {v.at_s:.1f} s: {v.words}" for v in result.verdicts)
    return f"seed {result.seed} ({result.machine}): {words}{result.error}"


def _replay(options: argparse.Namespace) -> int:
    short = not options.long
    story = shrink(options.seed, short=short, plant=options.plant) if options.shrink else None
    lines, bad = tell(options.seed, story, short=short, plant=options.plant)
    say(*lines)
    return int(bad)


def _plants(options: argparse.Namespace) -> int:
    missed = 0
    for name in PLANTS:
        tally = campaign.run(range(options.seeds), jobs=options.jobs, plant=name, until_found=True)
        found = next(iter(tally.failing), None)
        missed += found is None
        what = found.verdicts[0] if found and found.verdicts else None
        where = f"seed {found.seed} ({what.kind if what else 'broken'}: {what.words if what else ''})" if found else ""
        say(f"{name:<24} {where or f'NOT FOUND in {tally.seeds} seeds'}")
    return int(missed > 0)


def main() -> int:
    """Do what was asked; not 0 if something is wrong."""
    options = _options()
    return {"campaign": _campaign, "replay": _replay, "plants": _plants}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())

"""`make outages`: each cause many times, at moments that are drawn. Status 1: a Stop was late or missing."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from outages.room import Room, StuckError, room
from outages.run import CAUSES, Verdict, series
from outages.table import as_json, table
from retrowalk.cli.demo_stage import StageError

type Work = deque[tuple[str, int]]


def main() -> int:
    """Strike, tell, judge."""
    parser = argparse.ArgumentParser(prog="outages", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each cause")
    parser.add_argument("--only", nargs="*", default=list(CAUSES), choices=CAUSES, metavar="CAUSE")
    parser.add_argument("--rooms", type=int, default=6, help="sessions at the same time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a JSON file for every verdict")
    options = parser.parse_args()
    work: Work = deque(_drawn(options.only, options.runs))
    verdicts: list[Verdict] = []
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(campaign(work, options.rooms, options.seed, verdicts))
    for line in table(verdicts):
        _say(line)
    load = os.getloadavg()[0]
    if options.out:
        options.out.write_text(as_json(verdicts, options.seed, load), encoding="utf-8")
    missed = sum(bool(verdict.miss) for verdict in verdicts)
    _say(f"outages: runs={len(verdicts)} missed={missed} rooms={options.rooms} seed={options.seed} load={load:.1f}")
    return 1 if missed or work else 0


def _drawn(causes: list[str], runs: int) -> Iterator[tuple[str, int]]:
    """Yield each run of each cause: ends of the daemon first, in turn."""
    for ends in (True, False):
        yield from ((cause, n) for n in range(runs) for cause in causes if CAUSES[cause].ends_daemon is ends)


async def campaign(work: Work, rooms: int, seed: int, verdicts: list[Verdict]) -> None:
    """Do all of the work, several rooms at the same time; `verdicts` grow as they come."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    folder, total = Path(tempfile.mkdtemp(prefix="outages-")), len(work)
    folders = (folder / str(number) for number in count())
    async with asyncio.TaskGroup() as group:
        for _ in range(min(rooms, total)):
            group.create_task(_worker(work, folders, seed, verdicts, total))
    if any(verdict.miss for verdict in verdicts):
        _say(f"logs: {folder}")
    else:
        shutil.rmtree(folder)


async def _worker(work: Work, folders: Iterator[Path], seed: int, verdicts: list[Verdict], total: int) -> None:
    """Do outage after outage in one room; after a miss, in a new one."""
    while work:
        async with room(next(folders)) as furnished:
            healthy = True
            while work and healthy:
                cause, number = work.popleft()
                verdict = await _one(furnished, cause, random.Random(f"{seed} {cause} {number}"))  # noqa: S311 - dice
                verdicts.append(verdict)
                healthy = not verdict.miss
                missed = sum(bool(one.miss) for one in verdicts)
                _say(f"{len(verdicts):>4} of {total}  {missed} missed  {furnished.folder.name:>3} {_told(verdict)}")


async def _one(furnished: Room, cause: str, dice: random.Random) -> Verdict:
    try:
        return await series(furnished, cause, dice)
    except (StuckError, StageError, TimeoutError, OSError) as error:
        return Verdict(cause, "?", False, False, False, 0.0, None, None, f"no verdict: {type(error).__name__} {error}")


def _told(verdict: Verdict) -> str:
    stop = "no Stop" if verdict.stop_s is None else f"Stop {verdict.stop_s:.2f} s"
    stands = "belt moves" if verdict.stands_s is None else f"stands {verdict.stands_s:.2f} s"
    return f"{verdict.cause:10} {verdict.phase:8} {stop}, {stands}  {verdict.miss}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""`make search`: the whole bound, in every world; the last line tells what was looked at."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import perf_counter
from typing import Final

from search.explore import Bound, Found, Search
from search.story import tell
from search.worlds import WORLDS, World

FULL: Final = Bound(moves=3, away=1)


def search_world(bound: Bound, world: World) -> Found:
    """Search one world, in a process of its own."""
    return Search(world, bound).run()


def say(*lines: str) -> None:
    """Write lines to the terminal."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main() -> int:
    """Search every world and tell what was found; return 1 if something is violated."""
    parser = argparse.ArgumentParser(prog="search", description="search the states of the real interlock")
    parser.add_argument("--moves", type=int, default=FULL.moves, help="moves away from the scripts")
    parser.add_argument("--away", type=int, default=FULL.away, help="watched timers away from fresh at once")
    options = parser.parse_args()
    bound, begun_s = Bound(options.moves, options.away), perf_counter()
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(partial(search_world, bound), WORLDS))
    for one in found:
        gone_on = one.states - one.away
        say(f"{one.world.name}: {one.states} states, every move made from {gone_on}; {one.transitions} transitions")
        if one.wrong:
            say(*tell(one))
    violations = sum(one.wrong is not None for one in found)
    states, transitions = sum(one.states for one in found), sum(one.transitions for one in found)
    say(
        f"search: bound={bound.moves}-moves,{bound.away}-away states={states} transitions={transitions} "
        f"seconds={perf_counter() - begun_s:.1f} violations={violations}"
    )
    return min(violations, 1)


if __name__ == "__main__":
    sys.exit(main())

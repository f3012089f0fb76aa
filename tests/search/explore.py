"""Every state that a few moves lead to from any moment of the scripts, nearest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final

from retrowalk.interlock import Interlock
from retrowalk.model.reports import Motion
from retrowalk.model.units import seconds
from search import quanta
from search.invariants import broken
from search.moves import Move, alphabet
from search.scene import Call, Scene
from search.script import SCRIPTS
from search.worlds import World

BEGUN_NS: Final = seconds(1000)
DEAF: Final = frozenset({Motion.IDLE, Motion.STOPPING})  # from one to the other, no proposal makes a difference
MOVES: Final = {move.name: move for move in alphabet()}


@dataclass(frozen=True, slots=True)
class Bound:
    """How far the search goes: moves away from a script, and watched timers away from fresh at once."""

    moves: int
    away: int


@dataclass(slots=True)
class Found:
    """What the search of one world came to."""

    world: World
    states: int = 0  # told apart; where the last move of the bound leads to is checked, but not kept
    transitions: int = 0
    away: int = 0  # states that were not gone on from, for too many timers were away from fresh
    wrong: tuple[str, str] | None = None  # the invariant, and what breaks it
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class _Map:
    """Every state by its key, and how it was first reached."""

    seen: set[Hashable] = field(default_factory=set)
    came: list[tuple[int, str]] = field(default_factory=list)  # from which state, by which move

    def add(self, scene: Scene, origin: int, name: str) -> int | None:
        """Enter a state; return its number, or None if it is known."""
        number = len(self.seen)
        self.seen.add(scene.key)
        if len(self.seen) == number:
            return None
        self.came.append((origin, name))
        return number

    def path(self, state: int) -> Iterator[str]:
        """Yield the moves to a state, last one first."""
        while state >= 0:
            state, name = self.came[state]
            yield name


class Search:
    """The search of one world, until all within the bound is looked at, or something is violated."""

    def __init__(self, world: World, bound: Bound, make: type[Interlock] = Interlock) -> None:
        self.found = Found(world)
        self.bound = bound
        self._make = make
        self._map = _Map()
        self._queue = deque[tuple[Scene, int, int]]()  # with its number, and how far from a script it is

    def run(self) -> Found:
        """Search."""
        self._walk_scripts()
        while self._queue and self.found.wrong is None:
            scene, number, moved = self._queue.popleft()
            self._go_on(scene, number, moved)
        self.found.states = len(self._map.seen)
        return self.found

    def _walk_scripts(self) -> None:
        for begin, (deed, names) in SCRIPTS.items():
            scene = Scene.begin(self.found.world, self._make, BEGUN_NS)
            scene.handle(Call(BEGUN_NS, first=deed))
            number = self._enter(scene, -1, begin, 0)
            for name in names:
                scene = self._make_move(scene, number, MOVES[name]) or scene
                if self.found.wrong:
                    return
                number = self._enter(scene, number, name, 0)

    def _enter(self, scene: Scene, origin: int, name: str, moved: int) -> int:
        """Enter a state and queue it if it is new; return its number, or that of its origin."""
        number = self._map.add(scene, origin, name)
        if number is None:
            return origin
        if quanta.away(scene.lock, scene.now_ns) <= self.bound.away:
            self._queue.append((scene, number, moved))
        else:
            self.found.away += 1
        return number

    def _go_on(self, scene: Scene, number: int, moved: int) -> None:
        deaf = False
        for move in MOVES.values():
            if move.meek and deaf:
                continue
            twin = self._make_move(scene, number, move)
            if self.found.wrong:
                return
            deaf = twin is not None and {scene.lock.motion, twin.lock.motion} <= DEAF
            if twin and moved + 1 < self.bound.moves:
                self._enter(twin, number, move.name, moved + 1)

    def _make_move(self, scene: Scene, number: int, move: Move) -> Scene | None:
        """Return the scene after a move, None where the move cannot be made."""
        calls = move.calls(scene)
        if not calls:
            return None
        twin = scene.fork()
        for call in calls:
            wrong = broken(twin.handle(call))
            self.found.transitions += 1
            if wrong:
                self.found.wrong, self.found.path = wrong, (*reversed(tuple(self._map.path(number))), move.name)
                return twin
        return twin

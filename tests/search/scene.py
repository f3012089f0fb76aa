"""One moment of a history: the interlock, its witness, the time. Calls are made in the engine's order."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from retrowalk.interlock import Interlock
from retrowalk.model.commands import Command, Stop
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import Observation, Tick
from retrowalk.model.reports import Motion
from search import quanta
from search.fork import fork
from search.witness import Witness, copy
from search.worlds import World

NOTHING_HEARD: Final = Tick()
NOTHING_PROPOSED: Final = Proposal()

type Deed = Callable[[Scene], object]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the engine: a deed that comes before the hearing, what is heard, a deed after, a proposal."""

    at_ns: int
    observation: Observation = NOTHING_HEARD
    first: Deed | None = None
    then: Deed | None = None
    proposal: Proposal = NOTHING_PROPOSED
    lag_ns: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What one call changed, as the invariants look at it."""

    now_ns: int
    before: Witness
    after: Witness
    call: Call
    commands: tuple[Command, ...]
    reset: bool  # a person's reset was accepted


@dataclass(slots=True)
class Scene:
    """The real interlock in some state."""

    lock: Interlock
    witness: Witness
    now_ns: int
    reset: bool = False  # accepted in the last call

    @classmethod
    def begin(cls, world: World, make: type[Interlock], now_ns: int) -> Scene:
        """Begin idle, with a plan selected."""
        lock = make(world.settings)
        lock.readings.plan = world.plan
        return cls(lock, Witness(world), now_ns)

    def fork(self) -> Scene:
        """Return a second scene that goes its own way from here."""
        return Scene(fork(self.lock), self.witness, self.now_ns)

    @property
    def key(self) -> Hashable:
        """What tells this scene from others."""
        return quanta.look(self.lock, self.now_ns), self.witness.key

    def handle(self, call: Call) -> Step:
        """Make one call, in the order of the engine: deed, hear, judge, deed, permit; Stops go out first."""
        lock, now_ns, before = self.lock, call.at_ns, self.witness
        self.now_ns, self.witness, self.reset = now_ns, copy(before), False
        lock.readings.late(call.lag_ns, now_ns)
        if call.first:
            call.first(self)
        lock.hear(call.observation, now_ns)
        self.witness.hear(call.observation, now_ns)
        lock.judge(now_ns)
        if call.then:
            call.then(self)
        lock.permit(call.proposal, now_ns)
        commands = tuple(sorted(lock.commands, key=lambda command: not isinstance(command, Stop)))
        self.witness.see(commands, lock.reports, call.proposal.boarding, now_ns)
        self.witness.look_at(lock)
        lock.commands.clear()
        lock.reports.clear()
        return Step(now_ns, before, self.witness, call, commands, self.reset)


def stop_by_person(scene: Scene) -> None:
    """Somebody presses STOP."""
    scene.witness.asked = True
    scene.lock.stop_by_person(scene.now_ns)


def come_up_latched(scene: Scene) -> None:
    """The daemon finds the marker of a session that never ended."""
    scene.witness.asked = True
    scene.lock.boot("interrupted", scene.now_ns)


def show_presence(scene: Scene) -> None:
    """Somebody shows to be at the treadmill."""
    scene.lock.present(scene.now_ns)


def reset(scene: Scene) -> None:
    """Somebody at the treadmill resets."""
    scene.reset = scene.lock.reset(scene.now_ns) is None
    if scene.reset:
        scene.witness.latched = scene.witness.demanded = scene.witness.asked = False


def open_session(scene: Scene) -> None:
    """The session asks for the belt."""
    scene.lock.open(scene.witness.world.plan, scene.now_ns)


def close_session(scene: Scene) -> None:
    """The session lets the belt go; the engine passes that on at rest only."""
    if scene.lock.motion in (Motion.IDLE, Motion.STANDSTILL):
        scene.lock.close()

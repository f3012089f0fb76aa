"""The world: everything in one house, and how a story goes, from the first boot until everybody could go home.

Everything that happens is a line of the log, and the judge hears each line. Nothing here decides what was right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from math import inf
from random import Random
from typing import Final

from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.memory import Radio
from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.walker import Walker
from retrowalk_sim.witness import Witness
from simulation.broker import MemoryBroker
from simulation.happenings import HAPPENINGS, Doing
from simulation.judge import Judge
from simulation.story import Happening, Story
from simulation.world.clock import Clock
from simulation.world.disk import Disk
from simulation.world.heartbeat import Heartbeat
from simulation.world.installation import NODE, Installation
from simulation.world.listener import Listener
from simulation.world.log import Log
from simulation.world.people import People
from simulation.world.service import Service
from simulation.world.wire import Wire

LOOK_S: Final = 0.2
ARMS_S: Final = 1.5
PULSE_S: Final = 0.5  # the happenings kick a device themselves
HEALED_S: Final = 90.0  # after all faults, for the daemon to come to rest
RESETS_S: Final = {"tripped": 12.0, "stopping": 32.0, "slowing": 60.0}
"""By the phase: after how long somebody resets, and then again and again, whatever the belt does."""
AGAIN_S: Final = 15.0  # idle, before somebody comes for another session


class World:
    """The things in the house, the service manager, and the people. Made inside the loop."""

    # what happenings address, told to the type checker before it comes to their module
    clock: Clock
    log: Log
    treadmill: Treadmill
    strap: SafetyStrap
    walker: Walker
    heart: HeartRateStrap
    heartbeat: Heartbeat
    broker: MemoryBroker
    disk: Disk
    wire: Wire
    service: Service
    people: People
    lasting_s: float  # of what begins now

    def __init__(self, story: Story, judge: Judge) -> None:
        self.random = Random(story.seed + 1)  # noqa: S311 - repeatable noise
        self.lasting_s = 0.0
        self.clock = clock = Clock()
        self.log = log = Log(clock, judge)
        self.treadmill = treadmill = Treadmill(story.machine, seed=story.seed)
        self.strap = strap = SafetyStrap()
        self.walker = walker = Walker(treadmill, strap, story.person.fitness)
        self.heartbeat = Heartbeat(walker)
        self.heart = HeartRateStrap(self.heartbeat.bpm, seed=story.seed)
        treadmill.pulse_s = self.heart.pulse_s = PULSE_S
        treadmill.witness.on_event = self._witnessed
        self.radio = radio = Radio(treadmill, self.heart)
        self.broker = broker = MemoryBroker(f"retrowalk/{NODE}")
        self.disk = disk = Disk()
        self.wire = wire = Wire(strap, clock, log)
        self.listener = Listener(log)
        installation = Installation(story, clock, radio=radio, broker=broker, disk=disk, listener=self.listener)
        self.service = Service(clock, log, judge, installation, radio=radio, treadmill=treadmill, disk=disk, wire=wire)
        self.people = People(
            story, clock, log, self.service, walker=walker, strap=strap, treadmill=treadmill, broker=broker
        )
        self.listener.hear = self.people.hear
        self._story, self._judge = story, judge
        self._ends: dict[int, Callable[[], None]] = {}

    async def live(self) -> float:
        """Live to the end; return how long that took, in virtual seconds."""
        with self.radio:
            self.service.boot()
            for happening in self._story.happenings:
                self.clock.at(happening.at_s, partial(self._await, happening))
            self._look()
            self.clock.later(ARMS_S, self.people.arm)
            await self._until_horizon()
            await self._heal()
            self.log.note("world", "sigterm")
            await self.service.end()
        return self.clock.now_s

    # -- how it goes ---

    async def _until_horizon(self) -> None:
        while self.clock.now_s < self._story.horizon_s and not self._done:
            await asyncio.sleep(1.0)
            phase, for_s = self._judge.phase, self.clock.now_s - self._judge.phase_s
            if for_s > RESETS_S.get(phase, inf):
                self.people.reset()
            elif phase == "idle" and for_s > AGAIN_S and self.service.alive:
                self.people.arm()
        if self._story.clean:
            self._judge.ended_by(self.clock.now_s)

    @property
    def _done(self) -> bool:
        """Somebody came, a session is over or never was, and so is all that was to happen."""
        last_s = max((h.at_s + h.for_s for h in self._story.happenings), default=0.0)
        over = self._judge.phase == "idle" and self.clock.now_s - self._judge.phase_s > AGAIN_S - 5
        return self.people.came and over and self.clock.now_s > max(last_s + 5, 60)

    async def _heal(self) -> None:
        """Mend everything, and wait until a person could go home."""
        self.service.closing = True
        self.log.note("world", "healed")
        for end in tuple(self._ends.values()):
            end()
        self.service.boot_again()
        if self._judge.phase != "idle":
            self.people.ask("stop", 0)
        until_s = self.clock.now_s + HEALED_S
        while self.clock.now_s < until_s and not (self._judge.phase == "idle" and self.treadmill.speed_kmh == 0):
            await asyncio.sleep(1.0)
            if self._judge.phase == "tripped":
                self.people.reset()

    def _look(self) -> None:
        self.clock.later(LOOK_S, self._look)
        self.treadmill.catch_up(self.clock.now_s)
        self._judge.look(self.clock.now_s, self.treadmill.machine.belt.value, self.heartbeat.now_bpm)

    def _witnessed(self, event: Witness) -> None:
        self.log.note("belt", event.what, event.detail)

    # -- what happens ---

    def _await(self, happening: Happening) -> None:
        begin = partial(self._begin, happening)
        if happening.awaits:
            self.log.when(happening.awaits, begin)
        else:
            begin()

    def _begin(self, happening: Happening) -> None:
        if self.service.closing:
            return
        kind, now_s = HAPPENINGS[happening.what], self.clock.now_s
        self.treadmill.catch_up(now_s)
        self.heart.catch_up(now_s)
        self.lasting_s = happening.for_s
        self.log.note("world", happening.what, f"{happening.value:.3f} for {happening.for_s:.2f} s")
        kind.begin(self, happening.value)
        if kind.end:
            end = self._ends[id(happening)] = partial(self._end, happening, kind.end)
            self.clock.later(happening.for_s, end)

    def _end(self, happening: Happening, end: Doing) -> None:
        if self._ends.pop(id(happening), None) is None:
            return
        self.treadmill.catch_up(self.clock.now_s)
        self.log.note("world", f"{happening.what} over")
        end(self, happening.value)

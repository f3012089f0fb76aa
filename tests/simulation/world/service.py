"""The service manager: the daemon's birth and its death, and the fresh process that stops the belt after a crash."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from retrowalk.app.daemon import Daemon
from retrowalk.model.observations import Observation
from retrowalk.model.requests import Request
from retrowalk_sim.gatt import AttError
from retrowalk_sim.memory import Radio
from retrowalk_sim.treadmill import CONTROL_POINT, Treadmill
from simulation.judge import Judge
from simulation.law import BROKEN
from simulation.world.clock import Clock
from simulation.world.disk import Disk
from simulation.world.installation import Installation
from simulation.world.log import Log
from simulation.world.wire import Wire

LEAVES_S: Final = 60.0
FAILSAFE_S: Final = 1.0  # from the death of the daemon to the Stop of a fresh process
INSISTS_S: Final = 0.5  # from one Stop of it to the next
RESTART_S: Final = 3.0


class Service:
    """One daemon at a time. Made in the story's own task, which is the only one that is none of the daemon's."""

    daemon: Daemon
    _running: asyncio.Task[int]

    def __init__(
        self,
        clock: Clock,
        log: Log,
        judge: Judge,
        installation: Installation,
        *,
        radio: Radio,
        treadmill: Treadmill,
        disk: Disk,
        wire: Wire,
    ) -> None:
        self.alive = False
        self.closing = False  # the story ends: nothing is started or stopped again
        self._clock, self._log, self._judge, self._installation = clock, log, judge, installation
        self._radio, self._treadmill, self._disk, self._wire = radio, treadmill, disk, wire
        self._me = asyncio.current_task()

    def observe(self, event: Observation | Request) -> None:
        """Let the daemon observe something, if it lives."""
        if self.alive:
            self.daemon.observe(event)

    # -- birth ---

    def boot(self) -> None:
        """Start a daemon; it finds what the one before left behind."""
        self._log.note("world", "boot", self._disk.content or "")
        self.daemon = self._installation.daemon(self._left)
        self.alive = True
        self._running = asyncio.create_task(self.daemon.run())
        self._wire.connect(self.daemon.observe)

    def boot_again(self) -> None:
        """Start the next daemon, unless one lives."""
        if not self.alive:
            self.boot()

    # -- death ---

    def crash(self) -> None:
        """Kill the daemon: its links stay up, and a fresh process will look for a belt to stop."""
        if not self.alive:
            return
        self._log.note("world", "died")
        self.alive = False
        self.daemon._failed = True
        if self.daemon._timer:
            self.daemon._timer.cancel()
        self._disk.observe = lambda _: None
        self._radio.forsake()
        for task in self._tasks():
            task.cancel()
        self._clock.later(FAILSAFE_S, self._failsafe)

    def _failsafe(self) -> None:
        """Write Stop as the fresh process does: while there is a marker, until the belt stands or a daemon is back."""
        if self.alive or self._disk.content is None or self.closing:
            return
        if self._treadmill.linked:
            for frame in (b"\x00", b"\x08\x01"):
                with suppress(AttError):
                    self._treadmill.write(CONTROL_POINT, frame, response=True, now_s=self._clock.now_s)
        self._clock.later(INSISTS_S, self._failsafe)

    def terminate(self) -> None:
        """Send SIGTERM; start the next daemon after that."""
        if not self.alive:
            return
        self.daemon.shut_down()
        self._running.add_done_callback(lambda _: self._clock.later(RESTART_S, self._after_exit))

    def _after_exit(self) -> None:
        if self._running.done() and not self.closing:
            self.alive = False
            self.boot_again()

    def _left(self, status: int) -> None:
        self._log.note("said", "exit", str(status))
        if not self.daemon._over.is_set():
            self._judge.convict(self._clock.now_s, BROKEN, "the engine raised")
        self.crash()
        if not self.closing:
            self._clock.later(RESTART_S, self.boot_again)

    # -- the last one ---

    async def end(self) -> None:
        """Send SIGTERM for good; the judge hears whether the daemon left in time. Leave no task behind."""
        running = self._running
        self.daemon.shut_down()
        done, _ = await asyncio.wait([running], timeout=LEAVES_S)
        self._judge.left(self._clock.now_s, in_time=bool(done))
        if not done:
            self.crash()
        await asyncio.sleep(1)
        for task in self._tasks():
            task.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)

    def _tasks(self) -> list[asyncio.Task[object]]:
        return sorted((t for t in asyncio.all_tasks() if t is not self._me), key=lambda t: t.get_name())

"""The way in and the way out: systemd is told only what is true, and the treadmill is let go in peace."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Parts
from retrowalk.engine import Engine
from retrowalk.model.commands import LinkCommand
from retrowalk.model.units import seconds
from support.ideal_belt import SETTINGS
from virtual_time import run


@dataclass
class _Link:
    """Takes its time to let go, as bluetoothd does."""

    takes_s: float
    begun_s: float = 0

    def execute(self, command: LinkCommand) -> None:
        """Do nothing: nobody walks."""

    async def run(self) -> None:
        """Live until cancelled."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Let go, slowly."""
        self.begun_s = asyncio.get_running_loop().time()
        await asyncio.sleep(self.takes_s)


@dataclass
class _Marker:
    """What a daemon before this one left, and nothing new: nobody walks."""

    left: str | None = None

    def cause(self) -> str | None:
        return self.left

    def store(self, address: str, latch: str | None) -> None:
        assert latch == self.left, address

    def clear(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class _Watchdog:
    """Remembers when it was kicked, what it was told first, and when that nothing can move any more."""

    kicks_s: list[float] = field(default_factory=list)
    let_go_s: float | None = None
    first_status: str = ""

    def ready(self, status: str) -> None:
        self.first_status = status

    def status(self, status: str) -> None: ...

    def stopping(self, status: str) -> None: ...

    def let_go(self) -> None:
        self.let_go_s = asyncio.get_running_loop().time()

    def alive(self) -> None:
        self.kicks_s.append(asyncio.get_running_loop().time())


async def _left(takes_s: float) -> tuple[float, list[float]]:
    """Return how long the way out took, and when in it the watchdog was kicked."""
    loop, link, watchdog = asyncio.get_running_loop(), _Link(takes_s), _Watchdog()
    daemon = Daemon(Engine(SETTINGS), clock_ns=lambda: seconds(loop.time()))
    daemon.parts = Parts(link, _Marker(), watchdog)
    running = asyncio.create_task(daemon.run())
    await asyncio.sleep(1)
    daemon.shut_down()
    assert await running == 0
    assert watchdog.let_go_s == loop.time()
    return loop.time() - link.begun_s, [at_s - link.begun_s for at_s in watchdog.kicks_s if at_s > link.begun_s]


def test_the_watchdog_is_kicked_while_bluetoothd_takes_its_time() -> None:
    """Real ones take 1.9 s; a daemon that is killed for that looks like one that hung."""
    took_s, kicks_s = run(_left(1.9))
    assert took_s == pytest.approx(1.9)
    assert kicks_s == pytest.approx([0.5, 1.0, 1.5])


def test_a_treadmill_that_is_never_let_go_is_left_to_the_watchdog() -> None:
    """Ten seconds, and then the kicks end: systemd kills, and the failsafe looks after the belt."""
    took_s, kicks_s = run(_left(60))
    assert took_s == pytest.approx(60)
    assert max(kicks_s) == pytest.approx(10)


@pytest.mark.parametrize(
    ("left", "status"),
    [
        (None, "idle: hands off until armed"),
        ("strap_open", "stopping, tripped: the daemon was interrupted in a session (strap_open)"),
    ],
)
def test_a_daemon_that_comes_up_says_what_it_does(left: str | None, status: str) -> None:
    """One that finds the marker of an open session stops a belt, and does not say that its hands are off it."""

    async def came_up() -> str:
        loop, watchdog = asyncio.get_running_loop(), _Watchdog()
        daemon = Daemon(Engine(SETTINGS), clock_ns=lambda: seconds(loop.time()))
        daemon.parts = Parts(_Link(0), _Marker(left), watchdog)
        running = asyncio.create_task(daemon.run())
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert watchdog.let_go_s is None  # nobody has seen a belt stand
        return watchdog.first_status

    assert run(came_up()) == status

"""What the daemon is made of, as it needs it: ports, so that every part can be swapped under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from retrowalk.app.flight import Flight
from retrowalk.model.commands import Connect, Disconnect, LinkCommand
from retrowalk.model.reports import Report, State


class Link(Protocol):
    """A link that begins a command and returns at once."""

    def execute(self, command: LinkCommand) -> None:
        """Begin `command`; what comes of it is observed."""

    async def run(self) -> None:
        """Live until cancelled."""

    async def close(self) -> None:
        """Let the device go; return when it is let go."""


class HeartRate(Protocol):
    """The heart-rate link comes and goes with the treadmill's."""

    def execute(self, command: Connect | Disconnect) -> None:
        """Want a link, or let it go."""

    async def run(self) -> None:
        """Live until cancelled."""


class Marker(Protocol):
    """Remembers an open session for whoever comes after a crash."""

    def cause(self) -> str | None:
        """Return why a session was left open; None = none was."""

    def store(self, address: str, latch: str | None) -> None:
        """Write the marker; MarkerStored is observed."""

    def clear(self) -> None:
        """Remove the marker."""

    def close(self) -> None:
        """Wait until what was asked for is on the disk."""


class Listener(Protocol):
    """Somebody who is told what happens, and may ask for things: home automation, the local socket."""

    def publish(self, report: Report) -> None:
        """Take one report; never blocks."""

    async def run(self) -> None:
        """Live until cancelled."""


class Bridge(Listener, Protocol):
    """A listener who also wants the state, as often as there is news."""

    def publish_state(self, state: State) -> None:
        """Take the newest state; never blocks."""


class Line(Protocol):
    """Something that only observes: a strap line, a button."""

    async def run(self) -> None:
        """Live until cancelled."""


class Shelf(Protocol):
    """Keeps what was recorded around a trip."""

    def store(self, flight: Flight) -> None:
        """Take a recording, or a later version of it; never blocks."""


class Relay(Protocol):
    """The cut-off relay: closed only while the healthy loop beats, so that a frozen computer cuts the belt's power."""

    def hold(self, closed: bool) -> None:
        """From here on let each beat keep it closed, or let it open now."""

    def beat(self) -> None:
        """Live on for a moment more."""


class ServiceManager(Protocol):
    """Whoever started the process and watches it."""

    def ready(self, status: str) -> None:
        """Say that the daemon is up."""

    def status(self, status: str) -> None:
        """Say in a line what goes on."""

    def alive(self) -> None:
        """Say that the control loop is healthy."""

    def stopping(self, status: str) -> None:
        """Say that the daemon is on its way out."""

    def let_go(self) -> None:
        """Say that the belt stands and the treadmill was let go: the end may take its time."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a daemon but the engine."""

    link: Link
    marker: Marker
    service: ServiceManager
    heart_rate: HeartRate | None = None
    relay: Relay | None = None
    bridge: Bridge | None = None
    control: Listener | None = None
    lines: tuple[Line, ...] = ()
    trips: Shelf | None = None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Everybody who is told what happens."""
        return tuple(listener for listener in (self.control, self.bridge) if listener)

    @property
    def companions(self) -> tuple[Line, ...]:
        """Everything that runs beside the link and may fail without harm to it."""
        return (*self.lines, *self.listeners, *((self.heart_rate,) if self.heart_rate else ()))

"""What the daemon is made of, as it needs it: ports, so that every part can be swapped under it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Listener(Protocol):
    """Somebody who is told what goes on: home automation, the local socket."""

    def publish(self, report: Report) -> None:
        """Take one report; never blocks."""

    def publish_state(self, state: State) -> None:
        """Take the newest state; never blocks."""

    async def run(self) -> None:
        """Live until cancelled."""


class ServiceManager(Protocol):
    """Whoever started the process and watches it."""

    def ready(self) -> None:
        """Say that the daemon is up."""

    def watchdog(self) -> None:
        """Say that the control loop is healthy."""

    def status(self, text: str) -> None:
        """Say in words what goes on."""

    def stopping(self) -> None:
        """Say that the daemon is on its way out."""


@dataclass(slots=True)
class Parts:
    """All parts of a daemon but the engine. `others` only observe: strap lines and their like."""

    link: Link
    heart_rate: HeartRate | None
    marker: Marker
    service: ServiceManager
    listeners: Sequence[Listener] = ()
    others: Sequence[Callable[[], Awaitable[None]]] = ()

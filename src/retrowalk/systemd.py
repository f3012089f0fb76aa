"""Talks to systemd over NOTIFY_SOCKET (sd_notify(3)): ready, status, alive, stopping. Without systemd it is silent."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

ENDING_US: Final = 10_000_000


class Notifier:
    """One datagram a call. Never blocks and never raises: the control loop calls it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._complained = False

    def ready(self, status: str) -> None:
        """Start-up is over."""
        self._send("READY=1", f"STATUS={_one_line(status)}")

    def status(self, status: str) -> None:
        """Tell, in a line for `systemctl status`, what the daemon does."""
        self._send(f"STATUS={_one_line(status)}")

    def alive(self) -> None:
        """Kick the watchdog: the control loop is on time and the engine is well."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """The way out has begun."""
        self._send("STOPPING=1", f"STATUS={_one_line(status)}")

    def let_go(self) -> None:
        """Nothing can move any more: what is left is the process's own end, which may take ten seconds."""
        self._send(f"WATCHDOG_USEC={ENDING_US}")

    def close(self) -> None:
        """Let the socket go."""
        self._socket.close()

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._complained:
                self._complained = True
                _complain(error)


def _complain(error: OSError) -> None:
    import structlog  # noqa: PLC0415 - 5 MB that the standby has no other use for

    structlog.get_logger(__name__).warning("systemd_notify_failed", error=str(error))


def _address(name: str) -> str | None:
    """Return a socket address; `@name` is one of the abstract namespace. Other kinds are not spoken to."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _one_line(text: str) -> str:
    return " ".join(text.split())

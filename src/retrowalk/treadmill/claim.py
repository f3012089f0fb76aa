"""One treadmill, one daemon: whoever drives a treadmill claims it on this machine, whatever the daemons are called.

The claim is an abstract Unix socket: it is gone with its process, however that ends. Another host is not seen.
"""

from __future__ import annotations

import hashlib
import os
import socket


class Claimed(Exception):  # noqa: N818 - a word of the domain; "Error" would add nothing
    """Another process of this machine drives the treadmill. The message is for a person."""


class Claim:
    """At most one treadmill, from the first connection to the last goodbye; a lost link keeps it."""

    def __init__(self) -> None:
        self._address: str | None = None
        self._socket: socket.socket | None = None

    def take(self, address: str) -> None:
        """Claim the treadmill at `address`. Raises Claimed."""
        if address == self._address:
            return
        self.release()
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(_name(address))
        except OSError as error:
            claim.close()
            raise Claimed(f"another Retrowalk daemon on this machine drives {address}; stop that one first") from error
        self._address, self._socket = address, claim

    def release(self) -> None:
        """Leave the treadmill to others."""
        if self._socket is not None:
            self._socket.close()
        self._address = self._socket = None


def _name(address: str) -> bytes:
    """Return the abstract name of a treadmill; on a bus of its own a simulated one is another one."""
    key = f"{os.environ.get('DBUS_SYSTEM_BUS_ADDRESS', '')} {address.upper()}"
    return b"\0retrowalk/" + hashlib.sha256(key.encode()).hexdigest()[:32].encode()

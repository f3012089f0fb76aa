"""The client's end of the socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from retrowalk.control.patience import patience_s

HANGS_UP_LATER_S: Final = 3.0


def ask(path: Path, message: dict[str, Any]) -> dict[str, Any]:
    """Send one message to the daemon at `path` and return its answer. Raises OSError when there is none."""
    return next(talk(path, message, patience_s(message.get("cmd")) + HANGS_UP_LATER_S))


def talk(path: Path, message: dict[str, Any], timeout_s: float = 5.0) -> Iterator[dict[str, Any]]:
    """Send one message and yield every line that comes back. Raises OSError when the daemon goes, or is not there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        client.connect(str(path))
        client.sendall(json.dumps(message).encode() + b"\n")
        with client.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)
    raise ConnectionResetError(f"the daemon at {path} hung up")

"""Makes the socket, or says in words why it cannot be made."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

MODE: Final = 0o660
LONGEST_PATH_BYTES: Final = 107  # Linux: sun_path has 108, one of them ends it


class SocketUnusable(OSError):  # noqa: N818 (what is the matter, in the words of a log line)
    """The socket cannot be made; says what to do."""


def listen(path: Path) -> socket.socket:
    """Bind `path`, replacing what a dead daemon left. Raises SocketUnusable."""
    if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        found = len(os.fsencode(path))
        raise SocketUnusable(
            f"{path} has {found} bytes, a socket's path at most {LONGEST_PATH_BYTES}: shorten daemon.runtime_dir"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        os.fchmod(listener.fileno(), MODE)  # Linux gives the file the socket's mode: never wider, not for an instant
        listener.bind(str(path))
        path.chmod(MODE)
        listener.listen()
    except SocketUnusable:
        listener.close()
        raise
    except OSError as error:
        listener.close()
        raise SocketUnusable(f"{path} cannot be made: {error.strerror}; look after daemon.runtime_dir") from error
    return listener


def _clear(path: Path) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_socket():
        raise SocketUnusable(f"{path} is in the way and is no socket: remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass  # its queue is full: it lives
    raise SocketUnusable(f"another daemon serves {path}: stop that one, or give this one a daemon.name of its own")

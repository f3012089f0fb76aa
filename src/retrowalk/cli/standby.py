"""`retrowalk standby`: waits, with all that it needs in memory, for the daemon's death, and then stops the belt.

It does what `retrowalk stop --failsafe` does, which systemd runs after each end of the daemon; but a fresh Python takes
long to begin, and a belt does not wait.

The kernel tells: a daemon locks a file for as long as it lives, however it dies. Only a death that was waited for
counts. Whoever finds a marker and no daemon leaves both to those who are there for that: the failsafe that follows the
daemon's end, and the daemon's next start.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from retrowalk.cli.stop import IN_MID_STOP, carry_out, read_options, say
from retrowalk.cli.traces import config_path, lock_paths, read_config
from retrowalk.systemd import Notifier
from retrowalk.treadmill.failsafe import Verdict  # and with it all that `carry_out` would import when a belt runs on

LOOK_S: Final = 0.5
_NEVER_TO_DISK: Final = 1 | 2 | 4  # MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT: each page that was ever used

_AFTERWARDS: Final[Mapping[int, str]] = {
    Verdict.VERIFIED: "warm: no daemon; nothing moves that the last one left",
    Verdict.NO_MACHINE: "NO MACHINE FOUND after the last daemon's end. PULL THE SAFETY KEY if the belt moves.",
    Verdict.NOT_CONFIRMED: "NOT CONFIRMED that the belt stands after the last daemon's end. PULL THE SAFETY KEY.",
}

_EPILOG: Final = """\
systemd starts it with the daemon: systemd/retrowalk-standby@.service

examples:
  retrowalk standby --name treadmill
"""


def main(arguments: list[str]) -> int:
    """Wait for one death of the daemon after the other, until SIGTERM or SIGINT."""
    name = _parser().parse_args(arguments).name
    with closing(Notifier()) as service:
        standby = _Standby(name, service.status)
        try:
            _be_warm()
            service.ready("warm: no daemon yet")
            say(f"waits for the end of the daemon {name}")
            while True:
                standby.wait_and_stop()
        except KeyboardInterrupt:
            say("interrupted: nobody waits for the daemon's end any more")
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="retrowalk standby",
        description="Wait for the daemon's death, and stop the belt at once if a session was left open.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--name", default="treadmill", help="the daemon's name in its configuration")
    return parser


def _be_warm() -> None:
    """Keep every page that was used: after weeks of waiting it must not come back from a card."""
    if ctypes.CDLL(None, use_errno=True).mlockall(_NEVER_TO_DISK):
        say(f"may be swapped out, and then be late: {os.strerror(ctypes.get_errno())}")


class _Standby:
    """Watches the locks of one daemon, wherever they may be. Its folder comes and goes: each look is a new one."""

    def __init__(self, name: str, status: Callable[[str], None]) -> None:
        self._name = name
        self._status = status
        self._failsafe = read_options(["--failsafe", "--name", name])
        self._told: set[str] = set()

    def wait_and_stop(self) -> None:
        """Wait for the death of a daemon, and stop what it left; return soon if there is none. Whatever fails is told.

        The next daemon may be back before the belt stands, and use the same link: that is then not ended.
        """
        try:
            if any(self._held(lock, until_free=True) for lock in self._locks()):
                self._told.clear()
                say("the daemon is gone")
                self._status(_AFTERWARDS[self._stop()])
                return
        except Exception as error:  # noqa: BLE001 - the next death is waited for, whatever became of this one
            self._tell(f"{type(error).__name__}: {error}. PULL THE SAFETY KEY if the belt moves.")
        time.sleep(LOOK_S)

    def _stop(self) -> int:
        try:
            return carry_out(self._failsafe, lambda: not any(map(self._held, self._locks())))
        except KeyboardInterrupt:
            say(IN_MID_STOP)
            raise

    def _locks(self) -> list[Path]:
        config = config_path(self._name, os.environ)
        return lock_paths(self._name, os.environ, config, read_config(config))

    def _held(self, lock: Path, *, until_free: bool = False) -> bool:
        """Tell whether a daemon holds `lock`; with `until_free`, once it is gone."""
        try:
            descriptor = os.open(lock, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            self._tell(f"{lock} cannot be watched: {error.strerror}")
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if until_free:
                self._status(f"warm: waits for the end of the daemon that holds {lock}")
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            return True
        else:
            return False
        finally:
            os.close(descriptor)  # at once: the next daemon wants the lock

    def _tell(self, words: str) -> None:
        """Say it, but not twice a second."""
        if words not in self._told:
            say(words)
        self._told.add(words)

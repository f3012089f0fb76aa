"""A real mosquitto on a port of its own, killed hard at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_STARTS_WITHIN_S = 10.0


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One mosquitto that can be killed and started again on the same port."""

    def __init__(self, folder: Path, *extra: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        me = pwd.getpwuid(os.getuid()).pw_name  # else it drops root and cannot read what the test wrote
        lines = [f"user {me}", "persistence false", f"listener {self.port} 127.0.0.1", *extra]
        if not any(line.startswith("allow_anonymous") for line in extra):
            lines.append("allow_anonymous true")
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once it accepts connections."""
        program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if program is None:
            pytest.skip("mosquitto is not installed")
        self._process = subprocess.Popen([program, "-c", self._config], stderr=subprocess.PIPE)  # noqa: S603 (ours)
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mosquitto did not start: {self._errors()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it with SIGKILL, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def signal(self, number: int) -> None:
        """Send it a signal, SIGSTOP for instance."""
        assert self._process is not None, "the broker does not run"
        self._process.send_signal(number)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
        except OSError:
            return False
        return True

    def _errors(self) -> str:
        assert self._process is not None
        self._process.kill()
        return self._process.communicate()[1].decode(errors="replace")


@contextmanager
def running_broker(folder: Path, *extra: str) -> Iterator[Broker]:
    """Run a mosquitto with the `extra` lines in its configuration."""
    broker = Broker(folder, *extra)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Run an open mosquitto for one test."""
    with running_broker(tmp_path) as running:
        yield running

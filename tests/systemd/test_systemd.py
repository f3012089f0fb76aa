from __future__ import annotations

import os
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from retrowalk.systemd import Notifier


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """Return what is logged."""
    structlog.reset_defaults()
    with capture_logs() as entries:
        yield entries


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Return a socket to listen on as systemd does, and its name."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@retrowalk-test-{os.getpid()}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0", 1))
        listener.settimeout(2)
        yield listener, name


def test_each_call_is_one_datagram_in_systemds_words(systemd: tuple[socket.socket, str]) -> None:
    """READY, STATUS, WATCHDOG, STOPPING, a longer watchdog, over both kinds of socket."""
    listener, name = systemd
    with closing(Notifier({"NOTIFY_SOCKET": name})) as notifier:
        notifier.ready("idle: hands off")
        notifier.status("two\nlines")
        notifier.alive()
        notifier.stopping("belt stands")
        notifier.let_go()
    received = [listener.recv(4096).decode() for _ in range(5)]
    assert received == [
        "READY=1\nSTATUS=idle: hands off",
        "STATUS=two lines",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=belt stands",
        "WATCHDOG_USEC=10000000",
    ]


@pytest.mark.parametrize("name", ["", "vsock:2:1234", "relative"])
def test_without_systemd_it_is_silent(name: str, logs: list[MutableMapping[str, Any]]) -> None:
    """The same daemon runs in a terminal."""
    with closing(Notifier({"NOTIFY_SOCKET": name} if name else {})) as notifier:
        notifier.ready("x")
        notifier.alive()
    assert not logs


def test_a_listener_that_is_gone_is_told_once_and_never_raises(
    tmp_path: Path, logs: list[MutableMapping[str, Any]]
) -> None:
    """The control loop kicks the watchdog: nothing may break it."""
    with closing(Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})) as notifier:
        notifier.alive()
        notifier.alive()
    assert [entry["event"] for entry in logs] == ["systemd_notify_failed"]


def test_a_full_queue_does_not_block(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> None:
    """A systemd that does not read costs a kick, not the loop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        with closing(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})) as notifier:
            for _ in range(5000):
                notifier.alive()
    assert [entry["event"] for entry in logs] == ["systemd_notify_failed"]

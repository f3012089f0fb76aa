"""The private bus: alone, ready when entered, gone when left."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus

from retrowalk_sim.bluez import private_bus


def _socket(address: str) -> Path:
    return Path(address.split(",", maxsplit=1)[0].removeprefix("unix:path="))


async def test_a_bus_can_be_used_as_soon_as_it_is_entered_and_is_gone_afterwards() -> None:
    """No waiting for a socket; no daemon and no folder stay behind."""
    async with private_bus() as address:
        bus = await MessageBus(bus_address=address).connect()
        assert bus.unique_name
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    assert not _socket(address).parent.exists()
    with pytest.raises(FileNotFoundError):
        await MessageBus(bus_address=address).connect()


def test_buses_are_private() -> None:
    """Two at once have nothing to do with each other, also without an event loop."""
    with private_bus() as one, private_bus() as other:
        assert _socket(one) != _socket(other)


def test_a_machine_without_dbus_daemon_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="package dbus-daemon"), private_bus():
        pass


def test_a_daemon_that_does_not_start_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A socket path that is too long for the kernel, for one."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(RuntimeError, match=r"dbus-daemon did not start: .*too long"), private_bus():
        pass
    assert not list(folder.iterdir())

"""A D-Bus daemon of our own: a system bus for one test or one demo, which nobody else hears."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Final

ADDRESS_VARIABLE: Final = "DBUS_SYSTEM_BUS_ADDRESS"
"""The environment variable by which a process, and bleak in it, finds its system bus."""

_CONFIG: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class PrivateBus(AbstractContextManager[str], AbstractAsyncContextManager[str]):
    """Runs dbus-daemon while entered, with `with` or `async with`; gives the bus address."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._daemon: subprocess.Popen[str] | None = None

    def __enter__(self) -> str:
        self._folder = Path(tempfile.mkdtemp(prefix="retrowalk-bus-"))
        try:
            return self._start(self._folder)
        except BaseException:
            self._stop()
            raise

    def __exit__(self, *_exc: object) -> None:
        self._stop()

    async def __aenter__(self) -> str:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_exc: object) -> None:
        await asyncio.to_thread(self._stop)

    def _start(self, folder: Path) -> str:
        program = shutil.which("dbus-daemon")
        if program is None:
            raise FileNotFoundError("dbus-daemon is not installed; Debian has it in the package dbus-daemon")
        config, complaints = folder / "bus.conf", folder / "stderr"
        config.write_text(_CONFIG.format(socket=folder / "socket"), encoding="utf-8")
        command = [program, f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"]
        with complaints.open("w", encoding="utf-8") as stderr:
            self._daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)  # noqa: S603  ours
        assert self._daemon.stdout is not None  # noqa: S101  asked for above
        told = self._daemon.stdout.readline().strip()  # printed once the socket listens
        address, _, _ = told.partition(",")  # without the guid, which is another one when the bus comes back
        if not address:
            raise RuntimeError(f"dbus-daemon did not start: {complaints.read_text(encoding='utf-8').strip()}")
        return address

    def kill(self) -> None:
        """Die as by SIGKILL, and take along whoever lives on it."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.communicate()
            self._daemon = None

    async def come_back(self) -> None:
        """Start again after `kill`, at the same address."""
        if self._folder is None:
            raise RuntimeError("the bus was not entered")
        await asyncio.to_thread(self._start, self._folder)

    def _stop(self) -> None:
        self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def private_bus() -> PrivateBus:
    """Return a bus to enter, with `with` or `async with`."""
    return PrivateBus()

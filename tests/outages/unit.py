"""What systemd does with the shipped unit, for one daemon: its watchdog, and what comes after its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, override

UNIT: Final = Path(__file__).parents[2] / "systemd" / "retrowalk@.service"
_READY_S: Final = 30.0
_LOOK_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Unit:
    """What the unit file says of a daemon and its end."""

    watchdog_s: float
    watchdog_signal: signal.Signals
    run: tuple[str, ...]
    stop_post: tuple[str, ...]

    @classmethod
    def read(cls, name: str, file: Path = UNIT) -> Self:
        """Read the unit of the instance `name`. Raises KeyError when it keeps none of the promises."""
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "[", "")]
        values = dict(line.split("=", 1) for line in lines)
        as_first_to_run = ("nice", "-n", values["Nice"])  # which root alone may be; others run as they are
        _program, *arguments = values["ExecStopPost"].replace("%i", name).split()
        return cls(
            float(values["WatchdogSec"].removesuffix("s")),
            signal.Signals[values["WatchdogSignal"]],
            (*as_first_to_run, sys.executable, "-m", "retrowalk", "run"),
            (*as_first_to_run, sys.executable, "-m", "retrowalk", *arguments),
        )


class _Ear(asyncio.DatagramProtocol):
    """The notification socket: when the daemon was ready, and when it last said that it lives."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.alive_s = 0.0

    @override
    def datagram_received(self, data: bytes, addr: object) -> None:
        lines = data.splitlines()
        if b"READY=1" in lines:
            self.ready.set()
        if b"READY=1" in lines or b"WATCHDOG=1" in lines:
            self.alive_s = time.monotonic()


@dataclass
class Service:
    """One run of the daemon, and of what follows its end. Times are CLOCK_MONOTONIC."""

    daemon: Process
    _over: asyncio.Task[int]

    @property
    def alive(self) -> bool:
        """Whether the daemon runs."""
        return self.daemon.returncode is None

    async def over(self) -> int:
        """Wait for the daemon's end and for what follows; return the exit status of the latter."""
        return await asyncio.shield(self._over)

    async def close(self) -> None:
        """End what still runs."""
        if self.alive:
            self.daemon.send_signal(signal.SIGTERM)
        await self._over

    @classmethod
    async def start(cls, unit: Unit, config: Path, environment: Mapping[str, str]) -> Self:
        """Start the daemon, and return once it says that it is ready."""
        name = config.parent / "notify"
        name.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        transport, ear = await loop.create_datagram_endpoint(_Ear, local_addr=str(name), family=1)
        told = {**environment, "NOTIFY_SOCKET": str(name), "STATE_DIRECTORY": str(config.parent / "state")}
        with (config.parent / "daemon.log").open("ab") as log:
            daemon = await asyncio.create_subprocess_exec(*unit.run, "--config", config, stderr=log, env=told)
        following = _follow(unit, daemon, ear, config.parent, told)
        service = cls(daemon, asyncio.create_task(following))
        service._over.add_done_callback(lambda _: transport.close())
        try:
            async with asyncio.timeout(_READY_S):
                await ear.ready.wait()
        except BaseException:
            daemon.kill()
            raise
        return service


async def _follow(unit: Unit, daemon: Process, ear: _Ear, folder: Path, environment: Mapping[str, str]) -> int:
    watching = asyncio.create_task(_watch(unit, daemon, ear))
    await daemon.wait()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    with (folder / "failsafe.log").open("ab") as log:
        command = unit.stop_post
        post = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, stdin=DEVNULL, env=environment)
    return await post.wait()


async def _watch(unit: Unit, daemon: Process, ear: _Ear) -> None:
    await ear.ready.wait()
    while time.monotonic() - ear.alive_s < unit.watchdog_s:  # noqa: ASYNC110 - it is the absence of an event
        await asyncio.sleep(min(unit.watchdog_s, max(_LOOK_S, ear.alive_s + unit.watchdog_s - time.monotonic())))
    os.kill(daemon.pid, unit.watchdog_signal)

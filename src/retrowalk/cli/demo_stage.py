"""The demo's stage: broker, simulated treadmill and the daemon itself, each a process of its own, in one folder."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from retrowalk.mqtt import MqttSettings

PATIENCE_S: Final = 20.0
BUTTON: Final = "ok"
NODE: Final = "demo"
_USAGE: Final = 2  # the exit status of a command line that was not understood

_BROKER: Final = """\
user {user}
listener {port} 127.0.0.1
allow_anonymous true
persistence false
"""

_CONFIG: Final = """\
[daemon]
name = "{node}"
runtime_dir = "run"
state_dir = "state"
[treadmill]
address = "{treadmill}"
[heart_rate]
enabled = true
address = "{heart_rate}"
[strap]
tier = "simulated"
socket = "strap.sock"
[walker]
level = 0
heart_rate = "limits"
heart_rate_soft_bpm = 120
heart_rate_hard_bpm = 140
[mqtt]
host = "127.0.0.1"
port = {port}
declared_buttons = ["{button}"]
{mqtt}
[session]
handrails = true
{session}
[log]
format = "json"
"""


class StageError(Exception):
    """The stage could not be set up, or somebody on it fell silent. The message is for a person."""


class NoSuchProfile(StageError):  # noqa: N818 - what happened
    """The simulator has no such treadmill. The message has the list."""


@dataclass
class Simulator:
    """`retrowalk-sim` as another process: what it witnessed, and orders to it."""

    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def do(self, what: str, **details: object) -> None:
        """Give an order."""
        if self.process.stdin is None:
            raise StageError("the simulator takes no orders")
        self.process.stdin.write((json.dumps({"do": what, **details}) + "\n").encode())

    async def listen(self) -> None:
        """Keep what it witnesses, until it ends."""
        if self.process.stdout is None:
            raise StageError("the simulator tells nothing")
        async for line in self.process.stdout:
            self.events.append(json.loads(line))
            self._news.set()
        self.ended = True
        self._news.set()

    async def until(
        self, what: str, *, after_s: float = 0.0, fits: Callable[[str], bool] = bool, patience_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Return the first event `what` later than `after_s` whose detail `fits`. Raises StageError in vain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while True:
                    for event in self.of(what, after_s=after_s):
                        if fits is bool or fits(str(event.get("detail", ""))):
                            return event
                    if self.ended:
                        raise StageError(f"the simulator has ended, without any {what!r}")
                    self._news.clear()
                    await self._news.wait()
        raise StageError(f"the simulator saw no {what!r} within {patience_s:g} s")

    def of(self, what: str, *, after_s: float = 0.0) -> list[dict[str, Any]]:
        """Return the events `what` later than `after_s`."""
        return [event for event in self.events if event["what"] == what and event["at_s"] > after_s]


@dataclass(frozen=True)
class Stage:
    """Everybody is up. `settings` tell how to join the broker."""

    folder: Path
    simulator: Simulator
    daemon: asyncio.subprocess.Process
    settings: MqttSettings
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.folder / "daemon.log"


def missing_tools() -> list[str]:
    """Return the Debian packages without which there is no stage."""
    needed = {"mosquitto": "mosquitto", "dbus-daemon": "dbus-daemon"}
    return [package for program, package in needed.items() if _program(program) is None]


@asynccontextmanager
async def stage(
    folder: Path, profile: str = "ideal", *, port: int | None = None, mqtt: str = "", session: str = ""
) -> AsyncIterator[Stage]:
    """Set the stage in `folder`; `mqtt` and `session` are more lines for those tables. With `port`, bring no broker."""
    broker_port = port or _free_port()
    async with _maybe_broker(folder, broker_port, wanted=port is None), start_simulator(folder, profile) as simulator:
        ready = await _ready(simulator, folder)
        facts = {"treadmill": ready["address"], "heart_rate": ready["heart_rate_address"], "port": broker_port}
        config = folder / "retrowalk.toml"
        config.write_text(_CONFIG.format(node=NODE, button=BUTTON, mqtt=mqtt, session=session, **facts))
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": ready["bus"]}
        async with start_daemon(config, environment) as daemon:
            settings = MqttSettings(NODE, "127.0.0.1", broker_port, declared_buttons=(BUTTON,))
            yield Stage(folder, simulator, daemon, settings, environment)


async def _ready(simulator: Simulator, folder: Path) -> dict[str, Any]:
    try:
        return await simulator.until("ready")
    except StageError:
        if simulator.ended and await simulator.process.wait() == _USAGE:
            raise NoSuchProfile((folder / "simulator.log").read_text().strip()) from None
        raise


@asynccontextmanager
async def start_daemon(config: Path, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `retrowalk run`; on the way out ask it to stop, and wait until it has."""
    with (config.parent / "daemon.log").open("ab") as log:
        command = (sys.executable, "-m", "retrowalk", "run", "--config", str(config))
        process = await _started(*command, stderr=log, env=environment, cwd=config.parent)
    async with _ended(process):
        yield process


@asynccontextmanager
async def _maybe_broker(folder: Path, port: int, *, wanted: bool) -> AsyncIterator[None]:
    if not wanted:
        yield
        return
    config = folder / "mosquitto.conf"
    config.write_text(_BROKER.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name))
    with (folder / "mosquitto.log").open("ab") as log:
        process = await _started(_program("mosquitto") or "mosquitto", "-c", str(config), stdout=log, stderr=log)
    async with _ended(process):
        await _listens(port)
        yield


@asynccontextmanager
async def start_simulator(folder: Path, profile: str) -> AsyncIterator[Simulator]:
    """Run `retrowalk-sim` in `folder`, with a heart-rate strap and a strap line."""
    program = Path(sys.executable).with_name("retrowalk-sim")
    if not program.exists():
        raise StageError(f"{program} is missing: install the simulators (make setup)")
    command = (program, "treadmill", "--profile", profile, "--heart-rate", "--json", "--strap-socket", "strap.sock")
    with (folder / "simulator.log").open("ab") as log:
        process = await _started(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env={**os.environ, "TYPER_USE_RICH": "0"},
        )
    async with _ended(process):
        simulator = Simulator(process)
        listening = asyncio.create_task(simulator.listen())
        try:
            yield simulator
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def _started(*command: str | Path, **options: Any) -> asyncio.subprocess.Process:
    """Start a process that no Ctrl-C reaches: whoever set the stage ends them, the daemon before its treadmill."""
    return await asyncio.create_subprocess_exec(*command, process_group=0, **options)


@asynccontextmanager
async def _ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """End a process with SIGTERM on the way out, with SIGKILL if it will not."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _listens(port: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return
    raise StageError(f"the broker does not answer on port {port}")


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

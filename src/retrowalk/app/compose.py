"""Puts a daemon together from a configuration, and runs it until a signal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Line, Parts
from retrowalk.app.trips import TripShelf, trips_folder
from retrowalk.bluetooth import Bluetooth
from retrowalk.config import Config
from retrowalk.control import ControlServer
from retrowalk.engine import Engine
from retrowalk.heart_rate.client import HeartRateClient, HeartRateSettings
from retrowalk.lines.power import PowerSupply
from retrowalk.lines.simulated_strap import SimulatedStrap
from retrowalk.marker import SessionMarker
from retrowalk.model.plan import Plan
from retrowalk.mqtt import MqttBridge
from retrowalk.programs import Library, load_library, plan_for, shipped_programs
from retrowalk.systemd import Notifier
from retrowalk.treadmill.link import TreadmillLink

LOCK_NAME: Final = "lock"
GIVEN_WAY_S: Final = 0.5
_AGAIN_S: Final = 0.01

log = structlog.get_logger()


class AlreadyRunning(Exception):  # noqa: N818 - what happened, in the words of the person who did it
    """Another daemon drives this treadmill. `lock` is the file that it holds."""

    def __init__(self, lock: Path) -> None:
        super().__init__(f"another daemon holds {lock}; stop that one, or give this one a daemon.name of its own")
        self.lock = lock


class FolderUnusable(Exception):  # noqa: N818 - likewise
    """A folder that the daemon needs cannot be made or written."""


def load_programs(config: Config) -> Library:
    """Load the shipped programs and the user's own."""
    own = config.programs.folder
    return load_library([shipped_programs(), *([own] if own else [])])


def plan_finder(config: Config, library: Library) -> Callable[[str], Plan]:
    """Return what turns a program's id into the plan that this walker may walk; it raises with reasons."""
    return lambda program_id: plan_for(library.find(program_id), config.walker)


async def serve(config: Config) -> int:
    """Run the daemon until SIGTERM, SIGINT or SIGHUP; return its exit status. Raises AlreadyRunning, FolderUnusable."""
    make_folders(config)
    with only_one(config.runtime_dir / LOCK_NAME):
        daemon = compose(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, daemon.shut_down)
        status = await daemon.run()
        daemon.parts.marker.close()  # before the lock: a marker without a daemon is a session that was left open
        return status


def compose(config: Config) -> Daemon:
    """Return a daemon with all its parts."""
    library = load_programs(config)
    for refusal in library.refusals:
        log.warning("program_refused", file=str(refusal.file), why=str(refusal))
    find_plan = plan_finder(config, library)
    daemon = Daemon(Engine(config.engine_settings()))
    bluetooth = Bluetooth(config.treadmill.adapter)
    settings = config.treadmill_settings()
    for bad in settings.machines.bad:
        log.warning("machine_file_refused", file=str(bad.file), why=bad.problems)
    marker = SessionMarker(config.state_dir, daemon.observe)
    treadmill = TreadmillLink(settings, daemon.observe, bluetooth, left=marker.left_treadmill())
    mqtt = config.mqtt_settings()
    daemon.parts = Parts(
        link=treadmill,
        marker=marker,
        service=Notifier(),
        heart_rate=_heart_rate(config, daemon, bluetooth),
        bridge=MqttBridge(
            mqtt,
            submit=daemon.observe,
            observe=daemon.observe,
            find_plan=find_plan,
            programs=tuple(library.programs),
        )
        if mqtt
        else None,
        control=ControlServer(
            config.control_socket,
            submit=daemon.observe,
            snapshot=daemon.state,
            find_plan=find_plan,
            permissives=daemon.permissives,
            simulated=config.simulated,
        ),
        lines=_lines(config, daemon),
        trips=TripShelf(trips_folder(config.state_dir), simulated=config.simulated),
    )
    return daemon


def _heart_rate(config: Config, daemon: Daemon, bluetooth: Bluetooth) -> HeartRateClient | None:
    if not config.heart_rate.enabled:
        return None
    settings = HeartRateSettings(config.heart_rate.address, config.heart_rate.name)
    return HeartRateClient(settings, daemon.observe, bluetooth)


def _lines(config: Config, daemon: Daemon) -> tuple[Line, ...]:
    strap = (SimulatedStrap(config.strap.socket, daemon.observe),) if config.strap.socket else ()
    return (*strap, PowerSupply(daemon.observe))


def make_folders(config: Config) -> None:
    """Make the folders that a daemon writes to. Raises FolderUnusable."""
    for folder in (config.runtime_dir, config.state_dir):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderUnusable(
                f"{folder} cannot be made: {error.strerror}; set daemon.runtime_dir and daemon.state_dir"
            ) from error


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the lock of this instance. Raises AlreadyRunning and FolderUnusable.

    A standby that looks who is there has it for a moment: `GIVEN_WAY_S` tells that from a daemon.
    """
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        instead = "remove it, mend its folder, or set daemon.runtime_dir"
        raise FolderUnusable(f"{lock} cannot be opened for writing: {error.strerror}; {instead}") from error
    try:
        _take(descriptor, lock)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, lock: Path) -> None:
    ends_at_s = time.monotonic() + GIVEN_WAY_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() >= ends_at_s:
                raise AlreadyRunning(lock) from error
            time.sleep(_AGAIN_S)  # nothing else runs yet
        else:
            return

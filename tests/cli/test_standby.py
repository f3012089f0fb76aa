"""A real standby, a real lock whose holder is killed, a fake org.bluez on a real bus, and a belt that runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.scene import retrowalk
from retrowalk.app.compose import LOCK_NAME, only_one
from retrowalk.cli import standby
from retrowalk.marker import MARKER_NAME
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from retrowalk_sim.treadmill import Treadmill
from support.locks import waits_for_a_lock
from treadmill.air import air
from treadmill.left_belt import USUAL, running_belt

LOOK_S = 0.01
PATIENCE_S = 30.0
STANDBY = """
import signal
from retrowalk.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts us in the background has it ignored
raise SystemExit(main(['standby']))
"""
DAEMON = """
import fcntl, sys
with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("alive", flush=True)
    sys.stdin.read()
"""
IMPORTS = """
import sys
from retrowalk.cli import standby
service = standby.Notifier()
it = standby._Standby("treadmill", service.status)
standby._be_warm()
service.ready("warm")
warm = set(sys.modules)
while True:
    it.wait_and_stop()
    standby.say(f"imported: {sorted(set(sys.modules) - warm)}")
"""
NOTHING = "no session was left open: nothing to stop"
STANDS = "the belt stands, verified"


async def until(true: Callable[[], bool]) -> None:
    """Wait for what tells nobody when it comes."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - as it says
            await asyncio.sleep(LOOK_S)


@dataclass
class Post:
    """A standby, and the folders that it looks into."""

    process: Process
    run: Path
    state: Path
    environment: dict[str, str]
    systemd: socket.socket

    def waits(self) -> bool:
        """Tell whether it waits for the death of a daemon."""
        return waits_for_a_lock(self.process.pid)

    def tells(self, what: str) -> str:
        """Return what the kernel tells of it."""
        return Path(f"/proc/{self.process.pid}/{what}").read_text()

    async def says(self, words: str) -> str:
        """Wait until it has said something that begins so; return the rest."""
        assert self.process.stderr is not None
        said = [""]
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not said[-1].startswith(words):
                    said.append((await self.process.stderr.readline()).decode())
                    assert said[-1], f"it ended and never said: {words}"
        except TimeoutError:
            pytest.fail(f"it did not say: {words}, but: {said}")
        return said[-1].removeprefix(words).rstrip()

    async def shows(self, words: str) -> str:
        """Wait until `systemctl status` would show something that begins so; return the rest."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await asyncio.get_running_loop().sock_recv(self.systemd, 4096)
                for line in told.decode().splitlines():
                    if line.startswith(f"STATUS={words}"):
                        return line.removeprefix(f"STATUS={words}")

    def mark(self, treadmill: Treadmill) -> None:
        """Leave a session open."""
        content = {"address": treadmill.advertisement.address, "latch": None}
        (self.state / MARKER_NAME).write_text(json.dumps(content))


@asynccontextmanager
async def post(folder: Path, code: str = STANDBY) -> AsyncIterator[Post]:
    """Have somebody stand by, warm. Nobody holds the lock yet; its folder is not there."""
    run, state = folder / "run", folder / "state"
    state.mkdir()
    places = {"RUNTIME_DIRECTORY": str(run), "STATE_DIRECTORY": str(state), "RETROWALK_CONFIG": "/nowhere"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.setblocking(False)
        environment = {**os.environ, **places, "NOTIFY_SOCKET": str(folder / "notify")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                told = await asyncio.get_running_loop().sock_recv(systemd, 4096)
            assert b"READY=1" in told.splitlines()
            yield Post(process, run, state, environment, systemd)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@asynccontextmanager
async def daemon(there: Post) -> AsyncIterator[Process]:
    """Hold the lock as a daemon does, and be waited for; on the way out, die if still alive."""
    there.run.mkdir(exist_ok=True)
    lock = str(there.run / LOCK_NAME)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DAEMON, lock, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"alive\n"
        await until(there.waits)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def dies(there: Post) -> None:
    """Have a daemon live and be killed."""
    async with daemon(there) as process:
        process.kill()


async def test_the_belt_of_a_killed_daemon_is_stopped(tmp_path: Path) -> None:
    """Over the link that is left, which stays; the marker stays, too: it is the next daemon's."""
    async with running_belt() as (treadmill, bluez), post(tmp_path) as there:
        there.mark(treadmill)
        await dies(there)
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0
        assert bluez.connected(treadmill.advertisement.address)
        assert (there.state / MARKER_NAME).exists()


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "told to end"])
async def test_a_daemon_that_left_no_session_open_is_followed_by_nothing(tmp_path: Path, *, killed: bool) -> None:
    """However it ended: no marker, no write."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        async with daemon(there) as process:
            if killed:
                process.kill()
            else:
                await process.communicate()
        await there.says(NOTHING)
        assert not treadmill.witness.of("written")


async def test_it_tells_whom_it_waits_for(tmp_path: Path) -> None:
    """For whoever looks at `systemctl status`, or has started it by hand."""
    async with post(tmp_path) as there:
        assert await there.says("waits for the end of the daemon ") == "treadmill"
        async with daemon(there):
            assert await there.shows("warm: waits for the end of the daemon that holds ") == str(there.run / LOCK_NAME)
        await there.says(NOTHING)
        await there.shows("warm: no daemon; nothing moves that the last one left")


async def test_only_a_death_that_it_waited_for_counts(tmp_path: Path) -> None:
    """A marker without a daemon belongs to the failsafe after the daemon's end, and to its next start."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        there.mark(treadmill)
        there.run.mkdir()
        (there.run / LOCK_NAME).touch()
        await asyncio.sleep(3 * standby.LOOK_S)  # it has looked, more than once
        assert not treadmill.witness.of("written")
        await dies(there)
        await there.says(STANDS)


async def test_a_folder_that_comes_and_goes_is_found_again(tmp_path: Path) -> None:
    """Systemd makes it for the daemon and removes it: each death after the first is seen, too."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        for _ in range(2):
            await dies(there)
            await there.says(NOTHING)
            (there.run / LOCK_NAME).unlink()
            there.run.rmdir()
        there.mark(treadmill)
        await dies(there)
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0


async def test_a_lock_that_was_replaced_still_tells_of_its_holders_death(tmp_path: Path) -> None:
    """What counts is the file that the daemon holds, not its name."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        there.mark(treadmill)
        async with daemon(there) as process:
            (there.run / LOCK_NAME).unlink()
            (there.run / LOCK_NAME).touch()
            process.kill()
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0


async def test_a_daemon_that_hangs_is_not_dead(tmp_path: Path) -> None:
    """That is for systemd to judge, which then kills it."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        there.mark(treadmill)
        async with daemon(there) as process:
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(2 * standby.LOOK_S)  # it would have looked again
            assert there.waits()
            assert not treadmill.witness.of("written")
            process.kill()
        await there.says(STANDS)


async def test_a_marker_that_cannot_be_read_means_whatever_is_connected(tmp_path: Path) -> None:
    """As for every failsafe."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        (there.state / MARKER_NAME).write_text("{")
        await dies(there)
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0


async def test_without_a_bus_it_says_so_and_waits_for_the_next_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up as the failsafe does, but not its post."""
    monkeypatch.setenv(ADDRESS_VARIABLE, f"unix:path={tmp_path}/nobody")
    async with post(tmp_path) as there:
        (there.state / MARKER_NAME).touch()
        await dies(there)
        await there.says("Bluetooth cannot be reached: ")
        async with daemon(there):
            assert there.waits()


@pytest.mark.parametrize("back", [True, False], ids=["daemon back", "nobody back"])
async def test_a_link_that_it_made_is_ended_unless_a_daemon_is_back(tmp_path: Path, *, back: bool) -> None:
    """The next daemon has the lock at once, and may be using the link when the belt stands."""
    treadmill = Treadmill(USUAL)
    async with air(treadmill) as bluez, post(tmp_path) as there:
        there.mark(treadmill)
        treadmill.move_by_hand(2.0)
        await dies(there)
        with only_one(there.run / LOCK_NAME) if back else nullcontext():
            await there.says(STANDS)
            if back:
                await until(there.waits)
                assert bluez.connected(treadmill.advertisement.address)
            else:
                await until(lambda: not bluez.connected(treadmill.advertisement.address))
        assert treadmill.speed_kmh == 0


async def test_the_failsafe_of_systemd_may_come_in_between(tmp_path: Path) -> None:
    """Both stop the same belt, and both see it stand."""
    async with running_belt() as (treadmill, _), post(tmp_path) as there:
        there.mark(treadmill)
        await dies(there)
        follows = await retrowalk("stop", "--failsafe", environment=there.environment)
        assert (follows.status, follows.err.splitlines()[-1]) == (0, STANDS)
        await there.says(STANDS)
        assert treadmill.speed_kmh == 0


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)])
@pytest.mark.parametrize("alive", [True, False], ids=["daemon", "no daemon"])
async def test_it_ends_when_it_is_told_to(tmp_path: Path, sign: signal.Signals, status: int, *, alive: bool) -> None:
    """At once, whatever it waits for; systemd takes either for an orderly end."""
    async with post(tmp_path) as there, daemon(there) if alive else nullcontext():
        there.process.send_signal(sign)
        async with asyncio.timeout(PATIENCE_S):
            assert await there.process.wait() == status


async def test_nothing_is_imported_when_seconds_count(tmp_path: Path) -> None:
    """It has all in memory: what asyncio, D-Bus and the options would load when they are first used, too."""
    async with running_belt() as (treadmill, _), post(tmp_path, IMPORTS) as there:
        there.mark(treadmill)
        await dies(there)
        await there.says(STANDS)
        assert await there.says("imported: ") == "[]"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may keep as much in memory as it likes")
async def test_it_is_never_swapped_out(tmp_path: Path) -> None:
    """The kernel keeps what it has used in memory."""
    async with post(tmp_path) as there:
        assert re.search(r"^VmLck:\s+[1-9]\d* kB$", there.tells("status"), re.MULTILINE)


def test_what_fails_is_told_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A lock that cannot be opened, a name that no file can have: the next round may do better."""
    lock = tmp_path / LOCK_NAME
    lock.symlink_to(lock)
    monkeypatch.setenv("RETROWALK_CONFIG", "/nowhere")
    for folder, name in ((tmp_path, "hall"), (None, "a\0b")):
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder or ""))
        it = standby._Standby(name, lambda _: None)
        for _ in range(2):
            it.wait_and_stop()
    assert capfd.readouterr().err.splitlines() == [
        f"{lock} cannot be watched: Too many levels of symbolic links",
        "ValueError: open: embedded null character in path. PULL THE SAFETY KEY if the belt moves.",
    ]

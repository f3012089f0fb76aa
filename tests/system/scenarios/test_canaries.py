"""What bluetoothd and systemd were seen to do, and the code relies on. A failure here: read that code again.

The rest is in the contract: what the fake does, the real one does.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from retrowalk.cli.demo_stage import Simulator
from retrowalk_sim.treadmill import CONTROL_POINT
from system.room import OUT, STOP, note, path_of, run, simulated, slowness, systemctl, write_by_hand

WATCHED_S = 10.0
FROZEN_S = 4.0
BURST_S = 1.0
FRAMES = 10
DROPPED_S = 6.0


@dataclass
class Held:
    """A treadmill whose belt a bare client has started."""

    simulator: Simulator
    client: Process
    path: str

    async def line(self, word: str) -> list[str]:
        """Return the next line of the client that begins with `word`."""
        assert self.client.stdout is not None
        async with asyncio.timeout(60):
            while (line := (await self.client.stdout.readline()).decode().split()) and line[0] != word:
                pass
        return line


@asynccontextmanager
async def held(profile: str = "ideal") -> AsyncIterator[Held]:
    """Have a treadmill's belt started by a client that may be killed."""
    await systemctl("start", "bluetooth")
    async with simulated(profile) as (simulator, ready):
        script = str(Path(__file__).parents[1] / "holder.py")
        with (OUT / "holder.log").open("ab") as log:
            client = await asyncio.create_subprocess_exec(
                sys.executable, script, ready["address"], stdout=PIPE, stderr=log
            )
        try:
            found = Held(simulator, client, "")
            assert await found.line("started")
            await simulator.until("belt_started")
            found.path = await path_of(CONTROL_POINT)
            yield found
        finally:
            if client.returncode is None:
                client.kill()
            await client.communicate()


async def test_the_belt_runs_on_without_its_client_and_a_bare_write_stops_it() -> None:
    """SIGKILL: link and belt stay. Another process writes over the same link, and needs no Python for it."""
    async with held() as treadmill:
        slow = await slowness()
        treadmill.client.kill()
        await treadmill.client.wait()
        await asyncio.sleep(WATCHED_S)
        assert not treadmill.simulator.of("link_down")
        assert not treadmill.simulator.of("belt_standing")
        stop_s = await write_by_hand(treadmill.simulator, treadmill.path, STOP)
        note("a_bare_busctl_write", stop_s=stop_s, guest_slower=slow)
        await treadmill.simulator.until("belt_standing")


async def test_a_bare_write_is_refused_where_indications_are_demanded() -> None:
    """The dead client's subscriptions are gone: ATT error 0xFD. Hence the failsafe subscribes first."""
    async with held("enforces-cccd") as treadmill:
        treadmill.client.kill()
        await treadmill.client.wait()
        await asyncio.sleep(1)
        with pytest.raises(RuntimeError, match="0xfd"):
            await write_by_hand(treadmill.simulator, treadmill.path, STOP)


async def test_a_graceful_end_takes_the_link_along() -> None:
    """SIGINT: bleak disconnects, and the belt runs on with nobody who could stop it. Hence: stop, verify, let go."""
    async with held() as treadmill:
        treadmill.client.send_signal(signal.SIGINT)
        await treadmill.simulator.until("link_down")
        assert not treadmill.simulator.of("belt_standing")


async def test_a_frozen_client_gets_its_backlog_in_a_burst() -> None:
    """SIGSTOP, SIGCONT: what was sent meanwhile arrives at once and is stale. Hence the distrust after a stall."""
    async with held() as treadmill:
        await treadmill.line("frame")
        treadmill.client.send_signal(signal.SIGSTOP)
        await asyncio.sleep(FROZEN_S)
        treadmill.client.send_signal(signal.SIGCONT)
        times_s = [float((await treadmill.line("frame"))[1]) for _ in range(FRAMES)]
        assert not treadmill.simulator.of("link_down")
        gaps_s = [later - earlier for earlier, later in pairwise(times_s)]
        assert sum(gap < BURST_S / FRAMES for gap in gaps_s) >= FRAMES // 2, gaps_s


async def test_a_killed_bluetoothd_drops_the_machine() -> None:
    """Systemd starts another; the link is gone after some two seconds, and the belt runs on."""
    async with held() as treadmill:
        slow, since_s = await slowness(), asyncio.get_running_loop().time()
        await systemctl("kill", "--signal=KILL", "bluetooth")
        down = await treadmill.simulator.until("link_down")
        note("a_killed_bluetoothd_drops_the_machine", link_down_s=down["at_s"] - since_s, guest_slower=slow)
        assert down["at_s"] - since_s < DROPPED_S * slow
        assert not treadmill.simulator.of("belt_standing")


async def test_bluez_is_open_to_every_user() -> None:
    """Debian's policy: the daemon's user needs no rule of its own."""
    await systemctl("start", "bluetooth")
    tree = await run(
        "runuser", "-u", "nobody", "--", "busctl", "call", "org.bluez", "/", "org.freedesktop.DBus.Peer", "Ping"
    )
    assert not tree


@pytest.mark.parametrize(("whom", "survives"), [("main", True), ("all", False)])
async def test_what_follows_a_kill_by_systemctl(tmp_path: Path, whom: str, survives: bool) -> None:
    """To the main process it is what a crash is; to all it may reach what comes after, too."""
    sign, unit = tmp_path / "after", "canary.service"
    after = f"ExecStopPost=/bin/sh -c 'sleep 1; touch {sign}'"
    await run("systemd-run", f"--unit={unit}", "--property", after, "sleep", "60")
    await systemctl("kill", f"--kill-whom={whom}", "--signal=KILL", unit)
    await asyncio.sleep(3)
    assert sign.exists() is survives
    await systemctl("reset-failed")

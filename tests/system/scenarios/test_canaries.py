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
from math import inf
from pathlib import Path
from statistics import median

import pytest

from retrowalk.cli.demo_stage import Simulator
from retrowalk_sim.treadmill import CONTROL_POINT
from system.room import (
    OUT,
    PATIENCE_S,
    STOP,
    assert_within,
    note,
    path_of,
    run,
    shown,
    simulated,
    slowness,
    systemctl,
    write_by_hand,
)

WATCHED_S = 10.0
FROZEN_S = 4.0
BURST = 5.0  # times closer than usual
FRAMES = 10
DROPPED_S = 6.0


@dataclass
class Held:
    """A treadmill whose belt a bare client has started."""

    simulator: Simulator
    client: Process
    path: str
    frame_s: float = -inf  # when the client had its last frame

    async def line(self, word: str) -> list[str]:
        """Return the next line of the client that begins with `word`."""
        assert self.client.stdout is not None
        async with asyncio.timeout(60):
            while (line := (await self.client.stdout.readline()).decode().split()) and line[0] != word:
                pass
        return line

    async def gap_s(self) -> float:
        """Return the seconds from the client's last frame to its next."""
        before_s, self.frame_s = self.frame_s, float((await self.line("frame"))[1])
        return self.frame_s - before_s


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
        usual_s = median([await treadmill.gap_s() for _ in range(FRAMES)])
        treadmill.client.send_signal(signal.SIGSTOP)
        await asyncio.sleep(FROZEN_S)
        treadmill.client.send_signal(signal.SIGCONT)
        async with asyncio.timeout(PATIENCE_S):
            while await treadmill.gap_s() < 0.9 * FROZEN_S:
                pass  # what lay in the pipe
        assert not treadmill.simulator.of("link_down")
        missed = int(FROZEN_S / usual_s)
        gaps_s = [await treadmill.gap_s() for _ in range(missed - 1)]
        note("a_frozen_clients_backlog", usual_gap_s=usual_s, burst_s=sum(gaps_s))
        assert sum(gap_s < usual_s / BURST for gap_s in gaps_s) >= missed // 2, gaps_s


async def test_a_killed_bluetoothd_drops_the_machine() -> None:
    """Systemd starts another; the link is gone after some two seconds, and the belt runs on."""
    async with held() as treadmill:
        slow, since_s = await slowness(), asyncio.get_running_loop().time()
        await systemctl("kill", "--signal=KILL", "bluetooth")
        down = await treadmill.simulator.until("link_down")
        note("a_killed_bluetoothd_drops_the_machine", link_down_s=down["at_s"] - since_s, guest_slower=slow)
        assert_within(down["at_s"] - since_s, DROPPED_S, slow)
        assert not treadmill.simulator.of("belt_standing")


async def test_bluez_is_open_to_every_user() -> None:
    """Debian's policy: the daemon's user needs no rule of its own."""
    await systemctl("start", "bluetooth")
    reply = await run(
        "runuser", "-u", "nobody", "--", "busctl", "call", "org.bluez", "/", "org.freedesktop.DBus.Peer", "Ping"
    )
    assert not reply


@pytest.mark.parametrize("whom", ["main", "all"])
async def test_what_follows_an_end_follows_a_kill_by_systemctl(tmp_path: Path, whom: str) -> None:
    """To the main process or to all that the unit has then: ExecStopPost comes after, and is left alone."""
    sign, unit = tmp_path / "after", "canary.service"
    after = f"ExecStopPost=/bin/sh -c 'sleep 1; touch {sign}'"
    await run("systemd-run", f"--unit={unit}", "--property", after, "sleep", "60")
    await systemctl("kill", f"--kill-whom={whom}", "--signal=KILL", unit)
    await _until_ended(unit)
    assert sign.exists()
    await systemctl("reset-failed")


async def _until_ended(unit: str) -> None:
    """Wait until a unit is over, with what follows its end."""
    async with asyncio.timeout(PATIENCE_S):
        while await shown(unit, "ActiveState") in {"active", "deactivating"}:  # noqa: ASYNC110 - systemctl has no wait
            await asyncio.sleep(0.1)

"""The daemon's own ways out: killed, told to end, started twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from integration.home import PATIENCE_S
from integration.scene import START, STOP, Scene, retrowalk
from retrowalk.cli.demo_stage import start_daemon
from support.locks import waits_for_a_lock

WRITTEN_WITHIN_S = 3.0  # of the death
QUICKLY_S = 5.0


async def _killed(set_: Scene) -> float:
    """Kill the daemon on a running belt; return when. The link stays, and the belt runs on."""
    await set_.run()
    set_.stage.daemon.kill()
    await set_.stage.daemon.wait()
    died_s = set_.now_s
    await set_.home.status("offline")  # the last will
    assert not set_.simulator.of("link_down")
    assert not set_.simulator.of("belt_standing")
    assert set_.marker.exists()
    return died_s


async def test_the_failsafe_stops_the_belt_of_a_killed_daemon_which_then_comes_up_latched(idle: Scene) -> None:
    """A fresh process writes Stop and sees the belt stand; the next daemon knows, and waits for a person."""
    died_s = await _killed(idle)
    ended = await retrowalk("stop", "--failsafe", "--marker", idle.marker, environment=idle.stage.environment)
    assert ended.status == 0, ended.err
    assert await idle.stop_written(died_s) - died_s < WRITTEN_WITHIN_S
    await idle.stands(died_s)
    states, written = len(idle.home.states), len(idle.writes)
    async with start_daemon(idle.config, idle.stage.environment):
        state = await idle.home.state(states, phase="tripped")
        assert state["trip_cause"] == "restart_in_session"
        assert "tripped" in (await idle.home.command("select_program", "demo"))["reason"]
        assert START not in idle.writes[written:]
        await _reset_needs_the_strap(idle)
        await idle.unmarked()


@asynccontextmanager
async def _standing_by(set_: Scene) -> AsyncIterator[Process]:
    """Have a standby wait for the death of the daemon, which it finds by the configuration."""
    command = (sys.executable, "-m", "retrowalk", "standby")
    environment = {**set_.stage.environment, "RETROWALK_CONFIG": str(set_.config)}
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, env=environment)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not waits_for_a_lock(process.pid):  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.01)
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def test_a_standby_stops_the_belt_of_a_killed_daemon(idle: Scene) -> None:
    """By the lock that a daemon really holds and the marker that it really left, wherever they are."""
    async with _standing_by(idle) as standby:
        died_s = await _killed(idle)
        assert await idle.stop_written(died_s) - died_s < WRITTEN_WITHIN_S
        await idle.stands(died_s)
        assert standby.returncode is None
    assert idle.marker.exists()


async def test_a_standby_has_nothing_to_do_after_an_end_in_order(idle: Scene) -> None:
    """The daemon has stopped the belt and taken the marker away before it lets go of the lock."""
    async with _standing_by(idle) as standby:
        await idle.run()
        idle.stage.daemon.send_signal(signal.SIGTERM)
        assert await idle.stage.daemon.wait() == 0
        written = len(idle.writes)
        assert standby.stderr is not None
        said = [(await standby.stderr.readline()).decode().rstrip() for _ in range(3)]
        assert said == [
            "waits for the end of the daemon treadmill",
            "the daemon is gone",
            "no session was left open: nothing to stop",
        ]
        assert len(idle.writes) == written


async def _reset_needs_the_strap(set_: Scene) -> None:
    """Reset over the local socket: refused while the strap is open, taken once it is closed."""
    states = len(set_.home.states)
    set_.simulator.do("pull_strap")
    await set_.home.state(states, strap_closed=False)
    refused = await set_.ctl("reset")
    assert (refused.status, "strap" in refused.err) == (4, True)
    states = len(set_.home.states)
    set_.simulator.do("clip_strap")
    await set_.home.state(states, strap_closed=True)
    await set_.reset()


async def test_a_daemon_that_comes_back_on_a_running_belt_stops_it(idle: Scene) -> None:
    """Killed and started again before anything else could act: the belt is stopped, never adopted."""
    died_s = await _killed(idle)
    states, written = len(idle.home.states), len(idle.writes)
    async with start_daemon(idle.config, idle.stage.environment):
        await idle.stands(died_s)
        await idle.home.state(states, phase="tripped", latched=True)
    assert set(idle.writes[written:]) <= {"00", STOP}


async def test_told_to_end_on_a_running_belt_it_stops_verifies_and_only_then_lets_go(idle: Scene) -> None:
    """SIGTERM: Stop, standstill, disconnect, in this order; exit status 0; `offline` is said; no marker stays."""
    await idle.run()
    since_s = idle.now_s
    idle.stage.daemon.send_signal(signal.SIGTERM)
    assert await idle.stage.daemon.wait() == 0
    moments_s = [
        since_s,
        await idle.stop_written(since_s),
        await idle.stands(since_s),
        float((await idle.simulator.until("link_down", after_s=since_s))["at_s"]),
    ]
    assert all(earlier < later for earlier, later in pairwise(moments_s)), moments_s
    await idle.home.status("offline")
    assert not idle.marker.exists()


async def test_told_to_end_when_idle_it_ends_at_once(idle: Scene) -> None:
    """SIGTERM: exit status 0, `offline` is said, the treadmill was never touched; who watches is hung up on."""
    states, watcher = await asyncio.open_unix_connection(idle.control_socket)
    watcher.write(b'{"cmd": "watch"}\n')
    assert b'"phase": "idle"' in await states.readline()
    idle.stage.daemon.send_signal(signal.SIGTERM)
    async with asyncio.timeout(QUICKLY_S):
        assert await idle.stage.daemon.wait() == 0
        await states.read()
    watcher.close()
    await idle.home.status("offline")
    assert not idle.simulator.of("link_up")


async def test_a_second_daemon_of_the_same_configuration_ends_at_once(idle: Scene) -> None:
    """Exit status 2 and a sentence that says what would be right; the first one does not notice."""
    command = (sys.executable, "-m", "retrowalk", "run", "--config", str(idle.config))
    second = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, env=idle.stage.environment)
    _, complaint = await second.communicate()
    assert second.returncode == 2
    assert complaint.decode().startswith("retrowalk: another daemon holds ")
    assert "daemon.name" in complaint.decode()
    assert "Traceback" not in complaint.decode()
    assert idle.home.statuses == ["online"]
    assert (await idle.ctl("state")).status == 0

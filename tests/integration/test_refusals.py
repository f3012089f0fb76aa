"""What a broker may deliver and a daemon must not obey: each is refused with its reason, and the belt stands."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from integration.home import Home
from integration.scene import START, Scene, scene


def _start(age_s: float = 0.0, **more: object) -> str:
    return json.dumps({"cmd": "start", "ts": time.time() - age_s} | more)


async def _refused(home: Home, because: str, payload: str, *options: str) -> None:
    """Publish a command; its sender and everybody else are told why nothing comes of it."""
    responses, events = len(home.responses), len(home.events)
    await home.publish("cmd", payload, *options)
    response = await home.response(responses, ok=False)
    event = await home.event("command_rejected", events)
    assert because in response["reason"]
    assert event["reason"] == response["reason"]


def _untouched(set_: Scene) -> bool:
    return not any(set_.simulator.of(what) for what in ("link_up", "written", "belt_started"))


async def test_what_is_old_broken_or_out_of_place_is_refused(idle: Scene) -> None:
    """Retained, stale, repeated, too long, no JSON, out of turn: nothing of it reaches the treadmill.

    What is retained is not even delivered to a daemon that connects later.
    """
    home, once = idle.home, _start(id="once")
    await _refused(home, "retained", _start(), "-r")
    await _refused(home, "stale: sent 10.", _start(age_s=10))
    await _refused(home, "from the future", _start(age_s=-10))
    await _refused(home, "not ready to start (idle)", once)
    await _refused(home, "duplicate", once)
    await _refused(home, "2048 bytes", "x" * 2048)
    await _refused(home, "Invalid JSON", '{"cmd": "start", ')
    await _refused(home, "neither ts nor token", '{"cmd": "start"}')
    await _refused(home, "did you mean 'start'?", '{"cmd": "strat"}')
    await _refused(home, "level 3", json.dumps({"cmd": "select_program", "value": "runner-ladder", "ts": time.time()}))
    await _refused(home, "no program is selected", json.dumps({"cmd": "arm", "ts": time.time()}))
    refusals = len(home.responses)
    await _throw_out(home)
    assert len(home.responses) == refusals
    assert _untouched(idle)


async def _throw_out(home: Home) -> None:
    """Take the daemon's client id: it connects again, to a broker that holds a retained start."""
    statuses, states = len(home.statuses), len(home.states)
    thief = ("mosquitto_pub", "-p", str(home.port), "-i", "retrowalk-demo", "-t", "takeover", "-n")
    await (await asyncio.create_subprocess_exec(*thief)).wait()
    await home.status("online", statuses)
    await home.state(states)


async def _arm_alone(set_: Scene) -> None:
    """Arm without anybody there: granted, and it waits for presence."""
    await set_.home.taken("select_program", "demo")
    await set_.home.taken("arm")


async def _refusal(home: Home, cmd: str, **more: Any) -> str:
    response = await home.command(cmd, **more)
    assert not response["ok"]
    return str(response["reason"])


async def test_without_presence_there_is_no_session(tmp_path: Path) -> None:
    """Even with remote_start a start needs somebody there, and a confirm the prompt that is open."""
    async with scene(tmp_path, session="remote_start = true") as set_:
        home = set_.home
        await _arm_alone(set_)
        assert "nobody has shown to be at the treadmill" in await _refusal(home, "start")
        assert "no question is open" in await _refusal(home, "confirm")
        since = len(home.events)
        await set_.clip_on()
        prompt = await home.event("prompt", since)
        assert "only just being asked" in await _refusal(home, "confirm")
        closed = await _refusal(home, "confirm", prompt="board-0")
        assert closed == f"prompt board-0 is closed; the open one is {prompt['prompt']}"
        assert START not in set_.writes
        assert not set_.simulator.of("belt_started")


async def test_a_message_alone_starts_no_belt(idle: Scene) -> None:
    """With remote_start off, as it is by default, only a press answers the first prompt."""
    await idle.board()
    for cmd in ("start", "confirm", "resume"):
        assert "only a press at the treadmill starts the belt" in await _refusal(idle.home, cmd)
    assert START not in idle.writes
    assert not idle.simulator.of("belt_started")

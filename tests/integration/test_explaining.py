"""What a person is told before a session and after a trip, by real processes."""

from __future__ import annotations

import asyncio
import json

from integration.home import PATIENCE_S
from integration.scene import Ended, Scene, retrowalk


async def _told(scene: Scene, command: str) -> Ended:
    ended = await retrowalk(command, "--json", "--config", scene.config, environment=scene.stage.environment)
    assert ended.status == 0, ended.err
    return ended


async def _kept(scene: Scene) -> None:
    """Wait until the last rung is on the disk: that has its own thread, and tells nobody."""
    folder = scene.stage.folder / "state" / "trips"
    async with asyncio.timeout(PATIENCE_S):
        while not any(  # noqa: ASYNC110 (a file has no event)
            "stop_verified" in path.read_text() for path in folder.glob("*.json")
        ):
            await asyncio.sleep(0.05)


async def test_a_daemon_explains_itself_and_leaves_a_trip_even_when_it_is_killed(idle: Scene) -> None:
    """Walking, the strap's permissive is good; after the pull and a kill the report has all rungs up to then."""
    await idle.walk()
    explained = json.loads((await _told(idle, "explain")).out)
    assert {row["rule"]: row["standing"] for row in explained["permissives"]}["strap_open"] == "good"
    assert (explained["live"], explained["phase"], explained["motion"]) == (True, "walk", "moving")
    idle.simulator.do("pull_strap")
    await idle.home.event("stop_verified")
    await _kept(idle)
    idle.stage.daemon.kill()
    await idle.stage.daemon.wait()
    trip = json.loads((await _told(idle, "trip")).out)
    assert (trip["cause"], trip["complete"], trip["simulated"]) == ("strap_open", False, True)
    assert trip["readings"][0]["t_s"] < -1
    assert trip["readings"][0]["strap_closed"]
    assert {"stop_demanded", "stop_written", "stop_verified"} <= {step["rung"] for step in trip["steps"]}

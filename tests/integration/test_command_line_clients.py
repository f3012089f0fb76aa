"""A session from the outside: nothing but the broker's command-line clients, a button and the belt."""

from __future__ import annotations

from pathlib import Path

from integration.scene import START, scene


async def test_a_session_is_walked_with_command_line_clients(tmp_path: Path) -> None:
    """Select, arm, a button for presence, confirm (remote_start), stop; the state tells it all, and the belt obeys."""
    async with scene(tmp_path, session="remote_start = true") as set_:
        home = set_.home
        prompt = await set_.board()
        asking = await home.state(prompt_id=prompt)
        assert asking["simulated"]
        assert asking["present"]
        assert asking["program"] == "demo"
        assert START not in set_.writes
        await home.taken("confirm", prompt=prompt)
        await set_.simulator.until("belt_started")
        running = await home.state(phase="step_on", running=True)
        assert 0 < running["speed_kmh"] <= 0.8
        assert running["link_up"]
        since_s = set_.now_s
        await home.stop()
        await set_.stands(since_s)
        await home.event("stop_verified")
        latched = await home.state(phase="tripped")
        assert latched["latched"]
        assert latched["trip_cause"] == "user_stop"
        await home.until(lambda: home.links[-1] == "offline" or None, "letting the treadmill go")

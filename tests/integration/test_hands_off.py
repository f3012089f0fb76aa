"""Without a session the treadmill belongs to whoever uses it."""

from __future__ import annotations

from integration.scene import Scene

FAST_KMH = 12.0


async def test_a_belt_that_is_used_by_hand_is_left_alone(idle: Scene) -> None:
    """No link, no write, while somebody runs at 12 km/h; arming is refused with the reason, and nothing is stopped."""
    idle.simulator.do("move_by_hand", kmh=FAST_KMH)
    await idle.simulator.until("moved_by_hand")
    for _ in range(3):
        await idle.home.state(len(idle.home.states), phase="idle")
    assert not idle.simulator.of("link_up")
    await idle.home.taken("select_program", "demo")
    await idle.home.press()
    refusal = await idle.home.command("arm")
    assert not refusal["ok"]
    assert "the belt moves without a command" in refusal["reason"]
    await idle.simulator.until("link_down")
    assert idle.writes == []
    assert not idle.simulator.of("belt_standing")
    assert (await idle.home.state(len(idle.home.states)))["latched"] is False

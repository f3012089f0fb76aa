"""The heart-rate strap over Bluetooth: a rate that is too high stops the belt, a rate that is lost pauses it."""

from __future__ import annotations

from integration.scene import Scene

LOST_AFTER_S = 10.0


async def test_a_heart_rate_over_the_hard_limit_stops_the_belt_and_latches(idle: Scene) -> None:
    """Above 140 for three seconds, even where the jump is suspect: Stop, latched, and no reset while it lasts."""
    await idle.run()
    since, since_s = len(idle.home.events), idle.now_s
    idle.simulator.do("heart_fault", name="artefact_bpm", value=90)
    trip = await idle.home.event("trip", since)
    assert trip["cause"] == "heart_rate_hard"
    await idle.stop_written(since_s)
    await idle.stands(since_s)
    await idle.home.event("stop_verified", since)
    assert (await idle.home.state(phase="tripped"))["latched"]
    refused = await idle.ctl("reset")
    assert (refused.status, "hard limit" in refused.err) == (4, True)


async def test_a_heart_rate_that_is_lost_pauses_the_walk(idle: Scene) -> None:
    """Ten seconds without a sample: a planned stop, nothing latched; a stop said at standstill ends the session."""
    await idle.run()
    since, since_s = len(idle.home.events), idle.now_s
    idle.simulator.do("heart_fault", name="dropout")
    await idle.home.phase("slowing", since)
    assert idle.now_s - since_s > LOST_AFTER_S - 1  # the last sample was up to a second old
    await idle.stands(since_s)
    await idle.home.phase("paused", since)
    paused = await idle.home.state(len(idle.home.states), phase="board")  # paused is over as soon as the belt stands
    assert not paused["latched"]
    assert paused["heart_rate_bpm"] is None
    assert idle.marker.exists()
    since, since_s = len(idle.home.events), idle.now_s
    await idle.home.stop()
    await idle.stop_written(since_s)
    await idle.home.phase("idle", since)
    await idle.unmarked()

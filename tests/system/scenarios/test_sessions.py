"""Sessions as they should go."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from system.room import START, Room
from system.session import answer, open_session

FASTEST_KMH = 0.85
BOUTS = 6
PATIENCE_S = 900.0
STEPS = {"step_on": "step_on", "rest": "step_off", "debrief": "step_off"}


async def _walk_willingly(room: Room) -> None:
    """Read each prompt and press; step on when told, off when the belt stands."""
    seen = 0
    while True:
        event = await room.home.until(partial(_event, room, seen), "another event", PATIENCE_S)
        seen += 1
        if event["event_type"] == "prompt":
            await answer(room.home)
        elif event["event_type"] == "phase" and event["phase"] in STEPS:
            room.simulator.do("walker", step=STEPS[event["phase"]])


def _event(room: Room, number: int) -> dict[str, Any] | None:
    return room.home.events[number] if len(room.home.events) > number else None


def _workout_ended(room: Room) -> dict[str, Any] | None:
    return next((event for event in room.home.events if event["event_type"] == "workout_ended"), None)


@pytest.mark.timeout(2 * PATIENCE_S)
async def test_first_20s(room: Room) -> None:
    """Six bouts backward at half a mile an hour, from arming to hands off, without a trip."""
    walking = asyncio.create_task(_walk_willingly(room))
    try:
        await open_session(room.home, "first-20s")
        ended = await room.home.until(partial(_workout_ended, room), "the end", PATIENCE_S)
    finally:
        walking.cancel()
        await asyncio.gather(walking, return_exceptions=True)
    assert ended["ending"] == "completed"
    assert ended["bouts_done"] == BOUTS
    assert room.writes.count(START) == BOUTS
    assert max(float(event["detail"]) for event in room.simulator.of("set_point")) <= FASTEST_KMH
    assert not [event for event in room.home.events if event["event_type"] == "trip"]
    await room.home.phase("idle")
    await room.simulator.until("link_down")

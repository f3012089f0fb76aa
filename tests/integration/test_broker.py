"""kill -9 of the broker in mid-session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import Broker, running_broker
from integration.scene import Scene, scene
from retrowalk.session import words

BACK_WITHIN_S = 5.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Run a broker that can be killed."""
    with running_broker(tmp_path) as running:
        yield running


async def _comes_back(broker: Broker, set_: Scene) -> None:
    """Start the broker again; within seconds the daemon is online and its state is news."""
    statuses, states, since_s = len(set_.home.statuses), len(set_.home.states), time.monotonic()
    await asyncio.to_thread(broker.start)
    await set_.home.status("online", statuses, patience_s=BACK_WITHIN_S)
    await set_.home.state(states)
    assert time.monotonic() - since_s < BACK_WITHIN_S


async def test_a_session_goes_on_without_a_broker(tmp_path: Path, broker: Broker) -> None:
    """broker_lost = "continue": the walk begins without one; when the broker is back, so are state and stop."""
    async with scene(tmp_path, port=broker.port, mqtt='broker_lost = "continue"') as set_:
        await set_.run()
        since_s = set_.now_s
        broker.kill()
        await set_.state_on_socket(phase="walk")
        assert set_.simulator.of("belt_standing", after_s=since_s) == []
        await _comes_back(broker, set_)
        assert set_.home.states[-1]["phase"] == "walk"
        since, since_s = len(set_.home.events), set_.now_s
        await set_.home.stop(bytes(range(256)))
        await set_.stop_written(since_s)
        await set_.stands(since_s)
        assert (await set_.home.event("workout_ended", since))["ending"] == "tripped"


async def test_a_session_ends_with_the_broker(tmp_path: Path, broker: Broker) -> None:
    """broker_lost = "end_session": announced; the belt stops, verified, the marker goes, the machine is let go."""
    ending = 'broker_lost = "end_session"'
    async with scene(tmp_path, profile="slow-belt", port=broker.port, mqtt=ending) as set_:
        await set_.run()
        since_s = set_.now_s
        broker.kill()
        await set_.state_on_socket(phase="slowing", cue=words.BROKER_LOST)
        await set_.stop_written(since_s)
        await set_.stands(since_s)
        await set_.simulator.until("link_down", after_s=since_s)
        await set_.state_on_socket(phase="idle", latched=False)
        await set_.unmarked()
        await _comes_back(broker, set_)

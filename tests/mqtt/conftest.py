"""A connected bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers import Broker, broker
from mqtt_lab import Engine, Lab, make_bridge, running, stranger_at
from retrowalk.model.observations import BrokerLink
from retrowalk.model.reports import State
from states import full_state, idle_state, stamp

__all__ = ["broker", "full_state", "idle_state", "stamp"]


@pytest.fixture
async def lab(broker: Broker, idle_state: State) -> AsyncIterator[Lab]:
    """Connect a bridge and a stranger."""
    engine = Engine()
    async with stranger_at(broker.port) as stranger:
        bridge = make_bridge(engine, broker.port)
        bridge.publish_state(idle_state)
        async with running(bridge):
            await engine.until_told(BrokerLink(up=True))
            yield Lab(bridge, engine, stranger, broker)

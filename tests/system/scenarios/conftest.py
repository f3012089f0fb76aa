"""Scenarios run in the guest alone: `make system`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from system.room import Room, furnished

if "RETROWALK_GUEST" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    """A treadmill, the daemon idle, home automation."""
    profile = getattr(request, "param", "ideal")
    async with furnished(request.node.name, profile) as furnished_room:
        yield furnished_room

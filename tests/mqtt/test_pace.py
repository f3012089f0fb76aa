from __future__ import annotations

from retrowalk.model.units import seconds
from retrowalk.mqtt.pace import Pace


def test_a_change_is_told_at_once_and_creeping_values_once_a_second() -> None:
    """A phase cannot wait, a distance can."""
    pace = Pace()
    assert pace.is_due({"phase": "board", "distance_m": 0}, 0)
    assert not pace.is_due({"phase": "board", "distance_m": 1}, seconds(0.9))
    assert pace.is_due({"phase": "board", "distance_m": 1}, seconds(1.0))
    assert pace.is_due({"phase": "walk", "distance_m": 1}, seconds(1.1))
    assert not pace.is_due({"phase": "walk", "distance_m": 2}, seconds(2.0))

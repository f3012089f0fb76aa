from __future__ import annotations

import json
from dataclasses import replace

from retrowalk.messages import Stamp, state_message
from retrowalk.messages.state import StateMessage
from retrowalk.model.reports import Phase, State
from retrowalk.model.units import Speed

TOKEN = "t0"  # noqa: S105 (public: it is published)


def test_a_full_state_is_flat_json_with_units_in_its_names(full_state: State, stamp: Stamp) -> None:
    """Speeds are km/h, times are wall-clock or whole seconds, enums are their words; json can write all of it."""
    message = state_message(full_state, stamp=stamp, token=TOKEN, simulated=True)
    expected = {
        "ts": 1_800_000_000.123,
        "token": TOKEN,
        "simulated": True,
        "phase": "walk",
        "trip_cause": "strap_open",
        "trip_ts": 1_799_999_997.623,
        "trip_speed_kmh": 0.8,
        "prompt_id": "p7",
        "segment": "backward",
        "segment_left_s": 12,
        "session_left_s": 301,
        "progress_pct": 33,
        "running": True,
        "speed_kmh": 0.8,
        "limit_kmh": 1.6,
        "incline_pct": 1.5,
        "telemetry_age_s": 0.2,
        "problem": True,
    }
    assert expected == {name: message[name] for name in expected}
    assert message["faults"][0]["kind"] == "ease"
    assert json.loads(json.dumps(message)) == message


def test_what_is_unknown_is_null_and_never_missing(idle_state: State, stamp: Stamp) -> None:
    """Home Assistant's templates find every key; a refused start alone is not a problem."""
    message = state_message(idle_state, stamp=stamp, token=None, simulated=False)
    assert set(message) == set(StateMessage.model_fields)
    assert message["speed_kmh"] is message["heart_rate_bpm"] is message["running"] is None
    assert message["problem"] is False


def test_a_rest_is_a_segment_of_its_own(full_state: State, stamp: Stamp) -> None:
    """Between bouts the segment says why the belt stands, and a standing belt is not running."""
    rest = replace(full_state, phase=Phase.REST, speed=Speed(0))
    message = state_message(rest, stamp=stamp, token=None, simulated=False)
    assert (message["segment"], message["facing"], message["running"]) == ("rest", "backward", False)

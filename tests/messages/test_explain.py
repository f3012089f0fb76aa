from __future__ import annotations

import json
from dataclasses import replace

import pytest

from retrowalk.messages import Stamp, explain_message
from retrowalk.messages.explain import Standing, explain_ahead
from retrowalk.model.reports import Gauge, Kind, Motion, Permissive, State

STALE = Permissive(
    "telemetry_stale",
    ((Motion.IDLE, Kind.NO_ENTRY), (Motion.MOVING, Kind.STOP)),
    Kind.STOP,
    broken=False,
    gauge=Gauge(0.24999, 3.0, "s"),
    words="the treadmill has not told its speed",
    remedy="pull the cord",
)


@pytest.mark.parametrize(
    ("permissive", "standing"),
    [
        (STALE, Standing.GOOD),
        (replace(STALE, broken=True), Standing.BROKEN),
        (replace(STALE, kind=None, broken=True), Standing.DOES_NOT_APPLY),
        (replace(STALE, gauge=Gauge(None, 3.0, "s")), Standing.GOOD),
        (replace(STALE, gauge=Gauge(None, 140, "bpm")), Standing.UNKNOWN),
        (replace(STALE, gauge=Gauge(None, 140, "bpm"), broken=True), Standing.BROKEN),
        (replace(STALE, gauge=Gauge()), Standing.GOOD),
    ],
    ids=["good", "broken", "not now", "never happened", "not heard", "not heard and broken", "no figure"],
)
def test_a_permissive_stands_as_it_is(
    full_state: State, stamp: Stamp, permissive: Permissive, standing: Standing
) -> None:
    """What does not apply is neither good nor broken; what was not heard is not called good."""
    message = explain_message(full_state, [permissive], stamp=stamp, simulated=False)
    assert message["permissives"][0]["standing"] == standing


def test_a_running_daemon_tells_reading_limit_and_effect(full_state: State, stamp: Stamp) -> None:
    """All of it as JSON values, with the unit."""
    message = explain_message(full_state, [STALE], stamp=stamp, simulated=True)
    assert json.loads(json.dumps(message)) == message
    assert (message["live"], message["simulated"], message["phase"]) == (True, True, "walk")
    (row,) = message["permissives"]
    assert (row["value"], row["limit"], row["unit"], row["does"]) == (0.25, 3.0, "s", "stop")
    assert row["does_in"] == {"idle": "no_entry", "moving": "stop"}


def test_a_configuration_tells_only_of_the_rules_that_it_decides(stamp: Stamp) -> None:
    """Of all others neither a figure nor a standing is made up, and nothing is said of the present."""
    told = replace(STALE, rule="no_handrails", broken=True)
    message = explain_ahead(
        [told, STALE], {"no_handrails"}, program="p", obstacles=("why",), stamp=stamp, simulated=False
    )
    assert [row.standing for row in message.permissives] == [Standing.BROKEN, Standing.NEEDS_DAEMON]
    assert message.permissives[1].value is None
    assert {row.does for row in message.permissives} == {None}
    assert (message.live, message.phase, message.obstacles) == (False, None, ["why"])

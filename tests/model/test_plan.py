from __future__ import annotations

from retrowalk.model.plan import ABSOLUTE, Bout, Facing, Plan, Stage
from retrowalk.model.units import LEVEL, Incline, Speed

BACKWARD = Bout(Facing.BACKWARD, (Stage(Speed(80), LEVEL, 60), Stage(Speed(120), LEVEL, 90)))
FORWARD = Bout(Facing.FORWARD, (Stage(Speed(240), LEVEL, 180),))


def test_a_bout_adds_its_stages_up() -> None:
    """Duration is the sum, peak the fastest target."""
    assert BACKWARD.duration_s == 150
    assert BACKWARD.peak == Speed(120)


def test_each_facing_has_its_own_ceiling() -> None:
    """The backward ceiling never serves a forward bout, nor the other way round."""
    assert ABSOLUTE.ceiling(Facing.BACKWARD) is ABSOLUTE.backward
    assert ABSOLUTE.ceiling(Facing.FORWARD) is ABSOLUTE.forward


def test_the_absolute_caps_are_those_of_the_safety_page() -> None:
    """5.6 km/h, 10 %, 0.2 km/h a second, half an hour backward, an hour in all."""
    backward = ABSOLUTE.backward
    assert (backward.speed, backward.incline, backward.up_ramp_centi_kmh_per_s) == (Speed(560), Incline(100), 20)
    assert (ABSOLUTE.backward_s, ABSOLUTE.session_s) == (1800, 3600)
    assert ABSOLUTE.forward.speed == Speed.parse("4.0 mph")


def test_a_plan_knows_whether_anybody_walks_backward() -> None:
    """One backward bout is enough."""

    def plan(*bouts: Bout) -> Plan:
        return Plan("p", "P", 0, bouts, (), (), ABSOLUTE)

    assert plan(FORWARD, BACKWARD).backward
    assert not plan(FORWARD).backward

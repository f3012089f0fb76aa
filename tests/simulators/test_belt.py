from __future__ import annotations

from math import inf

import pytest

from retrowalk_sim.belt import Belt, Motor


def test_a_motor_goes_up_and_down_at_its_own_rates() -> None:
    """Half a unit per second up, a whole one down, and it arrives exactly."""
    motor = Motor(up_per_s=0.5, down_per_s=1.0)
    motor.target = 2.0
    motor.roll(1.0)
    assert (motor.value, motor.settles_s) == (0.5, 4.0)
    motor.roll(4.0)
    assert (motor.value, motor.settles_s) == (2.0, inf)
    motor.target = 0.0
    motor.roll(5.5)
    assert (motor.value, motor.settles_s) == (0.5, 6.0)
    motor.roll(60.0)
    assert motor.value == 0.0


@pytest.mark.parametrize("step_s", [0.01, 0.1, 0.25, 1.0])
def test_the_way_does_not_depend_on_the_steps(step_s: float) -> None:
    """A belt that speeds up to 3.6 km/h and holds it covers the same way, however often it is asked."""
    belt = Belt(up_per_s=0.9, down_per_s=1.0)
    belt.target = 3.6
    for number in range(1, round(10 / step_s) + 1):
        belt.roll(min(number * step_s, 10.0))
    assert belt.distance_m == pytest.approx(4 * 0.5 + 6 * 1.0)
    assert belt.moves

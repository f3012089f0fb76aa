from __future__ import annotations

import pytest

from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.walker import Fitness, Walker


class Scene:
    """A walker beside a belt that somebody at the console runs."""

    def __init__(self, fitness: Fitness | None = None) -> None:
        self.treadmill = Treadmill()
        self.strap = SafetyStrap()
        self.walker = Walker(self.treadmill, self.strap, fitness)
        self.now_s = 0.0

    def walk(self, seconds: int, kmh: float) -> float:
        """Run the belt for some time and return the heart rate at its end."""
        self.treadmill.move_by_hand(kmh)
        for _ in range(seconds):
            self.now_s += 1
            self.treadmill.advance(self.now_s)
            self.walker.heart_bpm(self.now_s)
        return self.walker.heart_bpm(self.now_s)


def test_the_heart_rests_until_the_walker_steps_on() -> None:
    """A moving belt alone does not raise the pulse."""
    scene = Scene()
    assert scene.walk(60, 3.0) == 70
    scene.walker.step_on()
    assert scene.walk(10, 3.0) > 72


def test_the_heart_follows_the_work_with_a_lag() -> None:
    """Two thirds of the way in half a minute, all of it after some minutes, and slowly back."""
    scene = Scene()
    scene.walker.step_on()
    scene.walk(10, 3.0)
    start, steady = scene.walker.heart_bpm(scene.now_s), scene.walker.steady_bpm()
    assert scene.walk(30, 3.0) == pytest.approx(start + 0.63 * (steady - start), abs=1)
    assert scene.walk(300, 3.0) == pytest.approx(steady, abs=0.1)
    scene.walker.step_off()
    assert scene.walk(30, 3.0) > 80
    assert scene.walk(400, 3.0) == pytest.approx(70, abs=0.5)


def test_backward_faster_and_steeper_is_harder_and_never_beyond_the_limit() -> None:
    """Work decides; the unfit heart stops at its own maximum."""
    scene = Scene(Fitness(vo2_max=15, highest_bpm=150))
    scene.walker.step_on()
    scene.walk(20, 2.0)
    backward = scene.walker.steady_bpm()
    scene.walker.backward = False
    assert scene.walker.steady_bpm() < backward
    scene.walker.backward = True
    scene.treadmill.machine.set_incline(5, by_hand=True)
    scene.walk(20, 2.0)
    assert scene.walker.steady_bpm() > backward
    scene.walk(30, 6.0)
    assert scene.walker.steady_bpm() == 150


def test_a_fall_pulls_the_strap() -> None:
    """The walker is off the belt and the line is open, until the strap is clipped again; the witness saw it."""
    scene = Scene()
    scene.walker.step_on()
    scene.walker.fall()
    assert not scene.walker.on_belt
    assert not scene.strap.closed
    scene.walker.clip_strap()
    assert scene.strap.closed
    whats = [event.what for event in scene.treadmill.witness]
    assert whats == ["stepped_on", "fell", "stepped_off", "strap_pulled", "strap_clipped"]

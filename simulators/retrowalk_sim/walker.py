"""The person on the simulated treadmill: a heart that answers to work, feet on or off the belt, and a strap to pull."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Final

from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill

REST_VO2: Final = 3.5  # ml/kg/min
VO2_PER_M_MIN: Final = 0.1  # walking on the level, then per unit of grade: the ACSM walking equation
VO2_PER_M_MIN_GRADE: Final = 1.8
BACKWARD_COSTS: Final = 1.35  # times walking forward at the same speed
M_MIN_PER_KMH: Final = 1000 / 60
RISE_S: Final = 30.0  # time constants of the heart's answer
FALL_S: Final = 50.0


@dataclass(frozen=True, slots=True)
class Fitness:
    """What a walker's heart can do."""

    resting_bpm: float = 70.0
    highest_bpm: float = 170.0
    vo2_max: float = 30.0  # ml/kg/min


class Walker:
    """Somebody beside the treadmill, facing backward. Acts at the treadmill's present."""

    def __init__(self, treadmill: Treadmill, strap: SafetyStrap, fitness: Fitness | None = None) -> None:
        self.fitness = fitness or Fitness()
        self.backward = True
        self.on_belt = False
        self._treadmill = treadmill
        self._strap = strap
        self._bpm = self.fitness.resting_bpm
        self._felt_s: float | None = None

    def step_on(self) -> None:
        """Step from the side boards onto the belt."""
        self._treadmill.witness.saw(self._treadmill.now_s, "stepped_on")
        self.on_belt = True

    def step_off(self) -> None:
        """Step off the belt, moving or not."""
        self._treadmill.witness.saw(self._treadmill.now_s, "stepped_off")
        self.on_belt = False

    def pull_strap(self) -> None:
        """Pull the safety strap."""
        self._treadmill.witness.saw(self._treadmill.now_s, "strap_pulled")
        self._strap.pull()

    def clip_strap(self) -> None:
        """Clip the safety strap."""
        self._treadmill.witness.saw(self._treadmill.now_s, "strap_clipped")
        self._strap.clip()

    def fall(self) -> None:
        """Fall: off the belt, and the strap with it."""
        self._treadmill.witness.saw(self._treadmill.now_s, "fell")
        self.step_off()
        self.pull_strap()

    def heart_bpm(self, now_s: float) -> float:
        """Return the true heart rate at `now_s`. Ask often: it follows the belt as it was when asked."""
        passed_s = 0.0 if self._felt_s is None else now_s - self._felt_s
        self._felt_s = now_s
        settled = self.steady_bpm()
        lag_s = RISE_S if settled > self._bpm else FALL_S
        self._bpm += (settled - self._bpm) * (1 - exp(-passed_s / lag_s))
        return self._bpm

    def steady_bpm(self) -> float:
        """Return the heart rate that the present work leads to after minutes."""
        fit = self.fitness
        work = (self._vo2() - REST_VO2) / (fit.vo2_max - REST_VO2)
        return fit.resting_bpm + min(work, 1.0) * (fit.highest_bpm - fit.resting_bpm)

    def _vo2(self) -> float:
        if not self.on_belt:
            return REST_VO2
        pace = self._treadmill.speed_kmh * M_MIN_PER_KMH
        walking = pace * (VO2_PER_M_MIN + VO2_PER_M_MIN_GRADE * self._treadmill.incline_pct / 100)
        return REST_VO2 + walking * (BACKWARD_COSTS if self.backward else 1.0)

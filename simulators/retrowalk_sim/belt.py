"""How a belt and an incline motor move: towards their target, at the rate of their motor."""

from __future__ import annotations

from math import inf

S_PER_H = 3600.0
M_PER_KM = 1000.0


class Motor:
    """One quantity that goes to its target at a limited rate. It arrives exactly, whatever the steps of `roll`."""

    def __init__(self, *, up_per_s: float, down_per_s: float) -> None:
        self.up_per_s = up_per_s
        self.down_per_s = down_per_s
        self.value = 0.0
        self.target = 0.0
        self.now_s = 0.0

    @property
    def settles_s(self) -> float:
        """When the value will be at its target (`inf`: it is)."""
        if self.value == self.target:
            return inf
        return self.now_s + abs(self.target - self.value) / self._rate_per_s

    @property
    def _rate_per_s(self) -> float:
        return self.up_per_s if self.target > self.value else self.down_per_s

    def roll(self, now_s: float) -> None:
        """Move on to `now_s`."""
        if self.value != self.target:
            step = self._rate_per_s * (now_s - self.now_s)
            arrives = now_s >= self.settles_s
            rising = self.target > self.value
            self.value = self.target if arrives else self.value + (step if rising else -step)
        self.now_s = now_s


class Belt(Motor):
    """A belt: `value` and `target` are km/h."""

    def __init__(self, *, up_per_s: float, down_per_s: float) -> None:
        super().__init__(up_per_s=up_per_s, down_per_s=down_per_s)
        self.distance_m = 0.0
        self.moving_s = 0.0

    @property
    def moves(self) -> bool:
        """Whether the belt moves at all."""
        return self.value > 0

    def roll(self, now_s: float) -> None:
        """Move on to `now_s`, counting the way and the time in motion. Accurate when called at `settles_s` too."""
        before, elapsed_s = self.value, now_s - self.now_s
        super().roll(now_s)
        if before or self.value:
            self.distance_m += (before + self.value) / 2 * elapsed_s * M_PER_KM / S_PER_H
            self.moving_s += elapsed_s

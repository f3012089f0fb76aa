"""What goes wrong in the world, now and lately: it blurs what the daemon can see, and explains what it does."""

from __future__ import annotations

from simulation.judge.facts import Facts
from simulation.judge.scene import NEVER_S, Scene
from simulation.law import BLURS_SPEED, LIARS, RECENT_S, SIGHT_S


class Trouble:
    """Remembers each happening: whether it goes on, and when it was last heard of."""

    def __init__(self, facts: Facts) -> None:
        self._lasting = facts.lasting
        self._liar = facts.machine in LIARS
        self._active: set[str] = set()
        self._recent: dict[str, float] = {}
        self._blurred_s = NEVER_S

    def hear(self, now_s: float, name: str, *, over: bool) -> None:
        """Take note that something begins, or is over."""
        self._recent[name] = now_s
        if over:
            self._active.discard(name)
        elif name in self._lasting:
            self._active.add(name)
        if name in BLURS_SPEED:
            self._blurred_s = now_s

    def link_lost(self, now_s: float) -> None:
        """Take note of a link that was lost, whoever did it."""
        self._recent["link_loss"] = now_s

    def goes_on(self, name: str) -> bool:
        """Return whether it goes on now."""
        return name in self._active

    def last_s(self, name: str) -> float:
        """Return when it was last heard of."""
        return self._recent.get(name, NEVER_S)

    def happened(self, now_s: float, names: frozenset[str]) -> bool:
        """Return whether any of these goes on, or was lately."""
        return bool(names & self._active) or any(now_s - self.last_s(name) < RECENT_S for name in names)

    def sighted(self, now_s: float, scene: Scene) -> bool:
        """Return whether the daemon sees what the belt does now: a link that lasts, and telemetry over it."""
        since_s = max(scene.linked_s or 0.0, self.last_s("boot")) + SIGHT_S
        return scene.linked_s is not None and not scene.dead and now_s > since_s and not self.goes_on("silence")

    def blurred(self, now_s: float) -> bool:
        """Return whether nobody could tell the belt's speed."""
        return bool(BLURS_SPEED & self._active) or now_s - self._blurred_s < 5

    def lied(self, now_s: float) -> bool:
        """Return whether the daemon may have been told a wrong speed."""
        return self.blurred(now_s) or self._liar or self.happened(now_s, BLURS_SPEED)

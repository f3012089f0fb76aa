"""Causes: a trip needs something that explains it, or it is a nuisance."""

from __future__ import annotations

from collections.abc import Callable

from simulation.judge.consent import Consent
from simulation.judge.facts import Facts
from simulation.judge.scene import Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdicts
from simulation.judge.watches import Watches
from simulation.law import BLURS_HEART, EXCUSED, EXPLAINS, NUISANCE


class Causes:
    """Looks for what explains a trip: in the world, in what people did, and in the machine itself."""

    def __init__(
        self, facts: Facts, scene: Scene, trouble: Trouble, verdicts: Verdicts, *, consent: Consent, watches: Watches
    ) -> None:
        self._scene, self._trouble, self._watches = scene, trouble, watches
        self._verdicts = verdicts
        self._excused = EXCUSED.get(facts.machine, frozenset())
        self._seen: dict[str, Callable[[float], bool]] = {
            "strap_open": lambda now_s: scene.line_open or now_s - scene.line_open_s < 1.5,
            "user_stop": lambda now_s: now_s - consent.stop_asked_s < 3,
            "heart_rate_hard": self._heart,
            "overspeed": lambda now_s: trouble.happened(
                now_s, EXPLAINS["overspeed"] | ({"fail_set_points"} if facts.silent else set())
            ),
        }

    def tripped(self, now_s: float, cause: str) -> None:
        """Judge a trip. What was latched before the daemon died stays latched, and needs no cause."""
        if cause != self._scene.marker and not self._explained(now_s, cause) and cause not in self._excused:
            self._verdicts.convict(now_s, NUISANCE, f"tripped ({cause}) without a cause")

    def _explained(self, now_s: float, cause: str) -> bool:
        seen = self._seen.get(cause)
        return seen(now_s) if seen else self._trouble.happened(now_s, EXPLAINS.get(cause, frozenset()))

    def _heart(self, now_s: float) -> bool:
        return now_s - self._watches.hot_s < 15 or self._trouble.happened(now_s, BLURS_HEART | {"exertion"})

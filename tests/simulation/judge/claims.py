"""Claims: standstills that the daemon believes in. When it lets go or asks somebody onto the belt, the belt stands."""

from __future__ import annotations

from simulation.judge.facts import Facts
from simulation.judge.scene import NEVER_S, Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdicts
from simulation.law import AT_REST, CLAIMED_S, FALSE_STANDSTILL, LIARS, UNSAFE, UNSEEN_S


class Claims:
    """Holds the phases at rest against the belt that the daemon started."""

    def __init__(self, facts: Facts, scene: Scene, trouble: Trouble, verdicts: Verdicts) -> None:
        self._honest = facts.machine not in LIARS
        self._scene, self._trouble, self._verdicts = scene, trouble, verdicts
        self._claimed_s: float | None = None  # since when it is believed that the belt stands
        self._seen_s = NEVER_S  # when the daemon could last see what the belt does
        self._runs_s: float | None = None  # since when it runs nevertheless

    def look(self, now_s: float) -> None:
        """Look whether a belt runs that is taken for a standing one."""
        scene = self._scene
        if self._trouble.sighted(now_s, scene):
            self._seen_s = now_s
        if scene.dead or scene.phase not in AT_REST:
            self._claimed_s = self._runs_s = None
            return
        self._claimed_s = scene.phase_s if self._claimed_s is None else self._claimed_s
        if not scene.ours or scene.belt_kmh <= 0:
            self._runs_s = None
        elif self._claimed_s - self._seen_s > UNSEEN_S:
            scene.ours = False  # nobody could see it: a person at the treadmill took it over
        elif self._runs_s is None:
            self._runs_s = now_s
        elif now_s - self._runs_s > CLAIMED_S:
            self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        if self._honest and not self._trouble.happened(now_s, FALSE_STANDSTILL):
            self._verdicts.convict(now_s, UNSAFE, f"a belt that runs is taken for a standing one ({self._scene.phase})")

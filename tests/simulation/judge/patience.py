"""Patience: a session goes on or ends by itself, whatever goes wrong; no phase but a stop waits without end."""

from __future__ import annotations

from simulation.judge.consent import Consent
from simulation.judge.facts import Facts
from simulation.judge.scene import Scene
from simulation.judge.verdicts import Verdicts
from simulation.law import ASKED_S, LONGEST_S, STUCK


class Patience:
    """Looks how long each phase lasts. Stops and trips wait for the belt, and for a person."""

    def __init__(self, facts: Facts, scene: Scene, consent: Consent, verdicts: Verdicts) -> None:
        self._longest_s = {phase: s + facts.longest_s.get(phase, 0.0) for phase, s in LONGEST_S.items()}
        self._scene, self._consent, self._verdicts = scene, consent, verdicts

    def look(self, now_s: float) -> None:
        """Look whether the present phase, or its prompt, has lasted too long."""
        scene, asked_s = self._scene, self._consent.asked_s
        if scene.dead or scene.phase not in self._longest_s:
            return
        asked = scene.phase == "board" and asked_s is not None
        since_s, most_s = (asked_s or 0.0, ASKED_S) if asked else (scene.phase_s, self._longest_s[scene.phase])
        if now_s - since_s > most_s:
            self._verdicts.convict(now_s, STUCK, f"{scene.phase} lasts longer than it may, and does not end by itself")

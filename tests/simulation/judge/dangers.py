"""Dangers: what must stop the belt and by when, what keeps a Stop from working, and whether somebody was told."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.judge.facts import Facts
from simulation.judge.scene import NEVER_S, Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdicts
from simulation.law import (
    ALARM_S,
    DISOBEDIENT,
    NOT_ALARMED,
    REACTION_S,
    RECOVERS_S,
    SLACK_S,
    SLOWED_KMH,
    START_PENDING_S,
    UNSAFE,
)


@dataclass(slots=True)
class _Danger:
    since_s: float
    from_kmh: float
    told: bool = False
    judged: bool = False


class Dangers:
    """Everything that demands a stop of a belt that the daemon moves."""

    def __init__(self, facts: Facts, scene: Scene, trouble: Trouble, verdicts: Verdicts) -> None:
        self.standstills_s: list[float] = []
        self._scene, self._trouble, self._verdicts = scene, trouble, verdicts
        self._run_down_kmh_per_s = facts.profile.run_down_kmh_per_s
        self._pending: dict[str, _Danger] = {}
        self._top_kmh = 0.0
        self._hindrances: set[str] = {"machine"} if facts.machine in DISOBEDIENT else set()
        self._able_s = 0.0
        self._alarms: set[str] = set()
        self._runs_s = NEVER_S  # since when the belt runs

    @property
    def pending(self) -> bool:
        """Whether a stop is demanded."""
        return bool(self._pending)

    def demand(self, now_s: float, what: str) -> None:
        """Demand a stop, if the daemon moves the belt."""
        scene = self._scene
        starting = now_s - scene.started_s < START_PENDING_S
        if scene.ours and (scene.belt_kmh > 0 or starting) and what not in self._pending:
            self._pending[what] = _Danger(now_s, scene.belt_kmh, told=bool(self._alarms))
            self._top_kmh = max(self._top_kmh, scene.belt_kmh)

    def run(self, now_s: float) -> None:
        """Take note that the belt begins to run: from here on it can be stopped, and somebody told."""
        self._runs_s = now_s
        self.free(now_s, "countdown")

    def stand(self, now_s: float) -> None:
        """Take note that the belt came to stand."""
        self.standstills_s += [now_s - danger.since_s for danger in self._pending.values()]
        self._pending.clear()
        self._top_kmh = 0.0

    def forget(self) -> None:
        """Demand nothing any more."""
        self._pending.clear()

    # -- what keeps a Stop from working ---

    def hinder(self, name: str) -> None:
        """Take note that from here on no Stop works."""
        self._hindrances.add(name)

    def free(self, now_s: float, name: str) -> None:
        """Take note that it hinders no longer; grant the time that it takes to recover."""
        if name in self._hindrances:
            self._hindrances.discard(name)
            self.grant(now_s + RECOVERS_S[name])

    def able(self, now_s: float, for_s: float = 0.0) -> bool:
        """Return whether a Stop has been able to work for so long."""
        return not self._hindrances and now_s >= self._able_s + for_s

    def grant(self, until_s: float) -> None:
        """Ask for no Stop before `until_s`."""
        self._able_s = max(self._able_s, until_s)

    # -- whether somebody was told ---

    def alarm(self, name: str) -> None:
        """Take note of an alarm; it stands until the belt does, or the link is back."""
        self._alarms.add(name)
        for danger in self._pending.values():
            danger.told = True

    def quiet(self) -> None:
        """Take note that no alarm stands any more."""
        self._alarms.clear()

    def linked(self, now_s: float) -> None:
        """Take note that the link is back, and that its alarms are over."""
        self._alarms -= {"link_lost", "link_rebuilt"}
        self.free(now_s, "link")

    # -- the verdict ---

    def weigh(self, now_s: float) -> None:
        """Look whether the belt does what was demanded."""
        belt_kmh = self._scene.belt_kmh
        if not self._pending:
            self._top_kmh = belt_kmh
            return
        self._top_kmh = max(self._top_kmh, belt_kmh)
        if not self._scene.ours or belt_kmh <= 0:
            return
        for what, danger in self._pending.items():
            due_s = danger.since_s + REACTION_S[what]
            self._judge_belt(now_s, what, danger, due_s)
            self._judge_alarm(now_s, what, danger, due_s)

    def _judge_belt(self, now_s: float, what: str, danger: _Danger, due_s: float) -> None:
        run_down_s = self._top_kmh / self._run_down_kmh_per_s
        late = now_s > max(due_s, self._able_s) + run_down_s + SLACK_S
        if late and not self._hindrances and not danger.judged:
            danger.judged = True
            words = f"{what}: the belt still runs, although a stop could reach it"
            self._verdicts.convict(now_s, UNSAFE, words)

    def _judge_alarm(self, now_s: float, what: str, danger: _Danger, due_s: float) -> None:
        belt_kmh = self._scene.belt_kmh
        slowed = belt_kmh <= SLOWED_KMH or danger.from_kmh - belt_kmh >= SLOWED_KMH
        late = now_s > max(due_s, self._spoke_s, self._runs_s) + ALARM_S
        if late and not self._scene.dead and not slowed and not danger.told:
            danger.told = True
            self._verdicts.convict(now_s, NOT_ALARMED, f"{what}: the belt does not slow down, and nobody was told")

    @property
    def _spoke_s(self) -> float:
        """When the daemon was last unable to speak."""
        return max(self._trouble.last_s("boot"), self._trouble.last_s("stalled"))

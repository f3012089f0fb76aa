"""The judge itself: brings each line of the log to those whom it concerns, and keeps the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulation.judge.causes import Causes
from simulation.judge.claims import Claims
from simulation.judge.consent import Consent
from simulation.judge.dangers import Dangers
from simulation.judge.facts import Facts
from simulation.judge.minutes import Minutes
from simulation.judge.patience import Patience
from simulation.judge.scene import Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdict, Verdicts
from simulation.judge.watches import Watches
from simulation.judge.writes import START, Writes
from simulation.law import FALSE_STANDSTILL, NUISANCE, RECOVERS_S, START_PENDING_S, STUCK


class Judge:
    """Hears every line of the log, and looks at the belt and the heart five times a second."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._endings: list[str] = []
        self._verdicts = verdicts = Verdicts()
        self._scene = scene = Scene()
        self._trouble = trouble = Trouble(facts)
        self._consent = consent = Consent(scene, trouble, verdicts)
        self._dangers = Dangers(facts, scene, trouble, verdicts)
        self._writes = Writes(facts, scene, trouble, consent, verdicts)
        self._watches = Watches(facts, scene, trouble, self._writes, self._dangers)
        self._causes = Causes(facts, scene, trouble, verdicts, consent=consent, watches=self._watches)
        self._claims = Claims(facts, scene, trouble, verdicts)
        self._minutes = Minutes(facts, scene, self._writes, self._dangers, verdicts)
        self._patience = Patience(facts, scene, consent, verdicts)
        self._hear: Mapping[str, Callable[[float, str, str], None]] = {
            "belt": self._hear_belt,
            "world": self._hear_world,
            "line": self._hear_line,
            "hand": self._hear_hand,
            "far": self._hear_far,
            "said": self._hear_said,
        }
        self._says: Mapping[str, Callable[[float, str], None]] = {
            "phase": self._enter,
            "alarm": lambda _, detail: self._dangers.alarm(detail.split(maxsplit=1)[0]),
            "step": self._step,
            "tripped": self._tripped,
            "asks": self._consent.prompt,
            "asked": lambda *_: self._consent.close_prompt(),
            "replies": self._replies,
            "segment": lambda _, detail: self._writes.segment(detail),
            "started": lambda *_: self._writes.begin(),
            "ended": self._ended,
        }

    # -- what it is given ---

    def hear(self, now_s: float, who: str, what: str, detail: str) -> None:
        """Take one line of the log."""
        self._hear[who](now_s, what, detail)

    def look(self, now_s: float, belt_kmh: float, heart_bpm: float) -> None:
        """Look at the true belt and the true heart."""
        self._scene.belt(now_s, belt_kmh)
        if belt_kmh <= 0 and self._scene.stopped and not self._scene.starts(now_s):
            self._scene.ours = False
            self._dangers.forget()
        self._watches.look(now_s, heart_bpm)
        self._dangers.weigh(now_s)
        for room in (self._claims, self._minutes, self._patience):
            room.look(now_s)

    def left(self, now_s: float, *, in_time: bool) -> None:
        """Hear whether the daemon ended when it was told to."""
        if not in_time:
            self.convict(now_s, STUCK, "SIGTERM did not end the daemon")

    def ended_by(self, now_s: float) -> None:
        """Take note that a clean story is over: its workout must be, too, and none of it was left out."""
        if not self._endings and now_s > self._facts.expected_s:
            self.convict(now_s, STUCK, f"a clean session did not end; it is at {self.phase}")
        as_planned = f"completed {len(self._facts.facings)}"
        for ending in self._endings:
            if ending != as_planned:
                self.convict(now_s, NUISANCE, f"a clean session ended as {ending!r}; planned was {as_planned!r}")

    def convict(self, now_s: float, kind: str, words: str) -> None:
        """Give a verdict, the same one once."""
        self._verdicts.convict(now_s, kind, words)

    # -- what it knows ---

    @property
    def verdicts(self) -> list[Verdict]:
        """What was found."""
        return self._verdicts.given

    @property
    def standstills_s(self) -> list[float]:
        """From each danger to the standstill."""
        return self._dangers.standstills_s

    @property
    def phase(self) -> str:
        """The phase that the daemon told last."""
        return self._scene.phase

    @property
    def phase_s(self) -> float:
        """Since when."""
        return self._scene.phase_s

    # -- what it hears of the belt ---

    def _hear_belt(self, now_s: float, what: str, detail: str) -> None:
        match what:
            case "written":
                self._written(now_s, bytes.fromhex(detail))
            case "belt_standing":
                self._stand(now_s)
            case "refused" | "not_done":
                self._writes.not_taken(bytes.fromhex(detail.split(maxsplit=1)[0]))
            case "counts_down_deaf":
                self._dangers.hinder("countdown")
            case "belt_started":
                self._scene.awaited = False
                self._dangers.run(now_s)
            case "moved_by_hand" | "pressed":
                self._hand_at_console(what)
            case "link_down":
                self._link_down(now_s, detail)
            case "link_up":
                self._scene.linked_s = now_s
                self._dangers.linked(now_s)
                self._writes.forget()
            case _:
                pass

    def _written(self, now_s: float, frame: bytes) -> None:
        self._writes.written(now_s, frame)
        if frame[0] == START:
            self._dangers.forget()

    def _stand(self, now_s: float) -> None:
        self._dangers.stand(now_s)
        self._scene.belt(now_s, 0.0)
        if now_s - self._scene.started_s > START_PENDING_S or self._scene.stopped:
            self._scene.ours = False

    def _hand_at_console(self, what: str) -> None:
        self._scene.awaited = False
        if what == "moved_by_hand" and not self._dangers.pending:
            self._scene.ours = False

    def _link_down(self, now_s: float, how: str) -> None:
        self._scene.linked_s = None
        if how == "lost":
            self._trouble.link_lost(now_s)
        elif self._trouble.happened(now_s, FALSE_STANDSTILL):
            self._scene.ours = False  # it was shown a belt that stands, and let go in good faith
        if self._scene.ours:
            self._dangers.hinder("link")
            self._dangers.demand(now_s, "link lost")

    # -- what it hears of the world ---

    def _hear_world(self, now_s: float, what: str, detail: str) -> None:
        name, over = what.removesuffix(" over"), what.endswith(" over")
        self._trouble.hear(now_s, name, over=over)
        if over and name in RECOVERS_S:
            self._dangers.free(now_s, name)
        elif name in RECOVERS_S:
            self._dangers.hinder(name)
        match what:
            case "stalled" if float(detail) > 1.1:
                self._dangers.grant(now_s + 1)
                self._dangers.demand(now_s, "late loop")
            case "control_taken" | "control_taken_and_used":
                self._dangers.demand(now_s, "control taken")
            case "sigterm":
                self._consent.stop(now_s)
                self._dangers.demand(now_s, "sigterm")
            case "died":
                self._scene.dead = True
                self._dangers.demand(now_s, "daemon died")
                self._dangers.hinder("dead")
            case "boot":
                self._boot(now_s, detail)
            case _:
                pass

    def _boot(self, now_s: float, marker: str) -> None:
        self._scene.boot(now_s, marker)
        self._minutes.enter(now_s, "idle")
        self._dangers.quiet()
        self._dangers.free(now_s, "dead")
        self._consent.close_prompt()

    # -- what it hears of people ---

    def _hear_line(self, now_s: float, what: str, _detail: str) -> None:
        self._scene.line(now_s, is_open=what == "open")
        if what != "open":
            self._consent.show(now_s)
        elif self._facts.strap_line and not self._scene.dead:
            self._dangers.demand(now_s, "strap open")

    def _hear_hand(self, now_s: float, what: str, _detail: str) -> None:
        if what == "arms":
            self._writes.begin()
        elif what == "press" and not self._scene.dead:
            self._consent.press(now_s)
            if self._scene.belt_kmh > 0:
                self._dangers.demand(now_s, "press")

    def _hear_far(self, now_s: float, what: str, detail: str) -> None:
        if what in ("confirm", "start") and self._facts.remote_start:
            self._consent.confirm(now_s)
        if what == "stop" and not self._scene.dead:
            self._consent.stop(now_s)
            if detail == "socket":
                self._dangers.demand(now_s, "stop asked")

    # -- what the daemon says ---

    def _hear_said(self, now_s: float, what: str, detail: str) -> None:
        hear = self._says.get(what)
        if hear:
            hear(now_s, detail)

    def _enter(self, now_s: float, phase: str) -> None:
        self._consent.enter(now_s, phase)
        self._minutes.enter(now_s, phase)
        if phase == "idle":
            self._dangers.quiet()
        self._scene.enter(now_s, phase)

    def _step(self, _now_s: float, detail: str) -> None:
        if detail.startswith("stop_verified"):
            self._dangers.quiet()

    def _tripped(self, now_s: float, cause: str) -> None:
        self._consent.latched = True
        self._causes.tripped(now_s, cause)

    def _replies(self, _now_s: float, detail: str) -> None:
        if detail == "reset ok":
            self._consent.reset()

    def _ended(self, _now_s: float, detail: str) -> None:
        self._endings.append(detail)

"""Consent: who is there, what they were asked, and what they confirmed, stopped and reset."""

from __future__ import annotations

from simulation.judge.scene import NEVER_S, Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdicts
from simulation.law import ASKED_TO_STOP_S, CONFIRMED_S, NEWS_S, PRESENCE_S, UNSAFE


class Consent:
    """What people did. No session opens without them, nobody is asked onto a moving belt, and a START is theirs."""

    def __init__(self, scene: Scene, trouble: Trouble, verdicts: Verdicts) -> None:
        self.latched = False  # after a trip that nobody reset
        self.stop_asked_s = NEVER_S
        self._scene, self._trouble, self._verdicts = scene, trouble, verdicts
        self._present_s = self._confirmed_s = NEVER_S
        self._prompt_s: float | None = None

    # -- what people do ---

    def show(self, now_s: float) -> None:
        """Show that somebody is there."""
        self._present_s = now_s

    def press(self, now_s: float) -> None:
        """Press the button: it shows presence, stops, confirms, and resets what tripped."""
        self._present_s = self.stop_asked_s = now_s
        self.confirm(now_s)
        if self._scene.phase == "tripped":
            self.latched = False

    def confirm(self, now_s: float) -> None:
        """Confirm the prompt, if there was time to read it."""
        if self._prompt_s is not None and now_s - self._prompt_s >= 1:
            self._confirmed_s = now_s

    def stop(self, now_s: float) -> None:
        """Ask for a stop."""
        self.stop_asked_s = now_s

    def reset(self) -> None:
        """Reset a trip."""
        self.latched = False

    # -- what the daemon asks of them ---

    def prompt(self, now_s: float, kind: str) -> None:
        """Ask somebody to board or to turn: the belt must stand."""
        if not kind.startswith("board"):
            return
        self._prompt_s = now_s
        if self._scene.moves_s is None or self._trouble.lied(now_s):
            return
        if now_s - self._scene.moves_s > NEWS_S:
            self._verdicts.convict(now_s, UNSAFE, "somebody was asked to board, or to turn, on a moving belt")

    def close_prompt(self) -> None:
        """Ask no longer."""
        self._prompt_s = None

    def enter(self, now_s: float, phase: str) -> None:
        """Enter a phase: a session opens for somebody who is there."""
        if self._scene.phase == "armed" and phase == "board" and now_s - self._present_s > PRESENCE_S:
            self._verdicts.convict(now_s, UNSAFE, "a session opened without anybody there")

    @property
    def asked_s(self) -> float | None:
        """Since when somebody is asked to board; None: nobody is."""
        return self._prompt_s

    # -- what that allows ---

    def confirmed(self, now_s: float) -> bool:
        """Return whether a START now would be what somebody confirmed."""
        return now_s - self._confirmed_s <= CONFIRMED_S

    def use(self) -> None:
        """Use the confirmation up: it is good for one START."""
        self._confirmed_s = NEVER_S

    def asked_to_stop(self, now_s: float) -> bool:
        """Return whether somebody asked for a stop not long ago."""
        return now_s - self.stop_asked_s < ASKED_TO_STOP_S

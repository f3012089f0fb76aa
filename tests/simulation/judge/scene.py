"""How things stand at this moment, as far as the judge saw and heard. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulation.law import START_PENDING_S

NEVER_S: Final = -1e9


@dataclass(slots=True)
class Scene:
    """The true belt, the strap's line, and the daemon: in which phase it is, and what it wrote last."""

    belt_kmh: float = 0.0
    moves_s: float | None = None  # since when it moves
    ours: bool = False  # the daemon started the belt, and it did not come to rest since
    started_s: float = NEVER_S  # the last START
    stopped: bool = False  # a Stop was written since
    awaited: bool = False  # the belt has not moved since
    linked_s: float | None = None  # since when there is a link
    line_open: bool = False
    line_open_s: float = NEVER_S
    phase: str = "idle"
    phase_s: float = 0.0
    dead: bool = False  # the daemon
    marker: str = ""  # what the daemon found when it booted, until it is idle

    def belt(self, now_s: float, kmh: float) -> None:
        """Take note of the true belt."""
        self.belt_kmh = kmh
        self.moves_s = (now_s if self.moves_s is None else self.moves_s) if kmh > 0 else None

    def line(self, now_s: float, *, is_open: bool) -> None:
        """Take note of the strap's line."""
        self.line_open = is_open
        if is_open:
            self.line_open_s = now_s

    def start(self, now_s: float) -> None:
        """Take note of a START: from here on the belt is the daemon's."""
        self.started_s = now_s
        self.ours, self.stopped, self.awaited = True, False, True

    def starts(self, now_s: float) -> bool:
        """Return whether the belt may be about to move, Stop or no Stop."""
        return self.awaited and now_s - self.started_s < START_PENDING_S

    def enter(self, now_s: float, phase: str) -> None:
        """Take note of a new phase."""
        if phase == "idle":
            self.marker = ""
        self.phase, self.phase_s = phase, now_s

    def boot(self, now_s: float, marker: str) -> None:
        """Take note of a new daemon, and of the marker that it finds."""
        self.dead = False
        self.marker = marker
        self.phase, self.phase_s = "idle", now_s

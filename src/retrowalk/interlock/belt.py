"""What is believed of the belt, from telemetry alone."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.numbers import STANDSTILL_FRAMES
from retrowalk.model.observations import Telemetry
from retrowalk.model.units import Incline, Speed


@dataclass(slots=True)
class Belt:
    """The last frames of one link. A new link starts with a new, ignorant Belt."""

    frame: Telemetry | None = None  # what the last frames said, taken together: some machines split their data
    frame_ns: int | None = None  # of the last frame that carried a speed
    zero_frames: int = 0
    moving_frames: int = 0
    zero_ns: int | None = None  # since when the frames say zero
    moving_ns: int | None = None  # since when they say motion
    elapsed_s: int | None = None
    elapsed_ns: int | None = None  # when the machine's clock last advanced; None = it never did
    changed_ns: int | None = None  # when the reported speed last changed
    stood: bool = False  # it has said zero since this link came up

    @property
    def speed(self) -> Speed | None:
        """The last reported speed; None = never reported on this link."""
        return self.frame.speed if self.frame else None

    @property
    def incline(self) -> Incline | None:
        """The last reported incline; None = never reported on this link."""
        return self.frame.incline if self.frame else None

    @property
    def stands(self) -> bool:
        """Standstill is verified: enough frames in a row said zero."""
        return self.zero_frames >= STANDSTILL_FRAMES

    @property
    def runs(self) -> bool:
        """Motion is verified: enough frames in a row said more than zero."""
        return self.moving_frames >= STANDSTILL_FRAMES

    def age_ns(self, now_ns: int) -> int | None:
        """Return how old the last frame with a speed is; None = there is none."""
        return None if self.frame_ns is None else now_ns - self.frame_ns

    def distrust_standstill(self) -> None:
        """Ask for new evidence: zero frames from before a stop was demanded do not verify it."""
        self.zero_frames, self.zero_ns = 0, None

    def hear(self, frame: Telemetry, now_ns: int) -> None:
        """Take one frame; one without a speed says nothing of motion and keeps no telemetry alive."""
        if frame.elapsed_s is not None and frame.elapsed_s != self.elapsed_s:
            self.elapsed_ns = now_ns if self.elapsed_s is not None else None
            self.elapsed_s = frame.elapsed_s
        former = self.speed
        self.frame = frame if self.frame is None else _merged(self.frame, frame)
        if frame.speed is None:
            return
        self.frame_ns = now_ns
        if frame.speed != former:
            self.changed_ns = now_ns
        if frame.speed:
            self.moving_frames, self.zero_frames, self.zero_ns = self.moving_frames + 1, 0, None
            self.moving_ns = now_ns if self.moving_ns is None else self.moving_ns
        else:
            self.zero_frames, self.moving_frames, self.moving_ns = self.zero_frames + 1, 0, None
            self.zero_ns = now_ns if self.zero_ns is None else self.zero_ns
            self.stood = True


def _merged(old: Telemetry, new: Telemetry) -> Telemetry:
    """Return `new`, with what it leaves out as `old` had it."""
    return Telemetry(
        speed=old.speed if new.speed is None else new.speed,
        incline=old.incline if new.incline is None else new.incline,
        distance_m=old.distance_m if new.distance_m is None else new.distance_m,
        elapsed_s=old.elapsed_s if new.elapsed_s is None else new.elapsed_s,
        energy_kcal=old.energy_kcal if new.energy_kcal is None else new.energy_kcal,
        steps=old.steps if new.steps is None else new.steps,
    )

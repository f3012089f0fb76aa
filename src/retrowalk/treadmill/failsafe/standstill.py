"""Whether a belt is seen to stand: telemetry, its echoes, and a countdown to a start that tells zeros, too."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from retrowalk.treadmill.failsafe.words import Say

ZERO_FRAMES: Final = 2
ECHO_S: Final = 0.1  # FRAME_ECHO_NS; the same frame again so soon is no second word
FALLING_S: Final = 3.0  # STOP_STALLED_NS; a belt that was not heard to be slower for so long does not slow down
COUNTDOWN_S: Final = 8.0  # START_DELAY_S × START_PATIENCE of the interlock, which would take time to import

_MORE_DATA: Final = 1 << 0
_FRAME_WITH_SPEED: Final = 4
_NOT_AVAILABLE: Final = 0xFFFF


class Standstill:
    """Hears one belt's telemetry and its Stops, and tells when it stands."""

    def __init__(self, tell: Say) -> None:
        self._tell = tell
        self._written = False  # over the link that there is now
        self._watched_until_s: float | None = None  # for the end of a countdown; None = no Stop was ever written
        self._ran = False
        self._frame, self._frame_s = b"", 0.0
        self._zeros = self._speeds = 0
        self._lowest: int | None = None  # since it last stood, over the link that there is now
        self._fell_s: float | None = None  # when it was last told to be slower than before, or to stand
        self._seen = asyncio.Event()

    @property
    def stop_written(self) -> bool:
        """Whether a Stop was ever written, over this link or another."""
        return self._watched_until_s is not None

    @property
    def slows_down(self) -> bool:
        """Whether the belt was just told to be slower than before, or to stand."""
        return self._fell_s is not None and asyncio.get_running_loop().time() - self._fell_s < FALLING_S

    def begin(self) -> None:
        """Begin over a link: frames count from here, and zeros only behind a Stop."""
        self._zeros, self._speeds, self._written = 0, 0, False
        self._lowest = self._fell_s = None

    def note_stop(self) -> None:
        """Note that a Stop was written."""
        self._written = True
        self._watched_until_s = self._watched_until_s or asyncio.get_running_loop().time() + COUNTDOWN_S

    def hear(self, frame: bytes) -> None:
        """Judge a frame of Treadmill Data."""
        now_s = asyncio.get_running_loop().time()
        speed, former, former_s = told_speed(frame), self._frame, self._frame_s
        if speed is None or (frame == former and now_s - former_s < ECHO_S):
            return  # bluetoothd tells each frame as often as somebody listens
        self._frame, self._frame_s = frame, now_s
        if not speed or (self._lowest is not None and speed < self._lowest):
            self._fell_s = now_s
        self._lowest = min(speed, self._lowest or speed)
        self._speeds = self._speeds + 1 if speed else 0
        self._ran = self._ran or self._speeds >= ZERO_FRAMES  # a single one may be the target of a countdown
        self._zeros = 0 if speed or not self._written else self._zeros + 1
        if self._zeros >= ZERO_FRAMES and self._counts_no_more_down():
            self._seen.set()

    async def seen_within(self, patience_s: float) -> bool:
        """Tell whether the belt is seen to stand, as soon as it is, or after `patience_s`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._seen.wait(), patience_s)
        return self._seen.is_set()

    def _counts_no_more_down(self) -> bool:
        """Tell whether a belt that stands will not start: the last word of whoever died may have been START.

        Stop cancels a countdown, but not every machine's; a belt that ran has its countdown behind it.
        """
        if self._ran or asyncio.get_running_loop().time() >= (self._watched_until_s or 0):
            return True
        self._tell(f"its speed is told as 0: watching for {COUNTDOWN_S:g} s whether it is counting down to a start")
        return False


def told_speed(frame: bytes) -> int | None:
    """Return a 2ACD frame's speed in hundredths of km/h; None = it tells none. The decoder costs time to import."""
    if len(frame) < _FRAME_WITH_SPEED or frame[0] & _MORE_DATA:
        return None
    speed = int.from_bytes(frame[2:_FRAME_WITH_SPEED], "little")
    return None if speed == _NOT_AVAILABLE else speed

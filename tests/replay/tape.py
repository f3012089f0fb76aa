"""What real machines were recorded to send, played by simulated ones in the middle of a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from math import inf
from pathlib import Path
from typing import Any, Final

import pytest

from retrowalk_sim.gatt import uuid16
from retrowalk_sim.heart_rate import MEASUREMENT, HeartRateStrap
from retrowalk_sim.treadmill import Treadmill

CORPUS: Final = Path(__file__).parents[3] / "shared" / "frames" / "frames.jsonl"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: when (seconds of its recording), on which characteristic, from the machine or to it."""

    at_s: float
    char: str
    sent: bool
    value: bytes


@cache
def _rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text().splitlines()]


def recording(name: str) -> list[Frame]:
    """Return the frames of one recording in order of time. Skips the test where there are no recordings."""
    if not CORPUS.exists():
        pytest.skip("the recordings of real machines are not here (../shared/frames)")
    rows = [row for row in _rows() if row.get("seq") == name and not row["char"].startswith("adv")]
    return [Frame(row.get("t") or 0.0, row["char"], row["dir"] == "s2c", bytes.fromhex(row["hex"])) for row in rows]


class Taped(Treadmill):
    """A simulated treadmill of the same make, which now and then says what the recorded one said."""

    def __init__(self, profile: str, tape: str, *, on_connect: tuple[float, float] | None = None) -> None:
        super().__init__(profile)
        self._tape = recording(tape)
        self._on_connect = on_connect
        self._until_s = -inf

    def play(self, from_s: float, to_s: float) -> None:
        """Say from now on what was recorded between two times, and nothing else until then."""
        self._until_s = self._now_s + to_s - from_s
        for frame in self._tape:
            if frame.sent and frame.char in {"2acd", "2ada", "2ad3"} and from_s <= frame.at_s <= to_s:
                self._notify_at(self._now_s + frame.at_s - from_s, uuid16(int(frame.char, 16)), frame.value)

    def connected(self, now_s: float) -> None:
        """Begin to play, if that is when it should."""
        super().connected(now_s)
        if self._on_connect:
            self.play(*self._on_connect)

    def _report(self) -> None:
        if self._now_s > self._until_s:
            super()._report()

    def _tell(self, status: bytes, by_hand: bool) -> None:
        if self._now_s > self._until_s:
            super()._tell(status, by_hand)


class TapedStrap(HeartRateStrap):
    """A strap that repeats the frames of `worn` once a second, and those of `off` when it is taken off."""

    def __init__(self, heart_bpm: Callable[[float], float], *, worn: list[bytes], off: list[bytes]) -> None:
        super().__init__(heart_bpm)
        self._worn: Iterator[bytes] = cycle(worn)
        self._removed: Iterator[bytes] = cycle(off)

    def _report(self) -> None:
        self._notify(MEASUREMENT, next(self._removed if self.faults.off_body else self._worn))

"""A simulated heart-rate strap: the Heart Rate Service over the heart that it is given."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from retrowalk_sim.device import Device
from retrowalk_sim.faults import Switchable
from retrowalk_sim.gatt import Advertisement, Characteristic, Service, uuid16

HEART_RATE: Final = uuid16(0x180D)
MEASUREMENT: Final = uuid16(0x2A37)
BATTERY: Final = uuid16(0x180F)
BATTERY_LEVEL: Final = uuid16(0x2A19)
STRAP_ADDRESS: Final = "02:57:41:4C:4B:F0"

CONTACT_DETECTED: Final = 0x02
CONTACT_SUPPORTED: Final = 0x04
RR_PRESENT: Final = 0x10
RR_PER_S: Final = 1024
MOST_RR: Final = 3
REPORT_EVERY_S: Final = 1.0
RR_SPREAD: Final = 0.02
LONGEST_RR_S: Final = 2.5  # a gap is no beat


@dataclass(slots=True)
class HeartRateFaults(Switchable):
    """What may be wrong with the strap now."""

    off_body: bool = False  # with a contact bit it says so; without, it repeats its last rate for ever, without RR
    dropout: bool = False  # it sends nothing
    frozen: bool = False  # the same frame again and again
    artefact_bpm: float = 0.0  # added to the true rate: cadence lock, static


class HeartRateStrap(Device):
    """A chest strap. `heart_bpm` gives the true rate at a time in seconds."""

    def __init__(
        self,
        heart_bpm: Callable[[float], float],
        *,
        contact_bit: bool = True,
        rr: bool = True,
        seed: int = 0,
        address: str = STRAP_ADDRESS,
    ) -> None:
        measurement = Service(HEART_RATE, (Characteristic(MEASUREMENT, frozenset({"notify"})),))
        battery = Service(BATTERY, (Characteristic(BATTERY_LEVEL, frozenset({"read"})),))
        seen = Advertisement(address=address, name="Sim heart", service_uuids=(HEART_RATE,))
        super().__init__(seen, (measurement, battery), report_every_s=REPORT_EVERY_S)
        self.values = {BATTERY_LEVEL: b"\x5a"}
        self.faults = HeartRateFaults()
        self._heart_bpm = heart_bpm
        self._contact_bit = contact_bit
        self._rr = rr
        self._random = Random(seed)  # noqa: S311 - repeatable beats, no secrets
        self._bpm = 0.0
        self._beat_s = 0.0  # the last beat, and how long after it the next one comes
        self._interval_s = 1.0
        self._frame = b"\0\0"

    def _live(self, now_s: float) -> None:
        self._bpm = self._heart_bpm(now_s)

    def _report(self) -> None:
        if self.faults.dropout:
            return
        if not self.faults.frozen:
            self._frame = self._off_body() if self.faults.off_body else self._on_body()
        self._notify(MEASUREMENT, self._frame)

    def _off_body(self) -> bytes:
        flags = CONTACT_SUPPORTED if self._contact_bit else 0
        return bytes([flags, self._frame[1]])

    def _on_body(self) -> bytes:
        bpm = max(self._bpm + self.faults.artefact_bpm, 1.0)
        beats = self._beats(bpm)
        flags = (CONTACT_SUPPORTED | CONTACT_DETECTED) * self._contact_bit | RR_PRESENT * bool(beats)
        return bytes([flags, min(round(bpm), 255)]) + struct.pack(f"<{len(beats)}H", *beats)

    def _beats(self, bpm: float) -> list[int]:
        """Return the intervals that ended since the last frame, at most as many as a strap sends."""
        beats: list[int] = []
        self._beat_s = max(self._beat_s, self._now_s - LONGEST_RR_S)
        while self._rr and self._beat_s + self._interval_s <= self._now_s:
            self._beat_s += self._interval_s
            beats.append(round(self._interval_s * RR_PER_S))
            self._interval_s = 60 / bpm * self._random.uniform(1 - RR_SPREAD, 1 + RR_SPREAD)
        return beats[-MOST_RR:]

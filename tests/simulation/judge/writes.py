"""Writes: START, set-points, ramps, inclines, and whatever is written outside a session, as the machine gets them."""

from __future__ import annotations

from math import inf
from typing import Final

from simulation.judge.consent import Consent
from simulation.judge.facts import Facts
from simulation.judge.scene import Scene
from simulation.judge.trouble import Trouble
from simulation.judge.verdicts import Verdicts
from simulation.law import BOARD_KMH, DOWN_KMH_PER_S, HELD_UP_S, JITTER_S, LATE_WRITES, LEAD_KMH, TOLD_S, UNSAFE

SET_SPEED: Final = 0x02
START: Final = 0x07


class Writes:
    """Holds each write against caps, ramps, and what people confirmed."""

    def __init__(self, facts: Facts, scene: Scene, trouble: Trouble, consent: Consent, verdicts: Verdicts) -> None:
        self._facts, self._scene, self._trouble, self._consent = facts, scene, trouble, consent
        self._verdicts = verdicts
        self._bout = 0
        self._points: list[tuple[float, float]] = []

    # -- where a session stands ---

    def begin(self) -> None:
        """Begin with the first bout."""
        self._bout = 0

    def segment(self, what: str) -> None:
        """Go on to the next segment, which may be the way to the next bout."""
        self._bout += what.startswith(("rest", "turn"))

    def forget(self) -> None:
        """Forget the set-points: the next one is a first one."""
        self._points.clear()

    def lately_kmh(self, now_s: float) -> list[float]:
        """Return the set-points that a belt may still be on its way from."""
        return [kmh for at_s, kmh in self._points if now_s - at_s < 6] or [kmh for _, kmh in self._points[-1:]]

    @property
    def facing(self) -> str:
        """How somebody on the belt faces."""
        return self._facts.facings[min(self._bout, len(self._facts.facings) - 1)]

    # -- the verdict ---

    def written(self, now_s: float, frame: bytes) -> None:
        """Judge one frame at the control point."""
        kinds = {SET_SPEED: self._set_speed, 0x03: self._set_incline, START: self._start, 0x08: self._stop}
        if frame[0] != 0:
            kinds[frame[0]](now_s, frame[1:])
        scene = self._scene
        asked = self._consent.asked_to_stop(now_s) or scene.marker
        if scene.dead and frame not in (b"\x00", b"\x08\x01"):
            self._convict(now_s, f"{frame.hex()} was written by nobody alive")
        elif scene.phase in ("idle", "questions") and now_s - scene.phase_s > 0.5 and not (asked or scene.dead):
            self._convict(now_s, f"{frame.hex()} was written outside a session ({scene.phase})")

    def not_taken(self, frame: bytes) -> None:
        """Take a set-point back that the machine did not take."""
        if frame[0] == SET_SPEED and self._points:
            self._points.pop()

    def _convict(self, now_s: float, words: str) -> None:
        self._verdicts.convict(now_s, UNSAFE, words)

    def _start(self, now_s: float, _parameter: bytes) -> None:
        scene = self._scene
        if not self._consent.confirmed(now_s):
            self._convict(now_s, "START without a press that confirmed it")
        if scene.line_open and self._facts.strap_line:
            self._convict(now_s, "START with the strap open")
        told_s = 1 / self._facts.profile.rate_hz + TOLD_S
        if scene.moves_s is not None and now_s - scene.moves_s > told_s and not self._trouble.lied(now_s):
            self._convict(now_s, "START on a belt that moves")
        if scene.phase not in ("board", "starting"):
            self._convict(now_s, f"START while {scene.phase}")
        if self._consent.latched:
            self._convict(now_s, "START after a trip that nobody reset")
        self._consent.use()
        self.forget()
        scene.start(now_s)

    def _stop(self, _now_s: float, _parameter: bytes) -> None:
        self._scene.stopped = True

    def _set_speed(self, now_s: float, parameter: bytes) -> None:
        kmh, profile = int.from_bytes(parameter, "little") / 100, self._facts.profile
        slowest_kmh, step_kmh = profile.speed_kmh.lowest, profile.speed_kmh.step
        if self._scene.stopped:
            self._convict(now_s, "a set-point after a Stop")
        if kmh > max(self._facts.caps_kmh[self.facing], slowest_kmh) + 1e-6:
            self._convict(now_s, f"a set-point above the {self.facing} cap")
        if not self._points and kmh > max(BOARD_KMH, slowest_kmh) + self._unheard_kmh(slower=False) + 1e-6:
            self._convict(now_s, "the first set-point is above board speed")
        self._ramped(now_s, kmh, step_kmh)
        self._points.append((now_s, kmh))

    def _ramped(self, now_s: float, kmh: float, step_kmh: float) -> None:
        """Hold the new set-point against each that arrived before: a step at a time hides no slope, a wait no jump."""
        held_up_s = HELD_UP_S if self._trouble.happened(now_s, LATE_WRITES) else JITTER_S
        for at_s, former_kmh in self._points:
            if self._leap_s(former_kmh, kmh, step_kmh) > now_s - at_s + held_up_s:
                self._convict(now_s, "a set-point steeper than the ramp")
        if self._points and self._leap_s(self._points[-1][1], kmh, step_kmh) > HELD_UP_S:
            self._convict(now_s, "a set-point that jumps from the one that arrived before it")

    def _leap_s(self, former_kmh: float, kmh: float, step_kmh: float) -> float:
        """Return how long the ramp takes from one set-point to the step before another."""
        rate = self._facts.ramps_kmh_per_s[self.facing] if kmh > former_kmh else DOWN_KMH_PER_S
        return (abs(kmh - former_kmh) - step_kmh - self._unheard_kmh(kmh < former_kmh) - 1e-6) / rate

    def _unheard_kmh(self, slower: bool) -> float:
        """Return by how much a belt may lag where nobody can know: a write command is refused in silence."""
        return (inf if slower else LEAD_KMH) if self._facts.silent else 0.0

    def _set_incline(self, now_s: float, parameter: bytes) -> None:
        pct = int.from_bytes(parameter, "little", signed=True) / 10
        if self._scene.stopped:
            self._convict(now_s, "an incline after a Stop")
        if not 0 <= pct <= self._facts.caps_pct[self.facing] + 1e-6:
            self._convict(now_s, f"an incline beyond the {self.facing} cap")

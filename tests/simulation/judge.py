"""The judge: sees the simulated belt, strap and heart, and hears what the daemon says. Knows nothing of how it thinks.

Imports nothing of the daemon's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retrowalk_sim.profiles import Profile, profiles
from simulation.law import (
    ALARM_S,
    ASKED_TO_STOP_S,
    BLURS_HEART,
    BLURS_SPEED,
    BOARD_KMH,
    CONFIRMED_S,
    DISOBEDIENT,
    DOWN_KMH_PER_S,
    EXCUSED,
    EXPLAINS,
    HEART_S,
    HELD_UP_S,
    JITTER_S,
    LATE_WRITES,
    LIARS,
    NOT_ALARMED,
    NUISANCE,
    OVERSPEED_S,
    PRESENCE_S,
    REACTION_S,
    RECENT_S,
    RECOVERS_S,
    SILENT_S,
    SLACK_S,
    SLOWED_KMH,
    START_PENDING_S,
    STUCK,
    UNSAFE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the judge knows beforehand, in plain words and numbers."""

    machine: str
    caps_kmh: Mapping[str, float]
    ramps_kmh_per_s: Mapping[str, float]
    caps_pct: Mapping[str, float]
    facings: tuple[str, ...]
    strap_line: bool
    remote_start: bool
    hard_bpm: int | None
    happens: frozenset[str]
    expected_s: float

    @property
    def profile(self) -> Profile:
        """The simulated machine."""
        return profiles()[self.machine]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, when, and in words."""

    kind: str
    at_s: float
    words: str


@dataclass(slots=True)
class _Danger:
    since_s: float
    from_kmh: float
    told: bool = False
    judged: bool = False


@dataclass
class Judge:
    """Hears every line of the log, and looks at the belt and the heart five times a second."""

    facts: Facts
    verdicts: list[Verdict] = field(default_factory=list)
    standstills_s: list[float] = field(default_factory=list)
    phase: str = "idle"
    phase_s: float = 0.0
    workouts: int = 0

    def __post_init__(self) -> None:
        self._belt_kmh = self._top_kmh = 0.0
        self._ours = self._latched = self._dead = self._marked = self._stopped = False
        self._line_open = False
        self._line_open_s = self._stop_asked_s = self._press_s = self._present_s = self._started_s = -1e9
        self._link_lost_s = self._hot_s = self._blurred_s = -1e9
        self._able_s = 0.0
        self._prompt_s: float | None = None
        self._marker = ""
        self._bout = 0
        self._hindrances: set[str] = set()
        self._dangers: dict[str, _Danger] = {}
        self._alarms: set[str] = set()
        self._recent: dict[str, float] = {}
        self._active: set[str] = set()
        self._points: list[tuple[float, float]] = []
        self._fast_s: float | None = None
        self._silent_s: float | None = None
        self._hot_since_s: float | None = None
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
            "alarm": self._alarm,
            "step": self._step,
            "tripped": self._tripped,
            "asks": self._asks,
            "asked": self._asked,
            "segment": self._segment,
            "started": self._begun,
            "ended": self._ended,
        }
        if self.facts.machine in DISOBEDIENT:
            self._hindrances.add("machine")

    # -- what it is given ---

    def hear(self, now_s: float, who: str, what: str, detail: str) -> None:
        """Take one line of the log."""
        self._hear[who](now_s, what, detail)

    def look(self, now_s: float, belt_kmh: float, heart_bpm: float) -> None:
        """Look at the true belt and the true heart."""
        self._belt_kmh = belt_kmh
        if belt_kmh <= 0 and self._stopped:
            self._ours = False
            self._dangers.clear()
        self._watch_speed(now_s)
        self._watch_silence(now_s)
        self._watch_heart(now_s, heart_bpm)
        self._weigh(now_s)

    def left(self, now_s: float, *, in_time: bool) -> None:
        """Hear whether the daemon ended when it was told to."""
        if not in_time:
            self.convict(now_s, STUCK, "SIGTERM did not end the daemon")

    def ended_by(self, now_s: float) -> None:
        """Take note that a clean story is over: its workout must be, too."""
        if not self.workouts and now_s > self.facts.expected_s:
            self.convict(now_s, STUCK, f"a clean session did not end; it is at {self.phase}")

    def convict(self, now_s: float, kind: str, words: str) -> None:
        """Give a verdict, the same one once."""
        if not any(verdict.kind == kind and verdict.words == words for verdict in self.verdicts):
            self.verdicts.append(Verdict(kind, round(now_s, 3), words))

    # -- dangers: what must stop the belt, and by when ---

    def _danger(self, now_s: float, what: str) -> None:
        starting = now_s - self._started_s < START_PENDING_S
        if self._ours and (self._belt_kmh > 0 or starting) and what not in self._dangers:
            self._dangers[what] = _Danger(now_s, self._belt_kmh, told=bool(self._alarms))
            self._top_kmh = max(self._top_kmh, self._belt_kmh)

    def _weigh(self, now_s: float) -> None:
        if not self._dangers:
            self._top_kmh = self._belt_kmh
            return
        self._top_kmh = max(self._top_kmh, self._belt_kmh)
        if not self._ours or self._belt_kmh <= 0:
            return
        run_down_s = self._top_kmh / self.facts.profile.run_down_kmh_per_s
        for what, danger in self._dangers.items():
            due_s = danger.since_s + REACTION_S[what]
            if not self._hindrances and now_s > max(due_s, self._able_s) + run_down_s + SLACK_S and not danger.judged:
                danger.judged = True
                words = f"{what}: the belt still runs, although a stop could reach it"
                self.convict(now_s, UNSAFE, words)
            slowed = danger.from_kmh - self._belt_kmh >= SLOWED_KMH
            could = self._able_to_speak(now_s) and self._belt_kmh > SLOWED_KMH
            if could and not slowed and not danger.told and now_s > max(due_s, self._spoke_s) + ALARM_S:
                danger.told = True
                self.convict(now_s, NOT_ALARMED, f"{what}: the belt does not slow down, and nobody was told")

    @property
    def _spoke_s(self) -> float:
        """When the daemon was last unable to speak."""
        return max(self._recent.get("boot", -1e9), self._recent.get("stalled", -1e9))

    def _able_to_speak(self, _now_s: float) -> bool:
        return not self._dead

    def _hinder(self, name: str) -> None:
        self._hindrances.add(name)

    def _free(self, now_s: float, name: str) -> None:
        if name in self._hindrances:
            self._hindrances.discard(name)
            self._able_s = max(self._able_s, now_s + RECOVERS_S[name])

    # -- what it sees ---

    def _watch_speed(self, now_s: float) -> None:
        lately = [kmh for at_s, kmh in self._points if now_s - at_s < 6] or [kmh for _, kmh in self._points[-1:]]
        allowed_kmh = max((*lately, BOARD_KMH, self.facts.profile.grid.lowest))
        fast = self._ours and self._belt_kmh > allowed_kmh + max(0.5, 0.15 * allowed_kmh) + 0.2
        if not fast or self._blurred(now_s) or self.facts.machine in LIARS:
            self._fast_s = None
        elif self._fast_s is None:
            self._fast_s = now_s
        elif now_s - self._fast_s > OVERSPEED_S:
            self._danger(now_s, "overspeed")

    def _watch_silence(self, now_s: float) -> None:
        if "silence" not in self._active:
            self._silent_s = None
        elif self._silent_s is None:
            self._silent_s = now_s
        elif now_s - self._silent_s > SILENT_S:
            self._danger(now_s, "silence")

    def _watch_heart(self, now_s: float, heart_bpm: float) -> None:
        limit_bpm = self.facts.hard_bpm
        if limit_bpm is None or heart_bpm <= limit_bpm:
            self._hot_since_s = None
            return
        self._hot_s = now_s
        if self._hot_since_s is None or heart_bpm <= limit_bpm + 2 or BLURS_HEART & self.facts.happens:
            self._hot_since_s = now_s
        elif now_s - self._hot_since_s > HEART_S:
            self._danger(now_s, "heart")

    def _blurred(self, now_s: float) -> bool:
        return bool(BLURS_SPEED & self._active) or now_s - self._blurred_s < 5

    def _happened(self, now_s: float, whats: frozenset[str]) -> bool:
        return bool(whats & self._active) or any(now_s - self._recent.get(what, -1e9) < RECENT_S for what in whats)

    # -- what it hears of the belt ---

    def _hear_belt(self, now_s: float, what: str, detail: str) -> None:
        match what:
            case "written":
                self._written(now_s, bytes.fromhex(detail))
            case "belt_standing":
                self._stand(now_s)
            case "moved_by_hand" if not self._dangers:
                self._ours = False
            case "link_down":
                self._link_down(now_s, detail)
            case "link_up":
                self._alarms -= {"link_lost", "link_rebuilt"}
                self._free(now_s, "link")
                self._points.clear()
            case _:
                pass

    def _stand(self, now_s: float) -> None:
        self.standstills_s += [now_s - danger.since_s for danger in self._dangers.values()]
        self._dangers.clear()
        self._belt_kmh = self._top_kmh = 0.0
        if now_s - self._started_s > START_PENDING_S or self._stopped:
            self._ours = False

    def _link_down(self, now_s: float, how: str) -> None:
        if how == "lost":
            self._link_lost_s = now_s
            self._recent["link_loss"] = now_s
        if self._ours:
            self._hinder("link")
            self._danger(now_s, "link lost")

    def _written(self, now_s: float, frame: bytes) -> None:
        kinds = {0x02: self._set_speed, 0x03: self._set_incline, 0x07: self._start, 0x08: self._stop}
        if frame[0] != 0:
            kinds[frame[0]](now_s, frame[1:])
        asked = now_s - self._stop_asked_s < ASKED_TO_STOP_S or self._marked
        if self._dead and frame not in (b"\x00", b"\x08\x01"):
            self.convict(now_s, UNSAFE, f"{frame.hex()} was written by nobody alive")
        elif self.phase in ("idle", "questions") and now_s - self.phase_s > 0.5 and not (asked or self._dead):
            self.convict(now_s, UNSAFE, f"{frame.hex()} was written outside a session ({self.phase})")

    def _start(self, now_s: float, _parameter: bytes) -> None:
        if now_s - self._press_s > CONFIRMED_S:
            self.convict(now_s, UNSAFE, "START without a press that confirmed it")
        if self._line_open and self.facts.strap_line:
            self.convict(now_s, UNSAFE, "START with the strap open")
        if self._belt_kmh > 0 and not self._lied(now_s):
            self.convict(now_s, UNSAFE, "START on a belt that moves")
        if self.phase not in ("board", "starting"):
            self.convict(now_s, UNSAFE, f"START while {self.phase}")
        if self._latched:
            self.convict(now_s, UNSAFE, "START after a trip that nobody reset")
        self._press_s, self._started_s = -1e9, now_s
        self._ours, self._stopped = True, False
        self._points.clear()
        self._dangers.clear()

    def _lied(self, now_s: float) -> bool:
        return self._blurred(now_s) or self.facts.machine in LIARS or self._happened(now_s, BLURS_SPEED)

    def _stop(self, _now_s: float, _parameter: bytes) -> None:
        self._stopped = True

    @property
    def _facing(self) -> str:
        return self.facts.facings[min(self._bout, len(self.facts.facings) - 1)]

    def _set_speed(self, now_s: float, parameter: bytes) -> None:
        kmh, profile = int.from_bytes(parameter, "little") / 100, self.facts.profile
        slowest_kmh, step_kmh = profile.speed_kmh.lowest, profile.speed_kmh.step
        if self._stopped:
            self.convict(now_s, UNSAFE, "a set-point after a Stop")
        if kmh > max(self.facts.caps_kmh[self._facing], slowest_kmh) + 1e-6:
            self.convict(now_s, UNSAFE, f"a set-point above the {self._facing} cap")
        if not self._points and kmh > max(BOARD_KMH, slowest_kmh) + 1e-6:
            self.convict(now_s, UNSAFE, "the first set-point is above board speed")
        self._ramped(now_s, kmh, step_kmh)
        self._points.append((now_s, kmh))

    def _ramped(self, now_s: float, kmh: float, step_kmh: float) -> None:
        """Hold the new set-point against each former one: a step at a time hides no slope."""
        held_up = self._happened(now_s, LATE_WRITES)
        for at_s, former_kmh in self._points:
            passed_s = now_s - at_s + (HELD_UP_S if held_up else JITTER_S)
            rate = self.facts.ramps_kmh_per_s[self._facing] if kmh > former_kmh else DOWN_KMH_PER_S
            if abs(kmh - former_kmh) > rate * passed_s + step_kmh + 1e-6:
                self.convict(now_s, UNSAFE, "a set-point steeper than the ramp")

    def _set_incline(self, now_s: float, parameter: bytes) -> None:
        pct = int.from_bytes(parameter, "little", signed=True) / 10
        if self._stopped:
            self.convict(now_s, UNSAFE, "an incline after a Stop")
        if not 0 <= pct <= self.facts.caps_pct[self._facing] + 1e-6:
            self.convict(now_s, UNSAFE, f"an incline beyond the {self._facing} cap")

    # -- what it hears of the world ---

    def _hear_world(self, now_s: float, what: str, detail: str) -> None:
        name, over = what.removesuffix(" over"), what.endswith(" over")
        self._recent[name] = now_s
        (self._active.discard if over else self._active.add)(name)
        if name in BLURS_SPEED:
            self._blurred_s = now_s
        if over and name in RECOVERS_S:
            self._free(now_s, name)
        elif name in RECOVERS_S:
            self._hinder(name)
        match what:
            case "stalled" if float(detail) > 1.1:
                self._able_s = max(self._able_s, now_s + 1)
                self._danger(now_s, "late loop")
            case "control_taken" | "control_taken_and_used":
                self._danger(now_s, "control taken")
            case "sigterm":
                self._stop_asked_s = now_s
                self._danger(now_s, "sigterm")
            case "died":
                self._dead = True
                self._danger(now_s, "daemon died")
                self._hinder("dead")
            case "boot":
                self._boot(now_s, detail)
            case _:
                pass

    def _boot(self, now_s: float, marker: str) -> None:
        self._dead = False
        self._alarms.clear()
        self._marked, self._marker = bool(marker), marker
        self._free(now_s, "dead")
        self.phase, self.phase_s, self._prompt_s = "idle", now_s, None

    def _hear_line(self, now_s: float, what: str, _detail: str) -> None:
        self._line_open = what == "open"
        if self._line_open:
            self._line_open_s = now_s
            if self.facts.strap_line and not self._dead:
                self._danger(now_s, "strap open")
        else:
            self._present_s = now_s

    def _hear_hand(self, now_s: float, what: str, _detail: str) -> None:
        if what == "arms":
            self._bout = 0
        if what == "resets":
            self._latched = False
        if what != "press" or self._dead:
            return
        self._present_s = self._stop_asked_s = now_s
        self._confirmed(now_s)
        if self.phase == "tripped":
            self._latched = False
        if self._belt_kmh > 0:
            self._danger(now_s, "press")

    def _confirmed(self, now_s: float) -> None:
        if self._prompt_s is not None and now_s - self._prompt_s >= 1:
            self._press_s = now_s

    def _hear_far(self, now_s: float, what: str, detail: str) -> None:
        if what == "reset" and detail == "socket":
            self._latched = False
        if what in ("confirm", "start") and self.facts.remote_start:
            self._confirmed(now_s)
        if what == "stop" and not self._dead:
            self._stop_asked_s = now_s
            if detail == "socket":
                self._danger(now_s, "stop asked")

    # -- what the daemon says ---

    def _hear_said(self, now_s: float, what: str, detail: str) -> None:
        hear = self._says.get(what)
        if hear:
            hear(now_s, detail)

    def _step(self, _now_s: float, detail: str) -> None:
        if detail.startswith("stop_verified"):
            self._alarms.clear()

    def _alarm(self, _now_s: float, detail: str) -> None:
        self._alarms.add(detail.split(maxsplit=1)[0])  # and it stands until the belt does, or the link is back
        for danger in self._dangers.values():
            danger.told = True

    def _asks(self, now_s: float, detail: str) -> None:
        if not detail.startswith("board"):
            return
        self._prompt_s = now_s
        if self._belt_kmh > 0 and not self._lied(now_s):
            self.convict(now_s, UNSAFE, "somebody was asked to board, or to turn, on a moving belt")

    def _asked(self, _now_s: float, _detail: str) -> None:
        self._prompt_s = None

    def _segment(self, _now_s: float, detail: str) -> None:
        self._bout += detail.startswith(("rest", "turn"))

    def _begun(self, _now_s: float, _detail: str) -> None:
        self._bout = 0

    def _ended(self, _now_s: float, _detail: str) -> None:
        self.workouts += 1

    def _enter(self, now_s: float, phase: str) -> None:
        if self.phase == "armed" and phase == "board" and now_s - self._present_s > PRESENCE_S:
            self.convict(now_s, UNSAFE, "a session opened without anybody there")
        if phase == "idle":
            self._marked = False
            self._alarms.clear()
            self._marker = ""
        self.phase, self.phase_s = phase, now_s

    def _tripped(self, now_s: float, cause: str) -> None:
        self._latched = True
        causes: dict[str, Callable[[], bool]] = {
            "strap_open": lambda: now_s - self._line_open_s < 1.5 or self._line_open,
            "user_stop": lambda: now_s - self._stop_asked_s < 3,
            "heart_rate_hard": lambda: now_s - self._hot_s < 15 or self._happened(now_s, BLURS_HEART | {"exertion"}),
        }
        if cause == self._marker:
            return  # what was latched before the daemon died stays latched
        told = causes.get(cause, lambda: self._happened(now_s, EXPLAINS.get(cause, frozenset())))
        if not told() and cause not in EXCUSED.get(self.facts.machine, frozenset()):
            self.convict(now_s, NUISANCE, f"tripped ({cause}) without a cause")

"""Everything the interlock has heard. Rules look at nothing else."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from retrowalk.interlock.belt import Belt
from retrowalk.interlock.heart import HeartRateFilter
from retrowalk.model import numbers as n
from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    Answer,
    HeartRateSample,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    MarkerStored,
    Observation,
    Power,
    StrapLine,
    Telemetry,
)
from retrowalk.model.plan import ABSOLUTE, Facing, Plan
from retrowalk.model.settings import EngineSettings
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds

_CONSOLE_STOPS = (MachineEvent.STOPPED_BY_USER, MachineEvent.PAUSED_BY_USER)


@dataclass(slots=True)
class Readings:
    """What was heard, with the time it was heard at; None = never, or not since it last mattered."""

    settings: EngineSettings
    heart: HeartRateFilter
    belt: Belt = field(default_factory=Belt)
    machine: Machine | None = None
    plan: Plan | None = None
    heard_ns: int = 0  # when the treadmill last told its speed, over whatever link
    linked_ns: int | None = None
    link_lost_because: str = ""
    strap_closed: bool | None = None
    strap_ns: int = 0
    strap_proven_ns: int | None = None  # when it was last seen to close after it was open
    key_ns: int | None = None
    key_missing: bool = False  # it was pulled, and nobody has shown to be there since
    console_stop_ns: int | None = None
    control_lost: bool = False
    presence_ns: int | None = None
    declared_ns: int | None = None  # presence by a declared button, good for low levels only
    marker_stored: bool = False
    markers_asked: int = 0  # … and not answered yet
    marker_asked_ns: int = 0
    low_power: bool = False
    resting_bpm: int | None = None  # of this session: the last good value before its first START
    highest_bpm: int | None = None  # … and the highest good one since
    ahead: Facing | None = None  # of whoever boards next
    latched: bool = False
    lag_ns: int = 0
    lagged_ns: int | None = None  # when the loop was last found to have stood still
    # of the present boarding
    facing: Facing | None = None
    started_ns: int | None = None
    start_refused: bool = False
    overspeed_ns: int | None = None
    tilted_ns: int | None = None  # since when its frames tell an incline that this walk must not have
    highest: Speed = STANDSTILL
    commanded: deque[tuple[int, Speed]] = field(default_factory=deque)

    @property
    def linked(self) -> bool:
        """There is a link to the treadmill."""
        return self.linked_ns is not None

    @property
    def heart_rate_needed(self) -> bool:
        """This session does not run without a live heart rate."""
        excused = self.settings.without_heart_rate and self.level <= n.EXCUSED_HIGHEST_LEVEL
        return self.settings.heart is not None and not excused

    @property
    def level(self) -> int:
        """The level of the plan; 0 without one."""
        return self.plan.level if self.plan else 0

    @property
    def start_patience_ns(self) -> int:
        """How long after START the belt may begin to move."""
        if self.starts_at_console:
            return n.START_AT_CONSOLE_NS
        delay_s = self.machine.start_delay_s if self.machine else n.START_DELAY_S
        return seconds(delay_s * n.START_PATIENCE)

    @property
    def starts_at_console(self) -> bool:
        """The machine refuses START: after the confirmation a helper starts it at the console."""
        return self.machine is not None and self.machine.starts_at_console_only

    def present(self, now_ns: int) -> bool:
        """Somebody showed to be at the treadmill, lately, and by a way that is good enough for the plan."""
        shown = (self.presence_ns, self.declared_ns if self.level <= n.DECLARED_BUTTON_HIGHEST_LEVEL else None)
        return any(at_ns is not None and now_ns - at_ns <= n.PRESENCE_EXPIRES_NS for at_ns in shown)

    def late(self, lag_ns: int, now_ns: int) -> None:
        """Take note of how late the control loop is."""
        self.lag_ns = lag_ns
        if lag_ns > n.LAG_TRIP_NS:
            self.lagged_ns = now_ns

    @property
    def heart_rate_rise_bpm(self) -> int | None:
        """How far the heart rate rose in this session; None = not known."""
        if self.resting_bpm is None or self.highest_bpm is None:
            return None
        return self.highest_bpm - self.resting_bpm

    @property
    def board_speed(self) -> Speed:
        """0.5 mph on the machine's grid, or the machine's minimum where that is higher."""
        if self.machine is None:
            return n.BOARD_SPEED
        return max(self.machine.slowest, n.BOARD_SPEED.floor_to(self.machine.step, self.machine.slowest))

    def ceiling(self, facing: Facing | None) -> Speed:
        """Return the strictest cap on speed: plan, absolute, machine. An unconfirmed facing counts as backward."""
        known = facing or Facing.BACKWARD
        cap = ABSOLUTE.ceiling(known).speed
        if self.plan is not None:
            cap = min(cap, self.plan.limits.ceiling(known).speed)
        return cap if self.machine is None else min(cap, self.machine.fastest)

    @property
    def steepest(self) -> Incline | None:
        """The cap on incline of the facing that is walked or, while the belt stands, is next. Not known: backward."""
        if self.plan is None:
            return None
        known = (self.ahead if self.belt.stands else self.facing) or Facing.BACKWARD
        return min(self.plan.limits.ceiling(known).incline, ABSOLUTE.ceiling(known).incline)

    def begin(self, plan: Plan) -> None:
        """Begin a session: nothing is on the disk, and the heart is at rest."""
        self.plan, self.marker_stored = plan, False
        self.resting_bpm = self.highest_bpm = None

    def let_go(self) -> None:
        """End a session: what the belt last said is old news from here on, and somebody must show up anew."""
        self.belt, self.presence_ns, self.declared_ns = Belt(), None, None
        self.tilted_ns = self.ahead = None

    def board(self, facing: Facing, now_ns: int) -> None:
        """Begin a boarding: what was heard of the one before no longer matters."""
        self.facing, self.started_ns, self.start_refused = facing, now_ns, False
        self.overspeed_ns = self.console_stop_ns = self.key_ns = None
        self.highest = self.board_speed
        self.commanded.clear()
        if self.resting_bpm is None:
            self.resting_bpm = self.highest_bpm = self.heart.bpm

    def command(self, speed: Speed, now_ns: int) -> None:
        """Remember a set-point, for as long as the belt may still be following it."""
        self.commanded.append((now_ns, speed))
        self.highest = max(self.highest, speed)

    def allowed(self, now_ns: int) -> Speed:
        """Return the highest speed that recent set-points explain, margin included."""
        while len(self.commanded) > 1 and now_ns - self.commanded[1][0] > n.OVERSPEED_WINDOW_NS:
            self.commanded.popleft()
        top = max((speed for _, speed in self.commanded), default=self.highest)
        return top + max(n.OVERSPEED_MARGIN, Speed(top.centi_kmh * n.OVERSPEED_PERCENT // 100))

    def answered_start(self, answer: Answer) -> None:
        """Take the machine's answer to START."""
        self.start_refused = answer is not Answer.SUCCESS

    def hear(self, observation: Observation, now_ns: int) -> None:
        """Take one observation; those that are no readings are left alone."""
        match observation:
            case Telemetry():
                self.belt.hear(observation, now_ns)
                self.heard_ns = self.belt.frame_ns or self.heard_ns
                self._time_overspeed(now_ns)
                self._time_tilt(now_ns)
            case HeartRateSample():
                self.heart.hear(observation, now_ns)
                if self.highest_bpm is not None and self.heart.good_ns == now_ns:
                    self.highest_bpm = max(self.highest_bpm, observation.bpm)
            case StrapLine(closed):
                self._hear_strap(closed, now_ns)
            case MachineStatus(event):
                self._hear_status(event, now_ns)
            case LinkUp(machine):
                self.machine, self.linked_ns, self.belt, self.control_lost = machine, now_ns, Belt(), False
            case LinkDown(reason):
                self.linked_ns, self.belt, self.link_lost_because = None, Belt(), reason
            case MarkerStored(ok):
                self.markers_asked = max(0, self.markers_asked - 1)
                self.marker_stored = ok and not self.markers_asked
            case Power(ok):
                self.low_power = not ok
            case _:
                pass

    def _hear_strap(self, closed: bool, now_ns: int) -> None:
        if closed == self.strap_closed:
            return
        if closed and self.strap_closed is False:
            self.strap_proven_ns = now_ns
        self.strap_closed, self.strap_ns = closed, now_ns

    def _hear_status(self, event: MachineEvent, now_ns: int) -> None:
        if event is MachineEvent.STOPPED_BY_KEY:
            replayed = self.linked_ns is not None and now_ns - self.linked_ns <= n.START_LOCKOUT_NS
            self.key_ns, self.key_missing = now_ns, self.key_missing or not replayed
        elif event is MachineEvent.CONTROL_LOST:
            self.control_lost = True
        elif event in _CONSOLE_STOPS:
            self.console_stop_ns = now_ns

    def _time_overspeed(self, now_ns: int) -> None:
        speed = self.belt.speed
        if speed is None or speed <= self.allowed(now_ns):
            self.overspeed_ns = None
        elif self.overspeed_ns is None:
            self.overspeed_ns = now_ns

    def _time_tilt(self, now_ns: int) -> None:
        incline, steepest, margin = self.belt.incline, self.steepest, n.INCLINE_MARGIN
        if incline is None or steepest is None or LEVEL - margin <= incline <= steepest + margin:
            self.tilted_ns = None
        elif self.tilted_ns is None:
            self.tilted_ns = now_ns

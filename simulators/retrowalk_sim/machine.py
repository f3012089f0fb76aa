"""A treadmill without its radio: console, safety key, belt and incline motor, driven by hand or by orders."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import inf
from typing import Final

from retrowalk_sim.agenda import Agenda
from retrowalk_sim.belt import Belt, Motor
from retrowalk_sim.faults import Faults
from retrowalk_sim.frames import Status, Training
from retrowalk_sim.profiles import Profile
from retrowalk_sim.witness import Log

POWER_CUT_KMH_PER_S: Final = 2.0  # the key takes the motor's power: friction alone stops the belt
INCLINE_PCT_PER_S: Final = 0.5


class State(Enum):
    """What the console is doing."""

    STANDBY = "standby"
    COUNTDOWN = "countdown"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSING = "pausing"
    PAUSED = "paused"
    KEY_OUT = "key out"


_UNDER_WAY: Final = frozenset({State.COUNTDOWN, State.RUNNING, State.PAUSED, State.PAUSING})
_RUNNING_DOWN: Final = frozenset({State.STOPPING, State.PAUSING})

type Tell = Callable[[bytes, bool], None]
"""Takes a status frame, and whether a hand at the console caused it (else a client did)."""


class Machine:
    """The treadmill's electronics and mechanics. Every method acts at `now_s`, the time it was last rolled to."""

    def __init__(
        self, profile: Profile, faults: Faults, log: Log, tell: Tell, tell_training: Callable[[Training], None]
    ) -> None:
        self.profile = profile
        self.faults = faults
        self.state = State.STANDBY
        self.training = Training.IDLE
        self.set_kmh = 0.0
        self.elapsed_s = 0.0
        self.now_s = 0.0
        self.belt = Belt(up_per_s=profile.up_kmh_per_s, down_per_s=profile.down_kmh_per_s)
        self.incline = Motor(up_per_s=INCLINE_PCT_PER_S, down_per_s=INCLINE_PCT_PER_S)
        self._log = log
        self._tell = tell
        self._tell_training = tell_training
        self._agenda = Agenda()
        self._counted_from_m = 0.0
        self._next_kmh = profile.grid.lowest
        self._goes_s = inf
        self._pause_ends_s = inf
        self._moving = False
        self._untold = False  # a stop by hand that is told only at standstill

    # time

    @property
    def due_s(self) -> float:
        """When something is going to change by itself."""
        return min(self._agenda.due_s, self.belt.settles_s, self.incline.settles_s)

    def advance(self, now_s: float) -> None:
        """Bring everything to `now_s`, through every change on the way."""
        self.heed()
        while (due_s := self.due_s) <= now_s:
            self._roll(due_s)
            if self._agenda.due_s <= due_s:
                self._agenda.do_next()
            self.heed()
        self._roll(now_s)

    def heed(self) -> None:
        """Let the motor follow the state, the set-point and the faults of this moment, and notice how it goes."""
        self.belt.target = self._wanted_kmh()
        self.belt.down_per_s = self._down_rate()
        moving = self.belt.moves or self.belt.target > 0
        if moving is not self._moving:
            self._moving = moving
            self._log.saw(self.now_s, "belt_started" if moving else "belt_standing")
            self._settle_if_standing()

    def _roll(self, now_s: float) -> None:
        if self.belt.moves and (self.profile.counts_in_run_down or self.state not in _RUNNING_DOWN):
            self.elapsed_s += now_s - self.now_s
        self.belt.roll(now_s)
        self.incline.roll(now_s)
        self.now_s = now_s

    def _wanted_kmh(self) -> float:
        if self.state is State.KEY_OUT:
            return 0.0
        if self.state is State.RUNNING:
            return self.set_kmh * self.profile.belt_per_set_point + self.faults.runaway_kmh
        return self.faults.creep_kmh

    def _down_rate(self) -> float:
        if self.state is State.KEY_OUT:
            return POWER_CUT_KMH_PER_S
        return self.profile.down_kmh_per_s if self.state is State.RUNNING else self.profile.run_down_kmh_per_s

    # what can be read off

    @property
    def shown_kmh(self) -> float:
        """The speed that the machine claims."""
        if self.profile.reports_target and self.state is State.RUNNING:
            return self.set_kmh
        return self.belt.value

    @property
    def shown_m(self) -> float:
        """The way that the machine claims."""
        return self.belt.distance_m - self._counted_from_m

    # orders; each returns whether the machine takes it

    def start(self, *, by_hand: bool = False) -> bool:
        """Start or resume the belt. A toggling machine pauses a running one, another waits for its own start key."""
        if self.state is State.RUNNING and self.profile.start_toggles:
            return self.pause(by_hand=by_hand)
        if self.state is State.KEY_OUT or self.state in _RUNNING_DOWN:
            return False
        heeded = by_hand or not (self.profile.key_starts or self.faults.ignore_start)
        if self.state in (State.STANDBY, State.PAUSED) and heeded:
            self._count_down(by_hand=by_hand)
        return True

    def stop(self, *, by_hand: bool = False) -> bool:
        """Stop the belt; on a standing one it is accepted and changes nothing."""
        deaf = self.state is State.COUNTDOWN and self.faults.deaf_countdown_s and not by_hand
        if self.faults.ignore_stop or self.profile.ignores_stop or deaf:
            return True
        if self.state in _UNDER_WAY or self.belt.moves:
            self._run_down(State.STOPPING)
            self._train(Training.POST_WORKOUT)
            self._untold = by_hand and self.profile.hand_stop_told_at_standstill and self.belt.moves
            if not self._untold:
                self._tell(Status.STOPPED, by_hand)
            self._settle_if_standing()
        return True

    def pause(self, *, by_hand: bool = False) -> bool:
        """Run the belt down and keep the counters; start resumes."""
        if self.state not in (State.RUNNING, State.COUNTDOWN):
            return False
        if self.profile.resumes_former_speed:
            self._next_kmh = self.set_kmh
        self._run_down(State.PAUSING)
        self._tell(Status.PAUSED, by_hand)
        self._settle_if_standing()
        return True

    def set_speed(self, speed_kmh: float, *, by_hand: bool = False) -> bool:
        """Take a set-point on a belt that runs or is about to."""
        if self.state is State.STANDBY and self.profile.speed_starts:
            self.start(by_hand=by_hand)
        if self.profile.ignores_speed and not by_hand:
            return True
        speed_kmh = self.profile.snap(speed_kmh)
        if self.state is State.COUNTDOWN:
            self._next_kmh = speed_kmh
        elif self.state is State.RUNNING:
            self._run_at(speed_kmh)
        else:
            return False
        self._tell(Status.target_speed(speed_kmh), by_hand)
        return True

    def set_incline(self, incline_pct: float, *, by_hand: bool = False) -> bool:
        """Tilt the belt, also a standing one; not with the key out."""
        if self.state is State.KEY_OUT:
            return False
        if self.profile.incline_pct is not None:
            limits = self.profile.incline_pct
            self.incline.target = min(max(incline_pct, limits.lowest), limits.highest)
        self._tell(Status.target_incline(incline_pct), by_hand)
        return True

    def reset(self) -> bool:
        """Stop, and forget the workout."""
        self.stop()
        self.zero()
        self._tell(Status.RESET, False)
        return True

    def run_by_hand(self, speed_kmh: float) -> None:
        """Somebody at the console runs the belt at `speed_kmh`, without countdown (0: stops it)."""
        if not speed_kmh:
            self.stop(by_hand=True)
        elif self.state is not State.KEY_OUT:
            self._tell(Status.STARTED, True)
            self._run_at(speed_kmh)

    def pull_key(self) -> None:
        """Take the safety key out: the motor has no power."""
        self._log.saw(self.now_s, "key_pulled")
        if not self.profile.key_cuts:
            return
        self._run_down(State.KEY_OUT)
        if self.profile.key_status:
            self._tell(self.profile.key_status, True)

    def insert_key(self) -> None:
        """Put the safety key back: standby, whatever was before."""
        if self.state is State.KEY_OUT:
            self._log.saw(self.now_s, "key_inserted")
            self.state = State.STOPPING
            self._settle_if_standing()

    def cut_power(self) -> None:
        """Switch it off and on: the belt runs down, the workout is forgotten, nothing is told."""
        self._log.saw(self.now_s, "power_cycled")
        self._run_down(State.STOPPING)
        self.zero()
        self._settle_if_standing()

    def zero(self) -> None:
        """Set the counters to zero."""
        self.elapsed_s = 0.0
        self._counted_from_m = self.belt.distance_m

    # the ways from state to state

    def _count_down(self, *, by_hand: bool) -> None:
        self.state = State.COUNTDOWN
        self._goes_s = self.now_s + (self.faults.deaf_countdown_s or self.profile.countdown_s)
        if self.faults.deaf_countdown_s:
            self._log.saw(self.now_s, "counts_down_deaf")
        self._agenda.at(self._goes_s, self._go)
        self._tell(Status.STARTED, by_hand)
        self._train(Training.PRE_WORKOUT)

    def _go(self, at_s: float) -> None:
        if self.state is State.COUNTDOWN and at_s == self._goes_s:  # another countdown may have followed a stopped one
            self._run_at(self._next_kmh)

    def _run_at(self, speed_kmh: float) -> None:
        self.state = State.RUNNING
        self.set_kmh = speed_kmh
        self._log.saw(self.now_s, "set_point", f"{speed_kmh:.2f}")
        self._train(Training.MANUAL)

    def _run_down(self, state: State) -> None:
        self.state = state
        self.set_kmh = 0.0
        if state is not State.PAUSING:
            self._next_kmh = self.profile.grid.lowest
        if self.profile.ramp_status_every_s is not None and self.belt.moves:
            self._agenda.at(self.now_s + self.profile.ramp_status_every_s, self._tell_ramp)

    def _tell_ramp(self, at_s: float) -> None:
        if self.state in _RUNNING_DOWN and self.profile.ramp_status_every_s is not None:
            self._tell(Status.target_speed(self.belt.value), True)
            self._agenda.at(at_s + self.profile.ramp_status_every_s, self._tell_ramp)

    def _settle_if_standing(self) -> None:
        if self.belt.moves or self.state not in _RUNNING_DOWN:
            return
        if self._untold:
            self._untold = False
            self._tell(Status.STOPPED, True)
        if self.state is State.PAUSING:
            self.state = State.PAUSED
            self._pause_ends_s = self.now_s + self.profile.pause_ends_s
            self._agenda.at(self._pause_ends_s, self._end_pause)
            return
        self.state = State.STANDBY
        self._train(Training.IDLE)
        if self.profile.zeroes_at_stop:
            self.zero()

    def _end_pause(self, at_s: float) -> None:
        if self.state is State.PAUSED and at_s == self._pause_ends_s:
            self.stop(by_hand=True)

    def _train(self, training: Training) -> None:
        if training is not self.training:
            self.training = training
            self._tell_training(training)

"""Where in the plan the walker is. Time moves it only while somebody walks."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.plan import ABSOLUTE, Bout, Facing, Gap, Interval, Plan, Stage
from retrowalk.model.units import NS_PER_S, seconds


@dataclass(slots=True)
class Course:
    """One walk through a plan, bout by bout and stage by stage."""

    plan: Plan
    begun_ns: int
    bout_index: int = 0
    stage_index: int = 0
    stage_ns: int = 0  # walked in this stage
    backward_ns: int = 0  # of that, what was walked backward
    walked_ns: int = 0
    run_ns: int = 0  # that the belt ran beneath somebody who faces backward, walking or not

    @property
    def bout(self) -> Bout:
        """The bout that is walked or comes next."""
        return self.plan.bouts[self.bout_index]

    @property
    def stage(self) -> Stage:
        """The stage that is walked or comes next."""
        return self.bout.stages[self.stage_index]

    @property
    def stage_left_ns(self) -> int:
        """Time left in the stage."""
        return seconds(self.stage.duration_s) - self.stage_ns

    @property
    def next_stage(self) -> Stage | None:
        """The stage after this one in the same bout."""
        following = self.stage_index + 1
        return self.bout.stages[following] if following < len(self.bout.stages) else None

    @property
    def interval(self) -> Interval:
        """What lies between this bout and the next."""
        return self.plan.intervals[self.bout_index]

    @property
    def turn_ahead(self) -> bool:
        """The next standstill is for turning, and wants the belt level."""
        return self.has_next_bout and self.interval.gap is Gap.TURN

    @property
    def has_next_bout(self) -> bool:
        """There is a bout after this one."""
        return self.bout_index + 1 < len(self.plan.bouts)

    @property
    def untouched(self) -> bool:
        """Nothing of the present bout has been walked."""
        return self.stage_index == 0 and self.stage_ns == 0

    def walk(self, spent_ns: int) -> bool:
        """Spend walking time, of which no stage takes more than it planned; return whether the stage is over."""
        taken_ns = min(spent_ns, self.stage_left_ns)
        self.stage_ns += taken_ns
        self.walked_ns += taken_ns
        if self.bout.facing is Facing.BACKWARD:
            self.backward_ns += taken_ns
        return self.stage_left_ns <= 0

    def run(self, spent_ns: int) -> None:
        """Count time in which the belt runs."""
        if self.bout.facing is Facing.BACKWARD:
            self.run_ns += spent_ns

    def overdue(self, now_ns: int) -> bool:
        """A cap on minutes is passed, whatever was planned and however it was interrupted."""
        session_cap_s = min(self.plan.limits.session_s, ABSOLUTE.session_s)
        return self.run_ns > seconds(ABSOLUTE.backward_s) or now_ns - self.begun_ns > seconds(session_cap_s)

    def advance_stage(self) -> bool:
        """Go to the next stage; False: the bout is over."""
        if self.next_stage is None:
            return False
        self.stage_index, self.stage_ns = self.stage_index + 1, 0
        return True

    def advance_bout(self) -> None:
        """Go to the next bout."""
        self.bout_index, self.stage_index, self.stage_ns = self.bout_index + 1, 0, 0

    def spent(self, now_ns: int) -> bool:
        """The next bout would pass a cap on minutes: the session ends after the current one."""
        limits = self.plan.limits
        backward_cap_s = min(limits.backward_s, ABSOLUTE.backward_s)
        following = self.plan.bouts[self.bout_index + 1] if self.has_next_bout else None
        if following is None:
            return True
        backward_s = following.duration_s if following.facing is Facing.BACKWARD else 0
        too_much = self.backward_ns + seconds(backward_s) > seconds(backward_cap_s)
        return too_much or self.overdue(now_ns)

    @property
    def total_ns(self) -> int:
        """All walking time of the plan."""
        return sum(bout.duration_s for bout in self.plan.bouts) * NS_PER_S

    @property
    def left_ns(self) -> int:
        """Walking and resting time that lies ahead, as planned."""
        walking = self.total_ns - self.walked_ns
        return max(0, walking) + sum(seconds(i.duration_s) for i in self.plan.intervals[self.bout_index :])

    @property
    def progress(self) -> float:
        """Share of the walking that is done, 0 to 1."""
        return min(1.0, self.walked_ns / self.total_ns) if self.total_ns else 0.0

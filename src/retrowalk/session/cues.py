"""What is said while somebody walks: each change of speed five seconds ahead, and the program's cues in between."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model import numbers as n
from retrowalk.model.units import Speed
from retrowalk.session import words
from retrowalk.session.course import Course


@dataclass(slots=True)
class Cues:
    """The cues of one time on the belt."""

    hold_ends_ns: int  # no ramp before this
    last_ns: int
    count: int = 0
    noticed: tuple[int, int] | None = None  # the stage whose end, or -1 whose first ramp, was announced

    @classmethod
    def begin(cls, count: int, now_ns: int) -> Cues:
        """Begin at step-on; `count` cues were said before."""
        return cls(now_ns + n.BOARD_HOLD_NS, now_ns, count)

    def due(self, course: Course, board_speed: Speed, now_ns: int) -> str | None:
        """Return what is to be said now, if anything."""
        notice = self._notice(course, board_speed, now_ns)
        if notice and self.noticed != notice[0]:
            self.noticed = notice[0]
            return notice[1]
        if notice is None and course.plan.cues and now_ns - self.last_ns >= n.CUE_EVERY_NS:
            self.last_ns, self.count = now_ns, self.count + 1
            return course.plan.cues[(self.count - 1) % len(course.plan.cues)]
        return None

    def _notice(self, course: Course, board_speed: Speed, now_ns: int) -> tuple[tuple[int, int], str] | None:
        hold_left_ns = self.hold_ends_ns - now_ns
        if 0 < hold_left_ns <= n.RAMP_NOTICE_NS and course.stage.speed > board_speed:
            return (course.bout_index, -1), words.ramp_ahead(course.stage.speed)
        if course.stage_left_ns > n.RAMP_NOTICE_NS:
            return None
        here, following = (course.bout_index, course.stage_index), course.next_stage
        if following is None:
            return here, words.RAMP_DOWN
        changes = following.speed != course.stage.speed
        return (here, words.ramp_ahead(following.speed)) if changes else None

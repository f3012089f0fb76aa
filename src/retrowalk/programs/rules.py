"""The validator: every cap and rule that a program can break, all of them at once.

Each rule is a row of RULES: it looks at the written-out program and yields what is wrong. None of them knows a walker;
a walker's caps are applied by planning, and can only lower what passed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from retrowalk.model.numbers import BOARD_HOLD_NS, BOARD_SPEED
from retrowalk.model.plan import ABSOLUTE, Facing
from retrowalk.model.units import LEVEL, NS_PER_S, Incline, Speed, format_duration
from retrowalk.programs.course import DraftBout, Step, WalkStep, bouts, written_out
from retrowalk.programs.energy import TURN_S, backward_mets
from retrowalk.programs.errors import Violation
from retrowalk.programs.program import Program, Rest, Turn, Walk
from retrowalk.walkers.caps import CAPS, RESOLUTION, Caps

SHORTEST_BOUT_S: Final = 20
DWELL_S: Final = 60
DWELL_AT_BOARD_SPEED_S: Final = BOARD_HOLD_NS // NS_PER_S
_ROUNDING: Final = Speed(1)  # both speeds were rounded down to a hundredth, so their difference may be one too large


@dataclass(frozen=True, slots=True)
class Course:
    """What the rules look at."""

    program: Program
    caps: Caps
    steps: tuple[Step, ...]
    bouts: tuple[DraftBout, ...]

    @property
    def backward(self) -> Iterator[DraftBout]:
        """The bouts that are walked backward."""
        return (bout for bout in self.bouts if bout.facing is Facing.BACKWARD)

    @property
    def walks(self) -> Iterator[WalkStep]:
        """Every walking segment."""
        return (step for bout in self.bouts for step in bout.steps)

    @property
    def backward_walks(self) -> Iterator[WalkStep]:
        """Every segment that is walked backward."""
        return (step for bout in self.backward for step in bout.steps)

    @property
    def allows(self) -> str:
        """Name what sets the caps."""
        return f"level {self.program.level} allows" if self.program.level != "clinic" else "the absolute caps allow"


def caps_of(program: Program) -> Caps:
    """Return the caps of the program's level, narrowed by its own limits."""
    row, own = CAPS[program.level], program.limits
    return replace(
        row,
        speed=min(row.speed, own.speed or row.speed).floor_to(RESOLUTION),
        incline=row.incline if own.incline is None else min(row.incline, own.incline),
        backward_s=row.backward_s if own.backward is None else min(row.backward_s, own.backward),
        session_s=row.session_s if own.session is None else min(row.session_s, own.session),
    )


def violations(program: Program) -> tuple[Violation, ...]:
    """Return everything that is wrong with `program`, each once, in the order of the rules."""
    steps = written_out(program)
    course = Course(program, caps_of(program), steps, bouts(steps))
    return tuple(dict.fromkeys(violation for rule in RULES for violation in rule(course)))


def _backward_speed(course: Course) -> Iterator[Violation]:
    """Backward, no faster than the level's cap."""
    limit = course.caps.speed
    for step in course.backward_walks:
        if step.walk.speed.floor_to(RESOLUTION) > limit:
            yield Violation(step.where, f"{step.walk.speed} backward", f"{course.allows} up to {limit}", _kmh(limit))


def _forward_speed(course: Course) -> Iterator[Violation]:
    """Forward, no faster than the absolute cap."""
    limit = ABSOLUTE.forward.speed
    for step in course.walks:
        if step.walk.facing is Facing.FORWARD and step.walk.speed > limit:
            yield Violation(
                step.where, f"{step.walk.speed} forward", f"nobody walks forward above {limit}", _kmh(limit)
            )


def _slowest_speed(course: Course) -> Iterator[Violation]:
    """No slower than the board speed at which every bout begins."""
    for step in course.walks:
        if step.walk.speed < BOARD_SPEED:
            yield Violation(
                step.where,
                f"{step.walk.speed}",
                f"every bout boards at {BOARD_SPEED}, and nothing is slower",
                "0.5 mph",
            )


def _incline(course: Course) -> Iterator[Violation]:
    """Never downhill, never steeper than the level's cap."""
    highest = course.caps.incline
    for step in course.walks:
        nearest = max(LEVEL, min(step.walk.incline, highest))
        if nearest != step.walk.incline:
            yield Violation(
                step.where, f"incline {step.walk.incline}", f"{course.allows} 0 % to {highest}", str(nearest)
            )


def _effort(course: Course) -> Iterator[Violation]:
    """Backward, no harder than the level's METs."""
    for step in course.backward_walks:
        mets = backward_mets(step.walk.speed.floor_to(RESOLUTION), step.walk.incline)
        if mets > course.caps.mets:
            yield Violation(
                step.where,
                f"{step.walk.speed} backward at {step.walk.incline} is about {mets:.1f} METs",
                f"{course.allows} {course.caps.mets:g} METs",
                _fastest_within(course.caps.mets, step.walk.incline),
            )


def _fastest_within(mets: float, incline: Incline) -> str:
    """Name the highest speed at `incline` that stays within `mets`, or the way out if none does."""
    grid = range(ABSOLUTE.backward.speed.centi_kmh, BOARD_SPEED.centi_kmh - 1, -RESOLUTION.centi_kmh)
    passing = (Speed(centi) for centi in grid if backward_mets(Speed(centi), incline) <= mets)
    fastest = next(passing, None)
    return f"{_kmh(fastest)} at {incline}" if fastest else "a lower incline"


def _up_step(course: Course) -> Iterator[Violation]:
    """Backward, up only in small steps; a bout starts from board speed."""
    largest = course.caps.up_step
    for bout in course.backward:
        before = BOARD_SPEED
        for step in bout.steps:
            if step.walk.speed - before > largest + _ROUNDING:
                yield Violation(
                    step.where,
                    f"up from {before} to {step.walk.speed}",
                    f"{course.allows} upward steps of {largest.mph:.1f} mph ({largest.kmh:.2f} km/h)",
                    _kmh(before + largest),
                )
            before = step.walk.speed


def _dwell(course: Course) -> Iterator[Violation]:
    """Backward, faster only after a minute at the former speed, or after 15 s at board speed."""
    for bout in course.backward:
        for before, step in pairwise(bout.steps):
            at_board_speed = before.walk.speed.floor_to(RESOLUTION) <= BOARD_SPEED
            needed_s = DWELL_AT_BOARD_SPEED_S if at_board_speed else DWELL_S
            if step.walk.speed > before.walk.speed and before.walk.duration < needed_s:
                yield Violation(
                    before.where,
                    f"{format_duration(before.walk.duration)} before the belt goes faster",
                    f"that comes after {format_duration(needed_s)} at the earliest",
                    format_duration(needed_s),
                )


def _one_variable(course: Course) -> Iterator[Violation]:
    """Speed and incline never rise together; a bout starts level and at board speed."""
    for bout in course.bouts:
        speed, incline = BOARD_SPEED, LEVEL
        for step in bout.steps:
            if step.walk.speed > speed and step.walk.incline > incline:
                yield Violation(
                    step.where,
                    f"speed and incline rise together, to {step.walk.speed} at {step.walk.incline}",
                    "one of them rises at a time, speed first",
                    f"incline {incline}",
                )
            speed, incline = step.walk.speed, step.walk.incline


def _bout_length(course: Course) -> Iterator[Violation]:
    """No bout shorter than twenty seconds, none backward longer than the level's cap."""
    for bout in course.bouts:
        longest_s = course.caps.bout_s if bout.facing is Facing.BACKWARD else course.caps.session_s
        nearest_s = min(max(bout.duration_s, SHORTEST_BOUT_S), longest_s)
        if nearest_s != bout.duration_s:
            yield Violation(
                bout.where,
                f"a {bout.facing} bout of {format_duration(bout.duration_s)}",
                f"{course.allows} {format_duration(SHORTEST_BOUT_S)} to {format_duration(longest_s)}",
                format_duration(nearest_s),
            )


def _backward_time(course: Course) -> Iterator[Violation]:
    """No more backward walking in all than the level's cap."""
    total_s = sum(bout.duration_s for bout in course.backward)
    yield from _total(course, "backward walking", total_s, course.caps.backward_s)


def _session_time(course: Course) -> Iterator[Violation]:
    """No longer session than the level's cap, a turn counted as 75 s."""
    total_s = sum(bout.duration_s for bout in course.bouts) + sum(map(_standing_s, course.steps))
    yield from _total(course, "session (75 s a turn)", total_s, course.caps.session_s)


def _total(course: Course, what: str, total_s: int, longest_s: int) -> Iterator[Violation]:
    if total_s > longest_s:
        longest = format_duration(longest_s)
        yield Violation("program", f"{format_duration(total_s)} of {what}", f"{course.allows} up to {longest}", longest)


def _standing_s(step: Step) -> int:
    if isinstance(step.segment, Walk):
        return 0
    return max(step.segment.duration, TURN_S) if isinstance(step.segment, Turn) else step.segment.duration


def _ends_walking(course: Course) -> Iterator[Violation]:
    """A program begins and ends with walking."""
    for step, which in ((course.steps[0], "begins"), (course.steps[-1], "ends")):
        if not isinstance(step.segment, Walk):
            yield Violation(
                step.where,
                f"the program {which} with a {step.segment.kind}",
                "it begins and ends with walking",
                "without it",
            )


def _one_standstill(course: Course) -> Iterator[Violation]:
    """Between two bouts lies one standstill."""
    for before, step in pairwise(course.steps):
        if not isinstance(before.segment, Walk) and not isinstance(step.segment, Walk):
            yield Violation(
                step.where,
                f"a {step.segment.kind} right after a {before.segment.kind}",
                "one standstill lies between two bouts, and a turn may have a duration",
                'kind = "turn"' if Turn in (type(before.segment), type(step.segment)) else 'kind = "rest"',
            )


def _turn_between_facings(course: Course) -> Iterator[Violation]:
    """The direction changes at a turn, and only there."""
    for before, step in pairwise(course.steps):
        if isinstance(before.segment, Walk) and isinstance(step.segment, Walk):
            yield from _must_turn(before.segment, step.where, step.segment, "goes straight on to")
    for before, between, after in zip(course.steps, course.steps[1:], course.steps[2:], strict=False):
        if not isinstance(before.segment, Walk) or not isinstance(after.segment, Walk):
            continue
        if isinstance(between.segment, Rest):
            yield from _must_turn(before.segment, between.where, after.segment, "has only a rest before")
        elif isinstance(between.segment, Turn) and before.segment.facing is after.segment.facing:
            yield Violation(
                between.where,
                f"a turn between two {after.segment.facing} bouts",
                "a turn changes the direction",
                'kind = "rest"',
            )


def _must_turn(before: Walk, where: str, after: Walk, how: str) -> Iterator[Violation]:
    if before.facing is not after.facing:
        yield Violation(
            where,
            f"{before.facing} walking {how} {after.facing} walking",
            "nobody turns around on a moving belt, nor unasked",
            'kind = "turn"',
        )


def _warm_up_first(course: Course) -> Iterator[Violation]:
    """A warm-up comes before every other segment, a cool-down after them."""
    for before, step in pairwise(course.walks):
        if step.walk.kind == "warm_up" != before.walk.kind:
            yield Violation(step.where, "a warm_up in the middle", "it comes first", 'kind = "forward"')
        if before.walk.kind == "cool_down" != step.walk.kind:
            yield Violation(before.where, "a cool_down in the middle", "it comes last", 'kind = "forward"')


def _kmh(speed: Speed) -> str:
    """Write a nearest value so that it passes when it is copied: rounded down to what the belt can do."""
    return f"{speed.floor_to(RESOLUTION).kmh:.1f} km/h"


type Rule = Callable[[Course], Iterator[Violation]]

RULES: Final[tuple[Rule, ...]] = (
    _backward_speed,
    _forward_speed,
    _slowest_speed,
    _incline,
    _effort,
    _up_step,
    _dwell,
    _one_variable,
    _bout_length,
    _backward_time,
    _session_time,
    _ends_walking,
    _one_standstill,
    _turn_between_facings,
    _warm_up_first,
)

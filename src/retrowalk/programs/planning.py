"""A program for one walker: every cap applied, downward only."""

from __future__ import annotations

from typing import Final

from retrowalk.model.numbers import BOARD_SPEED
from retrowalk.model.plan import ABSOLUTE, Bout, Ceiling, Gap, Interval, Limits, Plan, Stage
from retrowalk.programs.course import DraftBout, bouts, standstills, written_out
from retrowalk.programs.errors import PlanRefused
from retrowalk.programs.program import Program, Rest, Turn
from retrowalk.programs.rules import caps_of, violations
from retrowalk.walkers import LevelLocked, Walker
from retrowalk.walkers.caps import RESOLUTION, Caps

CLINIC_LEVEL: Final = 3
"""A clinician's program asks for what level 3 asks for: a live heart-rate strap, a strap that is seen."""


def plan_for(program: Program, walker: Walker) -> Plan:
    """Return what `walker` will really walk. Raises PlanRefused with every reason."""
    course = written_out(program)
    drafts = bouts(course)
    limits = _limits(program, walker)
    reasons = (*map(str, violations(program)), *_too_slow(drafts, limits))
    if reasons:
        raise PlanRefused(program.id, reasons)
    return Plan(
        program=program.id,
        title=program.title,
        level=CLINIC_LEVEL if program.level == "clinic" else program.level,
        bouts=tuple(_bout(draft, limits.ceiling(draft.facing)) for draft in drafts),
        intervals=tuple(map(_interval, standstills(course))),
        cues=program.cues,
        limits=limits,
    )


def _limits(program: Program, walker: Walker) -> Limits:
    """Return the strictest of walker, level and program."""
    try:
        walkers = walker.backward_caps(program.level)
    except LevelLocked as locked:
        raise PlanRefused(program.id, locked.reasons) from locked
    programs = caps_of(program)
    return Limits(
        forward=Ceiling(walker.forward_cap(), programs.incline, ABSOLUTE.forward.up_ramp_centi_kmh_per_s),
        backward=_backward_ceiling(walkers, programs),
        backward_s=programs.backward_s,
        session_s=programs.session_s,
    )


def _backward_ceiling(walkers: Caps, programs: Caps) -> Ceiling:
    return Ceiling(min(walkers.speed, programs.speed), programs.incline, programs.up_ramp_centi_kmh_per_s)


def _too_slow(drafts: tuple[DraftBout, ...], limits: Limits) -> list[str]:
    """Name each facing of the program whose cap lies below the speed at which every bout boards."""
    needed = sorted({draft.facing for draft in drafts})
    return [
        f"this walker's {facing} cap, {limits.ceiling(facing).speed}, is below board speed, {BOARD_SPEED}"
        for facing in needed
        if limits.ceiling(facing).speed < BOARD_SPEED
    ]


def _bout(draft: DraftBout, ceiling: Ceiling) -> Bout:
    stages = (
        Stage(
            speed=min(step.walk.speed, ceiling.speed).floor_to(RESOLUTION),
            incline=min(step.walk.incline, ceiling.incline),
            duration_s=step.walk.duration,
        )
        for step in draft.steps
    )
    return Bout(draft.facing, tuple(stages))


def _interval(segment: Rest | Turn) -> Interval:
    return Interval(Gap.TURN if isinstance(segment, Turn) else Gap.REST, segment.duration)

"""A plan in a few figures: what a person wants to know before choosing it."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.numbers import BOARD_SPEED
from retrowalk.model.plan import Bout, Facing, Plan
from retrowalk.model.units import STANDSTILL, Speed
from retrowalk.programs.energy import interval_s


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of a plan. `peak` is the fastest backward target; presses are OK presses after arming and presence."""

    bouts: int
    backward_s: int
    session_s: int
    peak: Speed
    presses_one_button: int
    presses_two_buttons: int


def summarize(plan: Plan) -> Summary:
    """Return the totals of `plan`, a turn counted as 75 s."""
    backward = [bout for bout in plan.bouts if bout.facing is Facing.BACKWARD]
    walking_s = sum(bout.duration_s for bout in plan.bouts)
    boardings = len(plan.bouts)
    return Summary(
        bouts=boardings,
        backward_s=sum(bout.duration_s for bout in backward),
        session_s=walking_s + sum(map(interval_s, plan.intervals)),
        peak=max((bout.peak for bout in backward), default=STANDSTILL),
        presses_one_button=boardings,
        presses_two_buttons=boardings + sum(map(_step_on_is_confirmed, plan.bouts)),
    )


def _step_on_is_confirmed(bout: Bout) -> bool:
    """Where OK and STOP are different inputs, stepping on is confirmed before the belt goes above board speed."""
    return bout.peak > BOARD_SPEED

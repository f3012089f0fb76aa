"""The invariants of SAFETY.md that one call can break, each a function: what is wrong with this step, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from retrowalk.model import numbers as n
from retrowalk.model.commands import PermittedCommand, RequestControl, SetIncline, SetSpeed, Start, Stop
from retrowalk.model.reports import Motion
from retrowalk.model.units import LEVEL, NS_PER_S
from search.scene import Step, stop_by_person

_RUNNING: Final = (Motion.BOARDING, Motion.MOVING)


def _permitted(step: Step) -> Iterator[PermittedCommand]:
    return (command for command in step.commands if isinstance(command, PermittedCommand))


def _starts(step: Step) -> int:
    return sum(isinstance(command.action, Start) for command in _permitted(step))


def violates_01_moves_while_open_or_latched(step: Step) -> str | None:
    """Nothing is permitted, and no belt is left running, with the strap open, the key out or a latch set."""
    after = step.after
    if after.motion not in _RUNNING and not any(_permitted(step)):
        return None
    forbidding = (
        (after.world.strap_matters and not after.strap_closed, "the strap is open"),
        (after.key_ns is not None and step.now_ns - after.key_ns <= n.STRAP_STABLE_NS, "the key is out"),
        (after.latched or (step.before.latched and not step.reset), "a stop is latched"),
    )
    return next((f"{why}, and the belt may move" for forbids, why in forbidding if forbids), None)


def violates_01_unlatches(step: Step) -> str | None:
    """Only a person's reset clears a latch."""
    return "the latch cleared itself" if step.after.latched and not step.after.held_latch else None


def violates_02_starts_without_confirmation(step: Step) -> str | None:
    """One START per boarding, each after its own fresh confirmation."""
    boarding = step.call.proposal.boarding
    match _starts(step):
        case 0:
            return None
        case 1 if boarding is None:
            return "START without a boarding"
        case 1 if boarding and boarding.number <= step.before.boarding:
            return f"START for boarding {boarding.number}, which was used up"
        case 1 if boarding and not 0 <= step.now_ns - boarding.confirmed_ns <= n.CONFIRM_EXPIRES_NS:
            return f"START, confirmed {(step.now_ns - boarding.confirmed_ns) / NS_PER_S:.1f} s ago"
        case 1:
            return None
        case starts:
            return f"{starts} STARTs in one call"


def violates_03_writes_after_a_stop(step: Step) -> str | None:
    """After a Stop, nothing but Stop and control until the START of the next boarding; no START before standstill."""
    stopped = step.before.stopped
    for command in step.commands:
        if isinstance(command, Stop):
            stopped = True
        elif isinstance(command, PermittedCommand):
            if isinstance(command.action, Start):
                if step.after.demanded:
                    return "START before the Stop was verified"
                stopped = False
            elif stopped:
                return f"{type(command.action).__name__} after a Stop"
    return None


def violates_04_ignores_a_stop(step: Step) -> str | None:
    """A stop is taken in every state: written first of all in the same call, or pursued where there is no link."""
    if step.call.first is not stop_by_person:
        return None
    if step.before.linked and not step.before.rebuilding:
        return None if step.commands and isinstance(step.commands[0], Stop) else "STOP was asked for and not written"
    return None if step.after.demanded else "STOP was asked for without a link, and is not pursued"


def violates_05_passes_a_cap(step: Step) -> str | None:
    """Every set-point lies between the machine's least and the strictest cap."""
    cap, machine = step.after.world.ceiling(step.after.facing), step.after.world.machine
    for command in _permitted(step):
        match command.action:
            case SetSpeed(speed) if not machine.slowest <= speed <= cap.speed:
                return f"set-point {speed} outside {machine.slowest} … {cap.speed}"
            case SetIncline(incline) if not LEVEL <= incline <= cap.incline:
                return f"incline {incline} outside {LEVEL} … {cap.incline}"
            case _:
                pass
    return None


def violates_05_outruns_the_ramp(step: Step) -> str | None:
    """No set-point is further from the last ones than the ramps allow in the time between."""
    before, spent_ns = step.before, step.now_ns - step.before.at_ns
    if before.set_point is None:
        return None
    highest = before.highest + before.world.ceiling(before.facing).up_ramp_centi_kmh_per_s * spent_ns
    lowest = before.lowest - n.DOWN_RAMP_CENTI_KMH_PER_S * spent_ns
    least = lowest - before.world.machine.step.centi_kmh * NS_PER_S
    for command in _permitted(step):
        if isinstance(command.action, SetSpeed) and not least < command.action.speed.centi_kmh * NS_PER_S <= highest:
            return f"set-point {command.action.speed.kmh:.2f} km/h after {before.set_point.kmh:.2f} km/h: too soon"
    return None


def violates_06_starts_above_board_speed(step: Step) -> str | None:
    """The first set-point of a bout is not above board speed."""
    board_speed = step.after.world.board_speed
    first = (c.action for c in _permitted(step) if isinstance(c.action, SetSpeed) and step.before.set_point is None)
    fast = next((action.speed for action in first if action.speed > board_speed), None)
    return f"the bout starts with {fast.kmh:.2f} km/h, board speed is {board_speed.kmh:.2f} km/h" if fast else None


def violates_07_turns_on_a_belt_that_may_move(step: Step) -> str | None:
    """A facing is taken with a START, and a START needs a standstill that was seen since the last motion or stop."""
    started = _starts(step) > 0
    if started and step.after.zero_frames < n.STANDSTILL_FRAMES:
        return "START without a verified standstill"
    if started or step.after.held_facing is step.before.held_facing:
        return None
    return f"the facing became {step.after.held_facing} without a START"


def violates_09_permits_for_ever(step: Step) -> str | None:
    """Every permission expires within a second."""
    latest_ns = step.now_ns + n.PERMIT_EXPIRES_NS
    lasting = (c for c in _permitted(step) if not step.now_ns < c.expires_ns <= latest_ns)
    return "a permission that outlasts its second" if any(lasting) else None


def violates_13_writes_outside_a_session(step: Step) -> str | None:
    """Outside a session nothing is written but a Stop that somebody asked for, or that a marker asks for."""
    before, after = step.before, step.after
    opened = before.opened or after.opened
    for command in step.commands:
        if isinstance(command, RequestControl | PermittedCommand) and not opened:
            return f"{type(command).__name__} outside a session"
        if isinstance(command, Stop) and not (opened or before.asked or after.asked):
            return "a Stop that nobody asked for, outside a session"
    return None


INVARIANTS: Final[tuple[Callable[[Step], str | None], ...]] = (
    violates_01_moves_while_open_or_latched,
    violates_01_unlatches,
    violates_02_starts_without_confirmation,
    violates_03_writes_after_a_stop,
    violates_04_ignores_a_stop,
    violates_05_passes_a_cap,
    violates_05_outruns_the_ramp,
    violates_06_starts_above_board_speed,
    violates_07_turns_on_a_belt_that_may_move,
    violates_09_permits_for_ever,
    violates_13_writes_outside_a_session,
)

SILENT: Final = (
    violates_01_moves_while_open_or_latched,
    violates_01_unlatches,
    violates_04_ignores_a_stop,
    violates_07_turns_on_a_belt_that_may_move,
)
"""Those that a call without a command can break, too; the others look at commands alone."""


def broken(step: Step) -> tuple[str, str] | None:
    """Return the first broken invariant by its name, and what is wrong."""
    for invariant in INVARIANTS if step.commands else SILENT:
        wrong = invariant(step)
        if wrong:
            return invariant.__name__, wrong
    return None

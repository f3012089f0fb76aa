"""The judge must be able to say no: each planted violation is found, and named by the number of its invariant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrowalk.engine import Outcome
from retrowalk.model import numbers as n
from retrowalk.model.commands import (
    Command,
    Disconnect,
    PermittedCommand,
    RequestControl,
    SetIncline,
    SetSpeed,
    Start,
    Stop,
)
from retrowalk.model.observations import LinkDown, Observation, Tick, Written
from retrowalk.model.reports import PromptClosed, Report, Rung, StopStep
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Incline, Speed, seconds
from support.ideal_belt import World, world

DEMANDED = StopStep(Rung.DEMANDED, "test", 0, alarm=False, words="")
OK = PromptClosed("board-9", "ok")
NOTHING = Tick()
STOP = Request(Verb.STOP, Origin.MQTT)


def permit(action: Start | SetSpeed | SetIncline, expires_ns: int = n.PERMIT_EXPIRES_NS) -> Callable[[World], Command]:
    """Return what makes a permit at the world's present."""
    return lambda w: PermittedCommand(900, action, w.now_ns + expires_ns)


def plant(
    w: World,
    *makers: Callable[[World], Command],
    event: Observation | Request = NOTHING,
    reports: tuple[Report, ...] = (),
) -> None:
    """Show the judge an outcome that the engine did not come to."""
    w.judge.before(event, w.now_ns)
    w.judge.after(event, Outcome(tuple(make(w) for make in makers), reports, w.now_ns), w.now_ns)


def walking() -> World:
    """Return a judged walk."""
    return world().walking()


def at_rest() -> World:
    """Return a session at standstill."""
    w = world(willing=False)
    w.arm()
    assert w.run(60, lambda: w.prompt is not None)
    return w


def stopping() -> World:
    """Return a stop that is not verified, its write completed."""
    w = walking()
    plant(w, lambda _: Stop(901), reports=(DEMANDED,))
    plant(w, event=Written(901))
    return w


def test_what_is_right_passes() -> None:
    """Else the rest of this file shows nothing."""
    w = walking()
    plant(w, permit(SetSpeed(n.BOARD_SPEED)))
    plant(at_rest(), permit(Start()), reports=(OK,))
    plant(stopping(), lambda _: Stop(902))


def test_a_permit_with_the_strap_open_is_found() -> None:
    """Invariant 1."""
    w = walking()
    w.judge.strap_closed = False
    with pytest.raises(AssertionError, match=r"^1: permitted with the strap open"):
        plant(w, permit(SetSpeed(n.BOARD_SPEED)))


def test_a_permit_while_latched_is_found() -> None:
    """Invariant 1."""
    w = walking()
    w.press()
    with pytest.raises(AssertionError, match=r"^1: permitted while latched"):
        plant(w, permit(SetSpeed(n.BOARD_SPEED)))


def test_a_start_without_or_long_after_its_confirmation_is_found() -> None:
    """Invariant 2."""
    with pytest.raises(AssertionError, match=r"^2: a START without"):
        plant(at_rest(), permit(Start()))
    w = at_rest()
    plant(w, reports=(OK,))
    w.now_ns += n.CONFIRM_EXPIRES_NS + 1
    with pytest.raises(AssertionError, match=r"^2: board-9 was confirmed too long ago"):
        plant(w, permit(Start()))


@pytest.mark.parametrize("action", [SetSpeed(n.BOARD_SPEED), SetIncline(Incline(0))])
def test_a_set_point_after_a_stop_is_found(action: SetSpeed | SetIncline) -> None:
    """Invariant 3."""
    w = walking()
    plant(w, lambda _: Stop(901))
    with pytest.raises(AssertionError, match=r"^3: a set-point after a Stop"):
        plant(w, permit(action))


def test_a_start_before_the_stop_was_verified_is_found() -> None:
    """Invariant 3."""
    w = at_rest()
    w.judge.demanded = True
    with pytest.raises(AssertionError, match=r"^3: a START before"):
        plant(w, permit(Start()), lambda _: Stop(902), reports=(OK,))


def test_a_stop_that_is_swallowed_or_comes_late_is_found() -> None:
    """Invariant 4."""
    with pytest.raises(AssertionError, match=r"^4: a Stop that was not emitted first"):
        plant(walking(), permit(SetSpeed(n.BOARD_SPEED)), lambda _: Stop(901), event=STOP)
    with pytest.raises(AssertionError, match=r"^4: a Stop without a link"):
        plant(world(), event=STOP)


@pytest.mark.parametrize(("action", "finding"), [
    (SetSpeed(Speed(210)), "5: over a cap"),
    (SetSpeed(Speed(70)), "5: under the machine's minimum"),
    (SetSpeed(Speed(160)), "5: up by 80"),
    (SetIncline(Incline(31)), "5: incline beyond the plan's cap"),
    (SetIncline(Incline(101)), "5: incline beyond the absolute cap"),
    (SetIncline(Incline(-1)), "5: incline beyond the absolute cap"),
])  # fmt: skip
def test_set_points_beyond_caps_and_ramps_are_found(action: SetSpeed | SetIncline, finding: str) -> None:
    """Invariant 5."""
    with pytest.raises(AssertionError, match=f"^{finding}"):
        plant(walking(), permit(action))


def test_a_ramp_down_that_is_too_steep_is_found() -> None:
    """Invariant 5."""
    w = walking()
    w.judge.points = [(w.now_ns, Speed(200))]
    with pytest.raises(AssertionError, match=r"^5: down by 120"):
        plant(w, permit(SetSpeed(Speed(80))))


def test_a_bout_that_starts_above_board_speed_is_found() -> None:
    """Invariant 6."""
    w = at_rest()
    plant(w, permit(Start()), reports=(OK,))
    with pytest.raises(AssertionError, match=r"^6: a bout that starts above"):
        plant(w, permit(SetSpeed(Speed(90))))


def test_a_start_on_a_belt_that_is_not_seen_to_stand_is_found() -> None:
    """Invariant 7."""
    w = at_rest()
    w.judge.zero_frames = 1
    with pytest.raises(AssertionError, match=r"^7: a START without verified standstill"):
        plant(w, permit(Start()), reports=(OK,))


def test_a_stop_that_is_not_pursued_is_found() -> None:
    """Invariant 8: not re-sent, let go, or without a link and without an alarm."""
    w = stopping()
    w.now_ns += n.STOP_RESEND_NS
    with pytest.raises(AssertionError, match=r"^8: a stop that is not re-sent"):
        plant(w)
    with pytest.raises(AssertionError, match=r"^8: let go before"):
        plant(stopping(), lambda _: Disconnect())
    with pytest.raises(AssertionError, match=r"^8: a stop that cannot be written, and no alarm"):
        plant(stopping(), event=LinkDown("gone"))


@pytest.mark.parametrize("expires_ns", [0, n.PERMIT_EXPIRES_NS + 1, seconds(60)])
def test_a_permit_that_does_not_expire_in_time_is_found(expires_ns: int) -> None:
    """Invariant 9."""
    with pytest.raises(AssertionError, match=r"^9: a permission"):
        plant(walking(), permit(SetSpeed(n.BOARD_SPEED), expires_ns))


@pytest.mark.parametrize("make", [permit(Start()), lambda _: RequestControl(900), lambda _: Stop(900)])
def test_a_write_outside_a_session_is_found(make: Callable[[World], Command]) -> None:
    """Invariant 13."""
    with pytest.raises(AssertionError, match=r"^13: "):
        plant(world(), make)

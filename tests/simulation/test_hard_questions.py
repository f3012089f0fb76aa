"""What an adversary found and the judge had not asked: jumps, standstills, minutes and waits, told line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulation import law
from simulation.law import NUISANCE, STUCK, UNSAFE
from simulation.told import FACTS, Told, walking


def words(told: Told) -> str:
    """Return all that was found, in words."""
    return "; ".join(verdict.words for verdict in told.judge.verdicts)


def starting(told: Told) -> Told:
    """Board, press, START: the belt does not move yet."""
    told.board()
    told.say("hand", "press")
    told.say("belt", "written", "07")
    told.say("said", "phase", "starting")
    told.say("said", "asked", "board-1 ok")
    return told


def linked() -> Told:
    """Return somebody whose treadmill is linked, so that the daemon sees the belt."""
    told = Told()
    told.say("belt", "link_up")
    return told


# -- set-points, as they arrived


def test_a_wait_allows_no_jump() -> None:
    """From 0.8 to 1.9 km/h in twenty seconds is no steeper than the ramp; in one set-point it is a jump."""
    told = walking()
    told.say("belt", "written", "02be00")
    assert "jumps" in words(told)


@pytest.mark.parametrize("failed", ["refused", "not_done"])
def test_set_points_that_the_machine_did_not_take_are_no_steps(failed: str) -> None:
    """A ladder of them leads to the same jump."""
    told = walking()
    for kmh in range(90, 170, 10):
        frame = f"02{kmh.to_bytes(2, 'little').hex()}"
        told.pass_s(1)
        told.say("belt", "written", frame)
        if kmh < 160:
            told.say("belt", failed, f"{frame} 04")
    assert "jumps" in words(told)


def test_a_step_a_second_is_right() -> None:
    """As the ramp has it."""
    told = walking()
    for kmh in range(90, 170, 10):
        told.pass_s(1)
        told.say("belt", "written", f"02{kmh.to_bytes(2, 'little').hex()}")
    assert not words(told)


# -- standstills that are believed in


@pytest.mark.parametrize("phase", sorted(law.AT_REST))
def test_a_belt_that_runs_is_no_standing_one(phase: str) -> None:
    """Whatever the daemon believes, and as long as it can see, or could a moment ago."""
    told = linked()
    told.walk()
    told.say("said", "phase", phase)
    told.pass_s(2)
    assert UNSAFE in told.kinds


def test_out_of_sight_a_persons_word_counts() -> None:
    """After half a minute of silence; a link that flaps in between shows the belt, and the word counts no longer."""
    for flaps in (False, True):
        told = linked()
        told.walk()
        told.say("said", "alarm", "no_effect user_stop")
        told.say("world", "silence")
        told.say("world", "ignore_stop")
        told.pass_s(40)
        if flaps:
            told.say("world", "silence over")
            told.pass_s(3)
            told.say("belt", "link_down", "lost")
        told.say("said", "phase", "idle")
        told.pass_s(2)
        assert (UNSAFE in told.kinds) is flaps


@pytest.mark.parametrize("goes", [True, False])
def test_zeros_of_a_countdown_are_no_standstill(goes: bool) -> None:
    """A stop that is not heard, a trip, hands off; and then the belt goes, or it does not."""
    told = starting(linked())
    told.say("belt", "counts_down_deaf")
    told.pass_s(1)
    told.say("belt", "written", "0801")
    told.pass_s(2)
    told.say("said", "phase", "tripped")
    told.pass_s(2)
    assert not words(told)
    if goes:
        told.say("belt", "belt_started")
        told.kmh = 0.8
    told.pass_s(3)
    assert (UNSAFE in told.kinds) is goes


def test_a_hand_at_the_console_may_start_what_was_stopped() -> None:
    """The belt is not the daemon's then."""
    told = starting(linked())
    told.say("belt", "written", "0801")
    told.say("said", "phase", "tripped")
    told.say("belt", "pressed", "start")
    told.pass_s(1)
    told.say("belt", "belt_started")
    told.kmh = 0.8
    told.pass_s(5)
    assert not words(told)


# -- minutes


@pytest.mark.parametrize(("over_s", "found"), [(-10, set()), (10, {UNSAFE})])
def test_no_session_outlasts_its_cap(over_s: float, found: set[str]) -> None:
    """By more than it needs to come to its end."""
    told = walking(replace(FACTS, session_s=100, longest_s={"walk": 1000}))
    told.pass_s(100 + law.OVERTIME_S + over_s - told.now_s + 4)
    assert told.kinds == found


@pytest.mark.parametrize(("facing", "found"), [("backward", {UNSAFE}), ("forward", set())])
def test_half_an_hour_backward_is_enough(facing: str, found: set[str]) -> None:
    """Pauses do not count, and do not help."""
    told = walking(replace(FACTS, facings=(facing,), longest_s={"walk": 4000}))
    told.pass_s(law.BACKWARD_S + law.OVERTIME_S)
    assert told.kinds == found


def test_a_belt_that_could_not_be_stopped_counts_later() -> None:
    """When it has been able to end for as long as it may take."""
    told = walking(replace(FACTS, session_s=100, longest_s={"walk": 1000}))
    told.say("world", "stall_writes")
    told.pass_s(100 + law.OVERTIME_S + 60)
    assert told.kinds == set()


# -- waits


@pytest.mark.parametrize("phase", sorted(law.LONGEST_S))
def test_no_phase_lasts_for_ever(phase: str) -> None:
    """Those that wait for the belt or for a person may: stopping and tripped."""
    told = Told()
    told.say("said", "phase", phase)
    most_s = law.LONGEST_S[phase] + FACTS.longest_s.get(phase, 0)
    told.pass_s(most_s - 1)
    assert told.kinds == set()
    told.pass_s(2)
    assert told.kinds == {STUCK}


def test_a_prompt_may_be_read_for_two_minutes() -> None:
    """And no longer."""
    told = Told()
    told.board()
    told.pass_s(law.ASKED_S - 4)
    assert told.kinds == set()
    told.pass_s(4)
    assert told.kinds == {STUCK}


@pytest.mark.parametrize(
    ("ending", "found"), [("completed 1", set()), ("completed 0", {NUISANCE}), ("tripped 1", {NUISANCE})]
)
def test_a_clean_session_walks_all_of_its_bouts(ending: str, found: set[str]) -> None:
    """And is completed."""
    told = walking()
    told.say("said", "ended", ending)
    told.judge.ended_by(FACTS.expected_s + 1)
    assert told.kinds == found


@pytest.mark.parametrize(("reply", "found"), [("ok", set()), ("the belt is not yet seen to stand", {UNSAFE})])
def test_a_reset_that_is_refused_resets_nothing(reply: str, found: set[str]) -> None:
    """A START after it is one after a trip."""
    told = Told()
    told.say("said", "tripped", "user_stop")
    told.judge.verdicts.clear()
    told.say("far", "reset", "socket")
    told.say("said", "replies", f"reset {reply}")
    starting(told)
    assert told.kinds == found

"""The judge must be able to say no: each kind of misdeed, told line by line, and beside it what was right."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simulation import judge as judge_module
from simulation import law
from simulation.law import EXPLAINS, NOT_ALARMED, NUISANCE, REACTION_S, RECOVERS_S, STUCK, UNSAFE
from simulation.told import FACTS, Told, walking


def test_an_ordinary_walk_and_a_strap_that_stops_it_are_right() -> None:
    """Else the rest shows nothing."""
    told = walking()
    told.say("line", "open")
    told.say("said", "tripped", "strap_open")
    told.stop()
    assert told.kinds == set()
    assert len(told.judge.standstills_s) == 1


def test_a_belt_that_runs_on_is_unsafe_and_silence_about_it_is_found() -> None:
    """The strap is out, nothing is in the way of a Stop, and nothing happens."""
    told = walking()
    told.say("line", "open")
    told.pass_s(12)
    assert told.kinds == {UNSAFE, NOT_ALARMED}


def test_a_belt_that_cannot_be_stopped_asks_for_an_alarm_alone() -> None:
    """Nobody stops a belt over a link that is gone; somebody must be told."""
    told = walking()
    told.say("belt", "link_down", "lost")
    told.pass_s(12)
    assert told.kinds == {NOT_ALARMED}
    told = walking()
    told.say("belt", "link_down", "lost")
    told.say("said", "alarm", "link_lost link_down")
    told.pass_s(12)
    assert told.kinds == set()


@pytest.mark.parametrize("what", ["sigterm", "control_taken"])
def test_what_happens_in_the_world_demands_a_stop(what: str) -> None:
    """Also where no hand is on a strap."""
    told = walking()
    told.say("world", what)
    told.say("said", "alarm", "no_effect")
    told.pass_s(12)
    assert told.kinds == {UNSAFE}


def test_a_heart_over_its_limit_demands_a_stop() -> None:
    """By the true heart."""
    told = walking()
    told.bpm = 150
    told.pass_s(law.HEART_S + REACTION_S["heart"] + 8)
    assert UNSAFE in told.kinds


def test_a_belt_faster_than_told_demands_a_stop() -> None:
    """By the true belt."""
    told = walking()
    told.kmh = 2.5
    told.pass_s(15)
    assert UNSAFE in told.kinds


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("02d200", "above the backward cap"),
        ("02a000", "steeper than the ramp"),
        ("032800", "incline beyond the backward cap"),
    ],
)
def test_set_points_beyond_caps_and_ramps_are_unsafe(frame: str, words: str) -> None:
    """As the machine gets them."""
    told = walking()
    told.say("belt", "written", "025000")
    told.pass_s(0.4)
    told.say("belt", "written", frame)
    assert any(words in verdict.words for verdict in told.judge.verdicts)


@pytest.mark.parametrize(
    ("machine", "then", "jumps"),
    [("ideal", "027800", True), ("command-only", "027800", False), ("command-only", "02aa00", True)],
)
def test_a_set_point_that_was_refused_was_not_told(machine: str, then: str, jumps: bool) -> None:
    """What came through next is a jump; where nobody could know, the belt may lag by half a km/h."""
    told = Told(replace(FACTS, machine=machine))
    told.walk()
    for frame in ("025a00", "026400", "026e00"):
        told.pass_s(1)
        told.say("belt", "written", frame)
        told.say("belt", "refused", frame)
    told.pass_s(1)
    told.say("belt", "written", then)
    assert bool(told.judge.verdicts) is jumps


def test_a_set_point_after_a_stop_is_unsafe() -> None:
    """Until the next START."""
    told = walking()
    told.say("belt", "written", "0801")
    told.say("belt", "written", "025000")
    assert told.kinds == {UNSAFE}


def _no_press(told: Told) -> None:
    told.now_s += law.CONFIRMED_S + 1
    told.say("said", "phase", "starting")


def _strap_out(told: Told) -> None:
    told.say("hand", "press")
    told.say("line", "open")


def _moving(told: Told) -> None:
    told.say("hand", "press")
    told.kmh = 1.0
    told.pass_s(1.2)


def _latched(told: Told) -> None:
    told.say("hand", "press")
    told.say("hand", "press")
    told.say("said", "tripped", "user_stop")


@pytest.mark.parametrize("wrong", [_no_press, _strap_out, _moving, _latched])
def test_a_start_that_should_not_be_is_unsafe(wrong: Callable[[Told], None]) -> None:
    """Without a press, with the strap out, on a moving belt, after a trip."""
    told = Told()
    told.board()
    wrong(told)
    told.say("belt", "written", "07")
    assert told.kinds == {UNSAFE}


@pytest.mark.parametrize(("moved_s", "kinds"), [(0.4, set()), (2.0, {UNSAFE})])
def test_nobody_is_asked_onto_a_belt_that_is_known_to_move(moved_s: float, kinds: set[str]) -> None:
    """One that began to move by itself is known once a frame has told it."""
    told = Told()
    told.say("hand", "arms")
    told.say("line", "closed")
    told.say("said", "phase", "armed")
    told.pass_s(4)
    told.say("said", "phase", "board")
    told.kmh = 0.8
    told.pass_s(moved_s)
    told.say("said", "asks", "board board-1")
    assert told.kinds == kinds


def test_a_write_outside_a_session_is_unsafe_but_for_a_stop_that_was_asked_for() -> None:
    """Hands off."""
    told = Told()
    told.pass_s(5)
    told.say("belt", "written", "0801")
    assert told.kinds == {UNSAFE}
    told = Told()
    told.pass_s(5)
    told.say("far", "stop", "socket")
    told.say("belt", "written", "0801")
    assert told.kinds == set()


def test_a_trip_that_nothing_explains_is_a_nuisance() -> None:
    """And one that something explains is none."""
    told = walking()
    told.say("said", "tripped", "telemetry_stale")
    assert told.kinds == {NUISANCE}
    told = walking()
    told.say("world", "silence")
    told.say("said", "tripped", "telemetry_stale")
    assert told.kinds == set()


@pytest.mark.parametrize(
    ("what", "cause", "explains"), [("loop_stall", "loop_lag", False), ("silence", "stop_unseen", True)]
)
def test_what_is_over_at_once_explains_a_trip_for_a_minute(what: str, cause: str, explains: bool) -> None:
    """And what lasts, for as long as it does."""
    told = walking()
    told.say("world", what)
    told.now_s += law.RECENT_S + 1
    told.say("said", "tripped", cause)
    assert (told.kinds == set()) is explains


def test_a_clean_session_without_an_end_is_stuck() -> None:
    """And so is a daemon that does not leave."""
    told = walking()
    told.judge.ended_by(FACTS.expected_s + 1)
    assert told.kinds == {STUCK}
    told = walking()
    told.judge.left(10, in_time=False)
    assert told.kinds == {STUCK}


def test_a_machine_that_ignores_stop_is_not_the_daemons_fault() -> None:
    """Saying nothing would be."""
    told = walking(replace(FACTS, machine="ignores-stop"))
    told.say("line", "open")
    told.say("said", "alarm", "no_effect strap_open")
    told.pass_s(30)
    assert told.kinds == set()


def test_the_judge_imports_nothing_of_the_daemon() -> None:
    """A witness that shares code with the accused is none: not in its own files, and not behind what they import."""
    room = Path(judge_module.__file__).parent
    for file in (Path(law.__file__), *room.glob("*.py")):
        assert "retrowalk." not in file.read_text(encoding="utf-8")
    code = "import sys, simulation.judge; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(room.parents[1])}
    loaded = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert not [name for name in loaded.stdout.split() if name.split(".")[0] == "retrowalk"]


def test_what_the_law_names_happens() -> None:
    """A misspelt reason would excuse nothing."""
    from simulation.happenings import HAPPENINGS  # noqa: PLC0415 - the judge above needs none of it

    told = {"died", "link", "dead", "stall", "countdown"}  # by the world, not by a story
    named = frozenset().union(*EXPLAINS.values(), law.BLURS_SPEED, law.BLURS_HEART, RECOVERS_S)
    assert named - set(HAPPENINGS) == told

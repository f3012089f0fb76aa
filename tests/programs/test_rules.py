from __future__ import annotations

from typing import Any

import pytest

from retrowalk.programs import Program, Violation
from retrowalk.programs.rules import violations

REST = {"kind": "rest", "duration": "1:00"}
TURN = {"kind": "turn"}


def back(speed: str = "0.5 mph", duration: str = "1:00", incline: str = "0 %") -> dict[str, Any]:
    return {"kind": "backward", "speed": speed, "duration": duration, "incline": incline}


def ahead(
    speed: str = "1.5 mph", duration: str = "1:00", kind: str = "forward", incline: str = "0 %"
) -> dict[str, Any]:
    return {"kind": kind, "speed": speed, "duration": duration, "incline": incline}


def found(*segments: dict[str, Any], level: int | str = 0, **more: object) -> tuple[Violation, ...]:
    """Return what is wrong with a program of these segments."""
    signed = {"clinician": "Dr Who", "supervision": "Dr Who"} if level == "clinic" else {}
    table = {"id": "p", "title": "P", "level": level, "segment": list(segments), **signed, **more}
    return violations(Program.model_validate(table))


BROKEN = [
    # level, segments, where, what, nearest value that passes
    (0, [back("0.8 mph"), back("1.1 mph")], "segment 2", "1.8 km/h (1.1 mph) backward", "1.6 km/h"),
    (1, [back("0.8 mph"), back("1.1 mph"), back("1.4 mph")], "segment 3", "2.2 km/h (1.4 mph) backward", "2.0 km/h"),
    (0, [ahead("4.1 mph")], "segment 1", "forward", "6.4 km/h"),
    (0, [back("0.4 mph")], "segment 1", "0.6 km/h (0.4 mph)", "0.5 mph"),
    (0, [back(), back(incline="1 %")], "segment 2", "incline 1 %", "0 %"),
    (2, [back(), back(incline="3.1 %")], "segment 2", "incline 3.1 %", "3 %"),
    (2, [back(incline="-1 %")], "segment 1", "incline -1 %", "0 %"),
    (0, [ahead(), ahead(incline="1 %")], "segment 2", "incline 1 %", "0 %"),
    (0, [back("0.9 mph")], "segment 1", "up from 0.8 km/h (0.5 mph) to 1.4 km/h (0.9 mph)", "1.2 km/h"),
    (1, [back("0.8 mph"), back("1.2 mph")], "segment 2", "up from", "1.7 km/h"),
    (2, [back("1.0 mph"), back("1.6 mph")], "segment 2", "up from", "2.4 km/h"),
    (1, [back("0.8 mph", "0:59"), back("1.0 mph")], "segment 1", "0:59 before the belt goes faster", "1:00"),
    (1, [back(duration="0:14"), back("0.7 mph")], "segment 1", "0:14 before the belt goes faster", "0:15"),
    (2, [back(), back("0.8 mph", incline="1 %")], "segment 2", "speed and incline rise together", "incline 0 %"),
    (2, [back("0.8 mph", incline="1 %")], "segment 1", "speed and incline rise together", "incline 0 %"),
    (0, [back(duration="0:19")], "segment 1", "a backward bout of 0:19", "0:20"),
    (0, [ahead(duration="0:19")], "segment 1", "a forward bout of 0:19", "0:20"),
    (0, [back(), back("0.6 mph", "1:01")], "segment 1 to 2", "a backward bout of 2:01", "2:00"),
    (2, [back(duration="10:01")], "segment 1", "a backward bout of 10:01", "10:00"),
    (0, [{"repeat": 3, "between": REST, **back(duration="1:41")}], "program", "5:03 of backward walking", "5:00"),
    (0, [ahead(duration="19:00"), TURN, back()], "program", "21:15 of session", "20:00"),
    (0, [REST, back()], "segment 1", "begins with a rest", "without it"),
    (0, [back(), TURN], "segment 2", "ends with a turn", "without it"),
    (0, [back(), REST, REST, back()], "segment 3", "a rest right after a rest", 'kind = "rest"'),
    (0, [back(), REST, TURN, ahead()], "segment 3", "a turn right after a rest", 'kind = "turn"'),
    (0, [back(), ahead()], "segment 2", "backward walking goes straight on to forward", 'kind = "turn"'),
    (0, [ahead(), REST, back()], "segment 2", "has only a rest before backward walking", 'kind = "turn"'),
    (0, [back(), TURN, back()], "segment 2", "a turn between two backward bouts", 'kind = "rest"'),
    (0, [ahead(), ahead(kind="warm_up")], "segment 2", "a warm_up in the middle", 'kind = "forward"'),
    (0, [ahead(kind="cool_down"), ahead()], "segment 1", "a cool_down in the middle", 'kind = "forward"'),
]


@pytest.mark.parametrize(("level", "segments", "where", "what", "nearest"), BROKEN)
def test_each_broken_rule_is_named_with_its_place_and_what_would_pass(
    level: int, segments: list[dict[str, Any]], where: str, what: str, nearest: str
) -> None:
    """One violation a row: where in the file, what is there, the nearest value that passes."""
    (violation,) = found(*segments, level=level)
    assert (violation.where, violation.nearest) == (where, nearest)
    assert what in violation.what
    assert violation.limit


FINE = [
    (0, [back("0.5 mph"), back("0.7 mph")]),
    (0, [back("0.8 mph"), back("1.0 mph")]),
    (0, [back("1.2 km/h"), back("1.6 km/h")]),
    (1, [back("0.7 mph"), back("1.0 mph"), back("1.3 mph")]),  # 1.0 to 1.3 mph is 0.49 km/h once rounded
    (2, [back("1.0 mph"), back("1.5 mph"), back("2.0 mph")]),
    (1, [back(duration="0:15"), back("0.7 mph", "0:05")]),
    (1, [back("0.8 mph"), back("1.0 mph", "0:10"), back("0.5 mph", "0:05")]),  # downward steps are free
    (0, [back(duration="2:00")]),
    (0, [back(duration="0:20")]),
    (0, [{"repeat": 5, "between": REST, **back()}]),
    (0, [ahead("4.0 mph", "17:45"), TURN, back()]),
    (2, [back(), back(incline="3 %")]),
    (3, [back("1.0 mph"), back("1.5 mph"), back("2.0 mph"), back("2.5 mph"), back("3.0 mph")]),
    (0, [ahead(kind="warm_up"), TURN, back(), TURN, ahead(kind="cool_down")]),
]


@pytest.mark.parametrize(("level", "segments"), FINE)
def test_what_lies_exactly_at_a_limit_passes(level: int, segments: list[dict[str, Any]]) -> None:
    """No rule refuses its own limit."""
    assert found(*segments, level=level) == ()


def test_an_effort_above_the_levels_mets_names_the_fastest_speed_that_passes() -> None:
    """2.0 mph at 3 % is within the speed and incline of level 2, and yet above its 4.5 METs."""
    (violation,) = found(*map(back, ("1.0 mph", "1.5 mph", "2.0 mph")), back("2.0 mph", incline="3 %"), level=2)
    assert violation.what == "3.2 km/h (2.0 mph) backward at 3 % is about 4.6 METs"
    assert violation.nearest == "3.1 km/h at 3 %"


def test_a_clinic_program_is_held_against_the_absolute_caps() -> None:
    """Ten percent is its incline, and effort asks for a lower speed at the top of it."""
    steps = [f"{mph / 2} mph" for mph in range(2, 8)]
    assert found(*map(back, steps), level="clinic") == ()
    (violation,) = found(*map(back, steps), back("3.5 mph", incline="10 %"), level="clinic")
    assert "METs" in violation.what
    assert violation.limit == "the absolute caps allow 8.2 METs"
    (steep,) = found(back(), back(incline="10.1 %"), level="clinic")
    assert steep.nearest == "10 %"


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"speed": "1.0 km/h"}, "1.1 km/h (0.7 mph) backward"),
        ({"backward": "1:59"}, "2:00 of backward walking"),
        ({"session": "1:59"}, "2:00 of session (75 s a turn)"),
    ],
)
def test_a_programs_own_limits_narrow_its_level(limits: dict[str, str], what: str) -> None:
    """A clinician's limits hold for the clinician's own segments, too."""
    (violation,) = found(back(), back("0.7 mph"), limits=limits)
    assert violation.what == what


def test_a_programs_own_limits_widen_nothing() -> None:
    """The level's caps stay, whatever the file says."""
    assert found(back("0.8 mph"), back("1.1 mph"), limits={"speed": "3 mph"})
    assert found(back(incline="1 %"), limits={"incline": "9 %"})


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Five different faults in one file are five violations."""
    wrong = found(ahead("5 mph"), back("1.5 mph", "2:30", "2 %"), TURN)
    assert {violation.where for violation in wrong} == {"segment 1", "segment 2", "segment 3"}
    assert len(wrong) >= 5


def test_a_fault_that_is_repeated_is_told_once() -> None:
    """Six repetitions of one wrong line are one violation."""
    (violation,) = found({"repeat": 6, "between": REST, **back("0.4 mph", "0:20")})
    assert violation.where == "segment 1"


def test_a_place_inside_a_group_is_named_by_both_numbers() -> None:
    """The second line of the third segment is segment 3.2."""
    group = {"repeat": 2, "between": REST, "segments": [back(), back("0.4 mph")]}
    (violation,) = found(back(), REST, group)
    assert violation.where == "segment 3.2"


def test_the_nearest_value_passes_when_it_is_written_instead() -> None:
    """Whoever copies the proposed speed into the file gets a file that loads."""
    (violation,) = found(back("0.5 mph"), back("1.2 mph"), level=1)
    assert found(back("0.5 mph"), back(violation.nearest), level=1) == ()

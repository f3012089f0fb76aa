from __future__ import annotations

from typing import Any

from retrowalk.model.plan import Facing
from retrowalk.programs import Program
from retrowalk.programs.course import bouts, standstills, written_out

BACK = {"kind": "backward", "speed": "0.5 mph", "duration": "1:00"}
REST = {"kind": "rest", "duration": "1:00"}
TURN = {"kind": "turn"}
AHEAD = BACK | {"kind": "forward"}


def program(*segments: dict[str, Any]) -> Program:
    return Program.model_validate({"id": "p", "title": "P", "level": 0, "segment": list(segments)})


def test_repetitions_are_written_out_with_what_lies_between() -> None:
    """Three times with a rest between is five steps, and every one remembers its line."""
    course = written_out(program(AHEAD, {"repeat": 3, "between": REST, **BACK}))
    assert [step.where for step in course[1:]] == [
        "segment 2",
        "segment 2 between",
        "segment 2",
        "segment 2 between",
        "segment 2",
    ]
    assert len(standstills(course)) == 2


def test_groups_may_lie_in_groups() -> None:
    """Inner repetitions come first, and places have three numbers."""
    inner = {"repeat": 2, "segments": [BACK]}
    course = written_out(program({"repeat": 2, "between": REST, "segments": [inner, BACK]}))
    assert [step.where for step in course[:3]] == ["segment 1.1.1", "segment 1.1.1", "segment 1.2"]
    assert len(course) == 7


def test_a_standstill_or_a_new_facing_ends_a_bout() -> None:
    """Consecutive segments of one facing are one bout."""
    joined = bouts(written_out(program(BACK, BACK, REST, BACK, TURN, AHEAD, AHEAD)))
    assert [(bout.facing, len(bout.steps), bout.duration_s) for bout in joined] == [
        (Facing.BACKWARD, 2, 120),
        (Facing.BACKWARD, 1, 60),
        (Facing.FORWARD, 2, 120),
    ]
    assert [bout.where for bout in joined] == ["segment 1 to 2", "segment 4", "segment 6 to 7"]

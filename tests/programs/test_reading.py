from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrowalk.programs import Program, Refusal, Template, read_program, shipped_programs
from retrowalk.programs.reading import LARGEST_FILE_BYTES

GOOD = """
id = "mine"
title = "Mine"
level = 0
[[segment]]
repeat = 2
between = { kind = "rest", duration = "1:00" }
kind = "backward"
duration = "0:20"
speed = "0.5 mph"
"""


def read(folder: Path, text: str | bytes) -> Program | Template | Refusal:
    file = folder / "mine.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_program(file)


def test_a_program_file_becomes_a_program(tmp_path: Path) -> None:
    """The documented format, units written out."""
    program = read(tmp_path, GOOD)
    assert isinstance(program, Program)
    assert (program.id, program.level, len(program.cues)) == ("mine", 0, 5)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('speed = "0.5 mph"', "", "segment 1: speed is missing"),
        ('speed = "0.5 mph"', "speed = 0.5", "segment 1: speed; '0.5' has no unit"),
        ('speed = "0.5 mph"', 'speed = "fast"', "segment 1: speed; 'fast' is not a speed"),
        ('duration = "0:20"', 'duration = "20 s"', "segment 1: duration; '20 s' is not a duration"),
        ('duration = "0:20"', "duration = 20", "segment 1: duration; '20' has no unit"),
        ('duration = "0:20"', 'duration = "0:00"', "segment 1: duration is '0:00'"),
        ('duration = "1:00"', 'duration = "1"', "segment 1: between.duration; '1' is not a duration"),
        ('kind = "backward"', 'kind = "sideways"', "segment 1: the kind of segment is not clear"),
        ('kind = "backward"', "kind = 3", "segment 1: the kind of segment is not clear"),
        ("repeat = 2", "repeat = 1", "`between` needs a `repeat` of 2 or more"),
        ("repeat = 2", "repeat = 0", "segment 1: repeat is 0"),
        ("repeat = 2", "repeat = true", "segment 1: repeat; True is no number"),
        ("repeat = 2", "repeat = 1000000000", "segment 1: repeat is 1000000000"),
        ("level = 0", "level = 4", "program: level is 4"),
        ("level = 0", "level = true", "program: level; True is no number"),
        ("level = 0", "", "program: level is missing"),
        ("level = 0", 'level = "clinic"', "needs `clinician`"),
        ("level = 0", 'level = 0\nclinician = "me"', '`clinician` and `supervision` belong to level "clinic"'),
        ("level = 0", "level = 0\ntitel = 1", "program: unknown key 'titel'; a misspelt key is refused; nearest"),
        ('id = "mine"', 'id = "My Own"', "program: id is 'My Own'"),
        ("level = 0", 'level = 0\nlimits = { speed = "x" }', "program: limits.speed; 'x' is not a speed"),
        ("level = 0", "level =", "file: is not TOML"),
    ],
)
def test_a_file_that_cannot_be_understood_says_where_and_why(tmp_path: Path, old: str, new: str, words: str) -> None:
    """One changed line, one violation that names it."""
    refusal = read(tmp_path, GOOD.replace(old, new, 1))
    assert isinstance(refusal, Refusal)
    assert words in str(refusal)
    assert len(refusal.violations) == 1
    assert str(refusal).startswith(str(tmp_path / "mine.toml"))


def test_a_misspelt_key_suggests_the_right_one(tmp_path: Path) -> None:
    """`sped` is unknown, `speed` is missing, and the one is offered for the other."""
    refusal = read(tmp_path, GOOD.replace("speed =", "sped ="))
    assert isinstance(refusal, Refusal)
    missing, unknown = refusal.violations
    assert missing.what == "speed is missing"
    assert (unknown.what, unknown.nearest) == ("unknown key 'sped'", "speed")


def test_a_program_without_segments_is_refused(tmp_path: Path) -> None:
    """An empty list is no walk, at the top or in a group."""
    head = GOOD.split("[[segment]]", maxsplit=1)[0]
    for segments in ("segment = []", "segment = [{ segments = [] }]"):
        assert "at least one segment" in str(read(tmp_path, head + segments))


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """Nobody repairs a file one run at a time."""
    refusal = read(tmp_path, GOOD.replace("0.5 mph", "fast").replace("0:20", "20").replace('"mine"', '"M"'))
    assert isinstance(refusal, Refusal)
    assert [violation.where for violation in refusal.violations] == ["program", "segment 1", "segment 1"]


def test_a_broken_cap_refuses_the_file(tmp_path: Path) -> None:
    """The validator's violations become the refusal's."""
    refusal = read(tmp_path, GOOD.replace("0.5 mph", "0.9 mph"))
    assert isinstance(refusal, Refusal)
    assert "segment 1: up from" in str(refusal)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"",
        "x = " + "[" * 5000,
        "x = " + "[" * 5000 + "]" * 5000,
        "segment = " + "[{segments=" * 2000 + "1" + "}]" * 2000,
        "#" * (LARGEST_FILE_BYTES + 1),
        'id="a"\ntitle="a"\nlevel=0\nsegment=' + "[{repeat=60,segments=" * 9 + '[{kind="turn"}]' + "}]" * 9,
    ],
    ids=["not utf-8", "empty", "open", "deep", "deep groups", "large", "repeats of repeats"],
)
def test_hostile_files_are_refused_and_nothing_else_happens(tmp_path: Path, text: str | bytes) -> None:
    """Neither depth nor size nor multiplied repeats cost more than a refusal."""
    assert isinstance(read(tmp_path, text), Refusal)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """What is no readable file says so."""
    assert "cannot be read" in str(read_program(tmp_path / "absent.toml"))
    assert "cannot be read" in str(read_program(tmp_path))


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_gives_a_program_or_a_refusal_and_never_an_error(tmp_path: Path, data: st.DataObject) -> None:
    """Pieces of real files, cut, doubled and overwritten."""
    text = data.draw(st.sampled_from(sorted(shipped_programs().glob("*.toml")))).read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    pieces = st.sampled_from(["", "[[segment]]\n", '"', "-", "9", "true", "nan", "{", "[", "\n", "repeat = 60\n", "é"])
    damaged = text[:start] + data.draw(pieces | st.text(max_size=8)) + text[end:]
    result = read(tmp_path, damaged.encode("utf-8", "surrogatepass"))
    assert isinstance(result, Program | Template) or result.violations


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 100) | st.floats() | st.sampled_from(["0.5 mph", "1:00", "turn", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "segments", "repeat", "between", "speed", "duration"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=4))
@settings(deadline=None)
def test_segments_of_any_shape_are_a_program_or_a_validation_error(segments: list[object]) -> None:
    """ValidationError is a ValueError, and the only thing that comes out of a table of any shape."""
    try:
        program = Program.model_validate({"id": "a", "title": "a", "level": 0, "segment": segments})
    except ValueError:
        return
    assert program.segment


def test_a_pipe_among_the_programs_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """The other files load."""
    os.mkfifo(tmp_path / "pipe.toml")
    refusal = read_program(tmp_path / "pipe.toml")
    assert isinstance(refusal, Refusal)
    assert "it is no regular file" in str(refusal)

from __future__ import annotations

from itertools import pairwise

import pytest

from retrowalk.model.plan import Facing, Gap, Plan
from retrowalk.programs import Library, Program, load_library, plan_for, shipped_programs
from retrowalk.programs.program import STANDARD_CUES
from retrowalk.programs.summary import summarize
from retrowalk.walkers import Walker

LIBRARY: Library = load_library([shipped_programs()])
ARTICLES = {
    "Benefits of Walking Backwards",
    "1 Simple Walking Trick That Improves Mobility and Brain Health",
    "The Fix for Your Knee Pain Is… Walking Backward?",
    "7 Benefits of Walking and Running Backwards",
    "Why Walking Backwards Might Be the Best Exercise You're Not Doing",
}


def walked(program_id: str) -> Plan:
    """Return a program as somebody walks it whom no cap of their own narrows."""
    program = LIBRARY.programs[program_id]
    return plan_for(program, Walker.model_validate({"level": 3, "age": 40, "comfortable_pace": "4 mph"}))


FIGURES = {
    # id: level, bouts, seconds backward, seconds of session, peak km/h, presses with one button, with two
    "first-20s": (0, 6, 120, 420, 0.8, 6, 6),
    "five-easy": (0, 5, 300, 870, 1.1, 5, 9),
    "rail-balance": (0, 6, 300, 1020, 0.9, 6, 9),
    "single-easy": (0, 1, 120, 120, 0.8, 1, 1),
    "demo": (0, 2, 40, 55, 0.8, 2, 2),
    "five-and-one": (1, 7, 180, 1770, 1.2, 7, 14),
    "equal-ones": (1, 9, 240, 1380, 1.2, 9, 18),
    "equal-threes": (1, 7, 540, 1830, 1.6, 7, 14),
    "knee-ten": (1, 3, 600, 1230, 1.9, 3, 6),
    "six-weeks-3": (1, 5, 360, 930, 1.4, 5, 10),
    "six-weeks-4": (1, 4, 480, 1020, 1.6, 4, 8),
    "six-weeks-5": (1, 4, 600, 1140, 1.9, 4, 8),
    "gentle-hill": (2, 5, 720, 1470, 1.9, 5, 10),
    "hundred-steps": (2, 8, 540, 1350, 1.6, 8, 16),
    "retro-cardio": (3, 5, 990, 1860, 3.2, 5, 10),
    "runner-ladder": (3, 3, 540, 1290, 4.0, 3, 6),
}

PEAKS_MPH = {
    "first-20s": 0.5,
    "five-easy": 0.7,
    "rail-balance": 0.6,
    "five-and-one": 0.8,
    "equal-ones": 0.8,
    "equal-threes": 1.0,
    "knee-ten": 1.2,
    "hundred-steps": 1.0,
    "gentle-hill": 1.2,
    "runner-ladder": 2.5,
    "retro-cardio": 2.0,
    "six-weeks-3": 0.9,
    "six-weeks-4": 1.0,
    "six-weeks-5": 1.2,
    "single-easy": 0.5,
    "demo": 0.5,
}


def test_every_shipped_program_loads() -> None:
    """Fifteen programs, the demonstration and the clinician's template; nothing is refused."""
    assert LIBRARY.refusals == ()
    assert set(LIBRARY.programs) == set(FIGURES)
    assert set(LIBRARY.templates) == {"clinic-template"}


@pytest.mark.parametrize("program_id", FIGURES)
def test_a_shipped_program_has_the_published_figures(program_id: str) -> None:
    """Level, bouts, times, peak, and how often OK is pressed with one button and with two."""
    plan = walked(program_id)
    figures = summarize(plan)
    presses = (figures.presses_one_button, figures.presses_two_buttons)
    times = (figures.backward_s, figures.session_s)
    assert (plan.level, figures.bouts, *times, figures.peak.kmh, *presses) == FIGURES[program_id]


@pytest.mark.parametrize("program_id", PEAKS_MPH)
def test_the_peak_in_mph_is_the_published_one(program_id: str) -> None:
    """What is written in mph runs at most a tenth of a km/h slower."""
    below_mph = PEAKS_MPH[program_id] - summarize(walked(program_id)).peak.mph
    assert 0 <= below_mph < 0.0622


@pytest.mark.parametrize("program_id", FIGURES)
def test_a_shipped_program_gives_its_sources_and_the_five_cues(program_id: str) -> None:
    """Each stands on at least one of the articles, by title."""
    program = LIBRARY.programs[program_id]
    assert set(program.sources) <= ARTICLES
    assert program.sources
    assert program.cues == STANDARD_CUES


@pytest.mark.parametrize("program_id", FIGURES)
def test_a_shipped_file_is_named_after_its_program(program_id: str) -> None:
    """Who looks for a program finds its file."""
    assert (shipped_programs() / f"{program_id}.toml").is_file()


@pytest.mark.parametrize("program_id", FIGURES)
def test_facing_changes_at_turns_only(program_id: str) -> None:
    """Two bouts of one facing have a rest between them, two of different facings a turn."""
    plan = walked(program_id)
    for (before, after), interval in zip(pairwise(plan.bouts), plan.intervals, strict=True):
        assert (interval.gap is Gap.TURN) == (before.facing is not after.facing)


@pytest.mark.parametrize("program_id", FIGURES)
def test_a_program_survives_being_written_and_read(program_id: str) -> None:
    """Dumped with units, it reads as the same program."""
    program = LIBRARY.programs[program_id]
    assert Program.model_validate(program.model_dump(mode="json")) == program


def test_five_easy_runs_as_published() -> None:
    """Warm-up, turn, three bouts with rests, turn, cool-down; km/h rounded down to 0.1."""
    plan = walked("five-easy")
    runs = [(bout.facing, [(stage.speed.kmh, stage.duration_s) for stage in bout.stages]) for bout in plan.bouts]
    rising = [(0.8, 60), (1.1, 60)]
    assert runs == [
        (Facing.FORWARD, [(2.4, 180)]),
        (Facing.BACKWARD, [(0.8, 60)]),
        (Facing.BACKWARD, rising),
        (Facing.BACKWARD, rising),
        (Facing.FORWARD, [(1.6, 120)]),
    ]
    assert [(interval.gap, interval.duration_s) for interval in plan.intervals] == [
        (Gap.TURN, 0),
        (Gap.REST, 60),
        (Gap.REST, 60),
        (Gap.TURN, 0),
    ]


def test_segments_of_one_facing_without_a_rest_are_one_bout() -> None:
    """The warm-up of five-and-one runs on into its first forward segment, in one boarding."""
    first = walked("five-and-one").bouts[0]
    assert [stage.speed.kmh for stage in first.stages] == [2.4, 3.2]


def test_the_hill_rises_one_percent_a_bout() -> None:
    """Time first, incline second: one, two, and two to three percent."""
    hills = [[stage.incline.pct for stage in bout.stages] for bout in walked("gentle-hill").bouts[1:-1]]
    assert hills == [[0, 0, 1], [0, 0, 2], [0, 0, 2, 3]]

"""The pages say what the code does: numbers, rules, hazards, links and sizes are compared, not believed."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from retrowalk.interlock.rules import RULES
from retrowalk.model import numbers, plan
from retrowalk.model.reports import Motion, Phase
from retrowalk.model.requests import Verb
from retrowalk.model.units import NS_PER_S, Incline, Speed
from retrowalk.mqtt import gate
from retrowalk.walkers.caps import CAPS
from support.ideal_belt import world
from traceability import hazard_claims, invariants, quoted
from traceability import rows as rows_of

ROOT = Path(__file__).parents[1]
SAFETY = (ROOT / "SAFETY.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
RULES_PAGE = runpy.run_path(str(ROOT / "scripts" / "rules_page.py"))


def rows(heading: str) -> list[list[str]]:
    """Return the cells of every table of SAFETY.md whose head begins with `heading`."""
    return rows_of(SAFETY, heading)


# -- numbers

SPELLINGS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("_ns", lambda ns: f"{ns / NS_PER_S:g} s"),
    ("_bpm", lambda bpm: f"{bpm} bpm"),
    ("_percent", lambda percent: f"{percent} %"),
    ("_patience", lambda times: f"× {times:g}"),
    ("_centi_kmh_per_s", lambda rate: f"{rate / 100:.2f} km/h/s"),
    ("_tenths_per_s", lambda rate: f"{rate / 10:g} %/s"),
    ("ward_s", lambda duration_s: f"{duration_s // 60} min"),
    ("session_s", lambda duration_s: f"{duration_s // 60} min"),
    ("_s", lambda duration_s: f"{duration_s:.3g} s"),
    ("_level", lambda level: f"level {level}"),
    ("", str),
)


def spelled(name: str, value: object) -> str:
    """Write a number as SAFETY.md does: its unit stands in its type, or at the end of its name."""
    if isinstance(value, Speed):
        return f"{value.kmh:.2f} km/h"
    if isinstance(value, Incline):
        return str(value)
    return next(spell for ending, spell in SPELLINGS if name.lower().endswith(ending))(value)


def value_of(name: str) -> object:
    """Return a constant of the modules that SAFETY.md names. Raises LookupError."""
    home = next((module for module in (numbers, plan, gate) if hasattr(module, name.split(".", maxsplit=1)[0])), None)
    if home is None:
        raise LookupError(f"no constant {name}")
    return attrgetter(name)(home)


NUMBERS = {quoted(row[0])[0]: row[1] for row in rows("constant")}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_of_the_page_is_the_number_of_the_code(name: str) -> None:
    """SAFETY.md tells each constant with the value that it has."""
    assert NUMBERS[name] == spelled(name, value_of(name))


def test_every_safety_number_is_on_the_page() -> None:
    """A constant that is added to numbers.py gets a row with its reason."""
    assert {name for name in vars(numbers) if name.isupper()} <= set(NUMBERS)


def test_the_levels_of_the_page_are_the_levels_of_the_code() -> None:
    """The caps by level are those of walkers/caps.py."""
    expected = [
        [
            str(level),
            spelled("", caps.speed),
            f"{caps.pace_percent} %",
            str(caps.incline),
            f"{caps.up_ramp_centi_kmh_per_s / 100:.2f} km/h/s",
            *(f"{duration_s // 60} min" for duration_s in (caps.bout_s, caps.backward_s, caps.session_s)),
        ]
        for level, caps in CAPS.items()
        if level != "clinic"
    ]
    assert rows("level") == expected


# -- hazards and rules

HAZARDS = {int(row[0]): row for row in rows("#")}
ANSWERED_BY, STATUS = 4, 5


def test_hazards_are_numbered_without_gaps() -> None:
    """A number is for ever: rules and tests refer to it."""
    assert [int(row[0]) for row in rows("#")] == list(range(1, len(HAZARDS) + 1))


@pytest.mark.parametrize("number", HAZARDS)
def test_a_hazard_names_exactly_the_rules_that_answer_it(number: int) -> None:
    """Both ways: each rule's hazards are rows that name it, each named rule exists and claims the hazard."""
    named = {name for name in quoted(HAZARDS[number][ANSWERED_BY]) if not name.endswith(".py")}
    assert named == {rule.name for rule in RULES if number in rule.hazards}


def test_rules_answer_hazards_that_exist() -> None:
    """No rule claims a hazard that the table does not have, and each claims one."""
    assert all(rule.hazards and set(rule.hazards) <= set(HAZARDS) for rule in RULES)


@pytest.mark.parametrize("number", HAZARDS)
def test_a_hazard_has_a_status_that_fits(number: int) -> None:
    """What is answered says by what; what nothing answers says so."""
    row = HAZARDS[number]
    assert row[STATUS] in ("yes", "partly", "not yet")
    assert bool(row[ANSWERED_BY]) is (row[STATUS] != "not yet")


@pytest.mark.parametrize("number", HAZARDS)
def test_files_that_answer_a_hazard_exist(number: int) -> None:
    """A file that is renamed takes its row along."""
    files = [name for name in quoted(HAZARDS[number][ANSWERED_BY]) if name.endswith(".py")]
    assert [name for name in files if not (ROOT / "src" / "retrowalk" / name).is_file()] == []


def _tests() -> Iterator[str]:
    """Yield the name of every test function."""
    for module in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        yield from (function.name for function in functions if function.name.startswith("test_"))


EXISTING = frozenset(_tests())


@pytest.mark.parametrize("number", HAZARDS)
def test_the_tests_of_a_hazard_exist(number: int) -> None:
    """A test that the table names, or a kind that it claims, is there; that they also ran, traceability.py says."""
    assert [claim for claim in hazard_claims(HAZARDS[number]) if not any(map(claim.fits, EXISTING))] == []


def test_every_hazard_test_belongs_to_a_hazard() -> None:
    """A test is named after a row of the table."""
    numbers_tested = {int(match[1]) for name in EXISTING if (match := re.match(r"test_hazard_(\d+)_", name))}
    assert numbers_tested <= set(HAZARDS)


def test_every_invariant_has_a_test() -> None:
    """Each line of the list is shown by at least one test with its number."""
    tested = {int(match[1]) for name in EXISTING if (match := re.match(r"test_invariant_(\d+)_", name))}
    assert invariants(SAFETY) == sorted(tested)


# -- the rules page


def test_the_rules_page_is_generated_from_the_rules() -> None:
    """Run scripts/rules_page.py after a change to the rules."""
    assert RULES_PAGE["PAGE"].read_text(encoding="utf-8") == RULES_PAGE["page"]()


def motions(phase: Phase, verb: Verb | None) -> list[Motion]:
    """Return what the belt was held to be doing, step by step, in a session in which `verb` is asked at `phase`."""
    w = world()
    seen: list[Motion] = []

    def look(wanted: Phase | None) -> bool:
        seen.append(w.engine.state(w.now_ns).motion)
        return w.engine.phase is wanted

    if phase is not Phase.IDLE:
        w.arm()
    assert w.run(300, lambda: look(phase))
    if verb:
        w.ask(verb)
    w.run(60, lambda: look(None))
    return seen


SESSIONS = (
    (Phase.REST, None),
    (Phase.WALK, Verb.STOP),
    (Phase.IDLE, Verb.STOP),
    (Phase.BOARD, Verb.STOP),
    (Phase.BOARD, Verb.END),
    (Phase.STARTING, Verb.STOP),
)


def test_the_diagram_has_every_change_of_motion_and_no_other() -> None:
    """Complete, stopped and ended sessions make each arrow of the diagram, and nothing besides."""
    changes = {pair for session in SESSIONS for pair in pairwise(motions(*session)) if pair[0] is not pair[1]}
    assert changes == {(one, other) for one, other, _ in RULES_PAGE["TRANSITIONS"]}


# -- every page


def _links() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield str(page.relative_to(ROOT)), target


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "target"), sorted(set(_links())))
def test_a_link_leads_to_something(page: str, target: str) -> None:
    """A relative link names a file or a folder of the repository, and a heading that it has."""
    name, _, anchor = target.partition("#")
    there = (ROOT / page).parent / name if name else ROOT / page
    assert there.exists()
    assert not anchor or anchor in _anchors(there)


def test_the_architecture_is_read_in_one_sitting() -> None:
    """ARCHITECTURE.md stays under 150 lines."""
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda page: page.stem)
def test_a_decision_is_short_and_numbered(page: Path) -> None:
    """A decision has at most 30 lines, and its number in its name and title."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30
    assert lines[0].startswith(f"# {page.stem[:4]} ")

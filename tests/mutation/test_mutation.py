"""The harness: what is planted, and that no verdict is better than what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from mutation.ledger import Ledger, row
from mutation.mutants import Key, Mutant, mutants
from mutation.trial import Verdict

HERE = Path(__file__).parents[1]

PLANTED = '''
    """A docstring."""
    TABLE = {True: 1}[True]

    def add(one: int, other: int) -> int:
        return one + other

    def small(value: int) -> bool:
        return value < 3.5

    def halved(number: int) -> int:
        while number > 1:
            number //= 2
        return number

    twice = [lambda number: number * 2]

    def dangerous() -> bool:
        return True

    def unseen() -> bool:
        return True
'''
TESTS = """
    import os
    from planted.sums import TABLE, add, dangerous, halved, small, twice

    def test_add(): assert add(1, 2) == 3
    def test_small(): assert small(1) and not small(9)
    def test_table(): assert TABLE
    def test_twice(): assert twice[0](3) == 6
    def test_halved(): assert halved(3) == 1
    def test_dangerous(): dangerous() or os._exit(1)
"""
RUN = """
    import json
    from pathlib import Path
    from mutation.run import run
    from mutation.target import Target

    target = Target("planted", Path("planted"), ("checks",), Path("page.md"), patience_s=1.5)
    ledger = run(target)
    print(json.dumps([[m.key.where, m.key.after, v] for m, v, _ in ledger.verdicts]))
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Return a folder with a package and its tests."""
    for name, text in {"planted/__init__.py": "", "planted/sums.py": PLANTED, "checks/test_sums.py": TESTS}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return tmp_path


def test_each_verdict_is_what_happened(room: Path) -> None:
    """A failed test is a kill. What nobody saw, a hang, a death and a module that cannot be imported are none."""
    environment = os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{room}", "COLUMNS": "80"}
    before = (room / "planted" / "sums.py").read_bytes()
    done = subprocess.run(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", dedent(RUN)], cwd=room, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    verdicts = {
        (where.partition(":")[2], after): verdict for where, after, verdict in json.loads(done.stdout.splitlines()[-1])
    }
    assert verdicts == {
        ("", "TABLE = {False: 1}[True]"): "stillborn",
        ("", "TABLE = {True: 2}[True]"): "survived",
        ("", "TABLE = {True: 0}[True]"): "killed",
        ("", "twice = [lambda number: None]"): "killed",
        ("", "twice = [lambda number: number / 2]"): "killed",
        ("", "twice = [lambda number: number * 3]"): "killed",
        ("", "twice = [lambda number: number * 1]"): "killed",
        ("", "TABLE = {True: 1}[False]"): "stillborn",
        ("add", "return one - other"): "killed",
        ("small", "return value <= 3.5"): "survived",
        ("small", "return value >= 3.5"): "killed",
        ("small", "return value < 4.5"): "survived",
        ("small", "return value < 2.5"): "survived",
        ("halved", "while number >= 1:"): "killed",
        ("halved", "while number <= 1:"): "killed",
        ("halved", "while number > 2:"): "survived",
        ("halved", "while number > 0:"): "killed",
        ("halved", "number = 2"): "timeout",
        ("halved", "number /= 2"): "killed",
        ("halved", "number //= 3"): "survived",
        ("halved", "number //= 1"): "timeout",
        ("dangerous", "return False"): "error",
        ("unseen", "return False"): "survived",
    }
    assert (room / "planted" / "sums.py").read_bytes() == before


def of(tmp_path: Path, source: str) -> list[tuple[str, str, str]]:
    """Return the keys of all mutants of a source."""
    path = tmp_path / "one.py"
    path.write_text(dedent(source), encoding="utf-8")
    found = list(mutants("one", path))
    for mutant in found:
        compile(mutant.source, "one.py", "exec")
    return [(mutant.key.where, mutant.key.before, mutant.key.after) for mutant in found]


def test_what_only_readers_and_types_see_is_not_mutated(tmp_path: Path) -> None:
    """No mutants of docstrings, annotations, decorators, imports, and words and hazards of a rule."""
    source = '''
        """Text."""
        from typing import Final
        @dataclass(frozen=True)
        class Row:
            """More text."""
            words: Literal[1] | None = None
        NAME: Final = "words"
        RULES = (Rule("name", broken, KINDS, (1, 29), "words", "remedy"),)
        queue = deque[int]()
    '''
    assert of(tmp_path, source) == []


def test_matches_and_properties_are_mutated(tmp_path: Path) -> None:
    """Cases are dropped, guards are negated, and a decorated function is no exception."""
    source = """
        class A:
            @property
            def x(self):
                match self.y:
                    case 1 if self.z:
                        self.w = 3  # for a reason
                    case _:
                        return True
    """
    found = of(tmp_path, source)
    assert {where for where, _, _ in found} == {"one.py:A.x"}
    assert ("one.py:A.x", "case _: return True", "") in found
    assert ("one.py:A.x", "case 1 if self.z:", "case 1 if not (self.z):") in found
    assert ("one.py:A.x", "self.w = 3", "pass") in found
    idle = "def f(x):\n    match x:\n        case 1:\n            return x\n        case _:\n            pass\n"
    assert of(tmp_path, idle) == [("one.py:f", "case 1: return x", "")] + [
        ("one.py:f", "case 1:", f"case {number}:") for number in (2, 0)
    ]
    assert ("one.py:A.x", "return True", "return False") in found


def planted(before: str, after: str) -> Mutant:
    """Return a mutant of which only the name matters."""
    return Mutant(Key("one.py:f", before, after), "one", Path("one.py"), None, "")


def test_the_books(tmp_path: Path) -> None:
    """Time-outs count as not killed, errors and what cannot be imported not at all."""
    ledger = Ledger(tmp_path / "none.md")
    verdicts = [
        *[Verdict.KILLED] * 6,
        *[Verdict.SURVIVED] * 3,
        Verdict.TIMEOUT,
        *[Verdict.ERROR] * 2,
        Verdict.STILLBORN,
    ]
    for number, verdict in enumerate(verdicts):
        ledger.enter(planted("a", str(number)), verdict, "")
    assert ledger.line() == "mutants=12 killed=6 survived=3 timeout=1 error=2 score=0.600"
    assert ledger.score == pytest.approx(0.6)
    assert len(ledger.unanswered()) == 4


def test_a_survivor_needs_a_row_with_a_reason(tmp_path: Path) -> None:
    """A row without a reason answers for nobody, nor does one row for two survivors; one without a survivor is told."""
    page = tmp_path / "page.md"
    one, gone = Key("one.py:f", "a | b", "a & b"), Key("one.py:f", "gone", "")
    page.write_text(f"| where |\n{row(one)[:-1]} nobody can see it |\n{row(gone)[:-1]} why |\n", encoding="utf-8")
    ledger = Ledger(page)
    for _ in range(2):
        ledger.enter(planted(one.before, one.after), Verdict.SURVIVED, "")
    assert ledger.unanswered() == [one]
    assert ledger.outdated() == [gone]
    page.write_text(row(one), encoding="utf-8")
    assert ledger.unanswered() == [one, one]

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from retrowalk.cli import main
from retrowalk.cli.explain_view import screen
from retrowalk.messages import explain_message
from retrowalk.messages.explain import ExplainMessage
from retrowalk.model.reports import State
from states import FULL_STATE, IDLE_STATE, STAMP
from support.fake_socket import FakeSocket, fake_socket
from support.ideal_belt import World, world

CONFIG = """\
[daemon]
runtime_dir = "."
[heart_rate]
enabled = false
[walker]
heart_rate = "none"
[session]
handrails = true
[strap]
tier = "{tier}"
[mqtt]
declared_buttons = ["ok"]
"""


def told(w: World, state: State | None = None) -> dict[str, Any]:
    now = state or w.engine.state(w.now_ns)
    return explain_message(now, w.engine.permissives(w.now_ns), stamp=STAMP, simulated=True)


def drawn(message: dict[str, Any]) -> list[str]:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(screen(ExplainMessage.model_validate(message)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def group(lines: list[str], name: str) -> list[str]:
    after = lines[lines.index(name) + 1 :]
    return after[: after.index("")] if "" in after else after


def test_every_rule_has_a_line_of_its_own_in_80_columns() -> None:
    """Also while walking, when every figure is there."""
    w = world().walking()
    lines = drawn(told(w))
    assert max(len(line.rstrip()) for line in lines) <= 80
    for permissive in w.engine.permissives(w.now_ns):
        assert sum(line[2:].startswith(f"{permissive.rule} ") for line in lines) == 1
    assert lines[:2] == ["SIMULATED", f"walk · belt: moving · program test · {lines[1].split(' · ')[-1]}"]
    assert "nothing stands in the way" in lines


def test_a_line_says_what_was_read_its_limit_and_what_breaking_it_does() -> None:
    """Figures with their unit; what does not apply says so."""
    lines = drawn(told(world().walking()))
    (hard,) = [line for line in lines if "heart_rate_hard" in line]
    assert hard.split() == ["✓", "heart_rate_hard", *hard.split()[2:4], "limit", "140", "stop,", "latched"]
    assert hard.split()[2] in ("90", "91", "92")
    (lockout,) = [line for line in lines if "start_lockout" in line]
    assert lockout.startswith("– ")
    assert lockout.rstrip().endswith("not now")


def test_broken_ones_come_first_in_their_group_with_what_to_do() -> None:
    """The strap of a walk was pulled: it is the first of the stops."""
    w = world().walking()
    w.pull_strap()
    stops = group(drawn(told(w)), "stops")
    assert stops[0].startswith("✗ strap_open")
    assert "the safety strap is open → clip the strap" in stops[1]


def test_between_sessions_it_is_not_made_a_drama_of() -> None:
    """No link, nobody there: that is how idle looks."""
    text = "\n".join(drawn(told(world(), IDLE_STATE)))
    assert "usual between sessions" in text
    assert "no program is selected" in text


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeSocket]:
    """Serve what the test puts into `answers`."""
    with fake_socket(tmp_path / "control.sock") as server:
        yield server


def line(answer: object) -> list[bytes]:
    return [json.dumps(answer).encode() + b"\n"]


def test_a_running_daemon_is_asked(daemon: FakeSocket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its answer is shown, and is what --json prints."""
    explained = told(world().walking(), FULL_STATE)
    daemon.answers = line({"explain": explained})
    path = str(tmp_path / "control.sock")
    assert main(["explain", "--socket", path]) == 0
    assert "walk · belt: moving" in capsys.readouterr().out
    assert main(["explain", "--json", "--socket", path]) == 0
    assert json.loads(capsys.readouterr().out) == explained


def test_a_daemon_that_cannot_explain_itself_is_not_guessed_about(
    daemon: FakeSocket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs, so the configuration is no answer: exit status 3."""
    daemon.answers = line({"ok": False, "reason": "unknown command 'explain'"})
    assert main(["explain", "--socket", str(tmp_path / "control.sock")]) == 3
    assert "of another version" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [[1], {}, {"ok": True}, {"explain": 7}, "explain", None])
def test_an_odd_answer_is_told_in_a_sentence(
    daemon: FakeSocket, tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: object
) -> None:
    """Something runs there, so the configuration is no answer: exit status 3."""
    daemon.answers = line(answer)
    assert main(["explain", "--socket", str(tmp_path / "control.sock")]) == 3
    assert "cannot be understood" in capsys.readouterr().err


def configured(folder: Path, tier: str) -> str:
    path = folder / "mine.toml"
    path.write_text(CONFIG.format(tier=tier))
    return str(path)


def test_without_a_daemon_the_configuration_tells_what_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands against a program, rule by rule; the rest needs a running daemon."""
    assert main(["explain", "--config", configured(tmp_path, "none"), "--program", "first-20s"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert '✗ strap.tier is "none": nobody walks backward' in lines
    assert any(line.startswith("✗ strap_too_weak") for line in lines)
    assert any(line.startswith("✓ no_handrails") for line in lines)
    assert any(line.startswith("? overspeed") and "needs a running daemon" in line for line in lines)


def test_a_program_that_the_configuration_allows_has_nothing_against_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said that this is not all."""
    assert main(["explain", "--config", configured(tmp_path, "attested"), "--program", "first-20s"]) == 0
    out = capsys.readouterr().out
    assert "the configuration has nothing against this program" in out
    assert "✗" not in out


def test_without_a_daemon_and_without_a_program_nothing_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says that no daemon answers, and where it was looked for."""
    assert main(["explain", "--json", "--config", configured(tmp_path, "none")]) == 0
    captured = capsys.readouterr()
    assert f"no daemon answers at {tmp_path}/control.sock" in captured.err
    assert {row["standing"] for row in json.loads(captured.out)["permissives"]} == {"needs_daemon"}


@pytest.mark.parametrize(
    ("program", "words"),
    [("first-20", "did you mean first-20s"), ("clinic-template", "it is a template")],
)
def test_a_program_that_does_not_exist_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str, words: str
) -> None:
    """A typing error is one; a program that this walker cannot walk is an answer."""
    status = main(["explain", "--config", configured(tmp_path, "attested"), "--program", program])
    captured = capsys.readouterr()
    assert words in captured.out + captured.err
    assert status == (2 if program == "first-20" else 0)


def test_a_wrong_configuration_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, with the nearest key."""
    path = tmp_path / "wrong.toml"
    path.write_text("[daemon]\nnam = 1\n")
    assert main(["explain", "--config", str(path)]) == 2
    assert "did you mean name?" in capsys.readouterr().err

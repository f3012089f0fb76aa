from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from retrowalk.cli.programs import app
from retrowalk.programs import load_library, shipped_programs

IDS = sorted(load_library([shipped_programs()]).programs)
type Run = Callable[..., Result]


@pytest.fixture(name="run")
def fixture_run() -> Run:
    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "100", "NO_COLOR": "1"})

    return run


@pytest.fixture(name="config")
def fixture_config(tmp_path: Path) -> Path:
    """A configuration of which only the `[walker]` table is read."""
    file = tmp_path / "retrowalk.toml"
    file.write_text('[mqtt]\nhost = 3\n[walker]\nlevel = 1\nage = 50\ncomfortable_pace = "1.8 mph"\nweight_kg = 64\n')
    return file


def test_list_shows_every_program_and_the_template(run: Run) -> None:
    """One line a program."""
    result = run("list")
    assert result.exit_code == 0
    assert all(program_id in result.stdout for program_id in [*IDS, "clinic-template"])


def test_list_names_a_refused_file_and_shows_the_others(run: Run, tmp_path: Path) -> None:
    """A bad file of the user's own folder does not stop the list."""
    (tmp_path / "bad.toml").write_text("x")
    result = run("list", "--folder", tmp_path)
    assert result.exit_code == 0
    assert "bad.toml: file: is not TOML" in result.stderr
    assert "five-easy" in result.stdout


def test_show_prints_what_is_written_where_no_walker_is_given(run: Run) -> None:
    """Targets in both units, totals, presses and the energy with its uncertainty."""
    shown = run("show", "five-easy").stdout
    assert "1.1  0.68" in shown
    assert "backward 5:00 in a session of about 14:30" in shown
    assert "5 with one button, 9 with OK and STOP apart" in shown
    assert "about 35 kcal (26–44) at 70 kg, the weight assumed" in shown
    assert "Short steps" in shown


def test_show_applies_the_caps_of_the_configured_walker(run: Run, config: Path) -> None:
    """Half of 1.8 mph caps knee-ten, and the line says from what."""
    shown = run("show", "knee-ten", "--config", config).stdout
    assert "1.4  0.87           capped from 1.2 mph" in shown
    assert "at 64 kg\n" in shown


@pytest.mark.parametrize("program_id", IDS)
def test_every_program_can_be_shown_and_drawn(run: Run, program_id: str) -> None:
    """No shipped program breaks a drawing."""
    assert run("show", program_id).exit_code == 0
    drawn = run("plot", program_id)
    assert drawn.exit_code == 0
    assert "█" in drawn.stdout


def test_a_drawing_has_an_incline_only_where_there_is_one(run: Run) -> None:
    """The hill of gentle-hill rises to three percent."""
    assert "3.0 %" in run("plot", "gentle-hill").stdout
    assert "%" not in run("plot", "five-easy").stdout


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_picture_is_written_in_the_format_of_its_suffix(run: Run, tmp_path: Path, suffix: str, magic: bytes) -> None:
    """PNG and SVG, by matplotlib, without a display."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / f"hill.{suffix}"
    assert run("plot", "gentle-hill", "--output", picture).exit_code == 0
    assert picture.read_bytes().startswith(magic)


def test_a_picture_without_matplotlib_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that does it, and nothing is written."""
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("plot", "demo", "--output", tmp_path / "demo.png")
    assert (result.exit_code, f"{sys.prefix}/bin/pip install matplotlib" in result.stderr) == (2, True)
    assert not list(tmp_path.iterdir())


def test_check_accepts_every_shipped_file(run: Run) -> None:
    """One line a file, status 0."""
    files = sorted(shipped_programs().glob("*.toml"))
    result = run("check", *files)
    assert result.exit_code == 0
    assert result.stdout.count(": fine (") == len(files)


def test_check_tells_every_violation_of_every_file_at_once(run: Run, tmp_path: Path) -> None:
    """File, segment, what, limit and nearest value; status 2; a good file is still reported as fine."""
    text = (shipped_programs() / "five-easy.toml").read_text(encoding="utf-8")
    fast, steep, good = (tmp_path / f"{name}.toml" for name in ("fast", "steep", "good"))
    fast.write_text(text.replace('"0.7 mph"', '"1.4 mph"').replace('"3:00"', '"0:10"'), encoding="utf-8")
    steep.write_text(text.replace('speed = "1.0 mph"', 'speed = "1.0 mph"\nincline = "2 %"'), encoding="utf-8")
    good.write_text(text, encoding="utf-8")
    result = run("check", fast, steep, good)
    assert result.exit_code == 2
    assert f"{good}: fine (five-easy)" in result.stdout
    told = result.stderr.splitlines()
    assert (
        f"{fast}: segment 5.2: 2.2 km/h (1.4 mph) backward; level 0 allows up to 1.6 km/h (1.0 mph); "
        "nearest that passes: 1.6 km/h" in told
    )
    assert any(line.startswith(f"{fast}: segment 1: a forward bout of 0:10") for line in told)
    assert any(line.startswith(f"{fast}: segment 5.2: up from") for line in told)
    assert any(line.startswith(f"{steep}: segment 7: incline 2 %") for line in told)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "five-esy"), "did you mean five-easy"),
        (("show", "clinic-template"), "it is a template"),
        (("plot", "demo", "--output", "demo.pdf"), "a picture is a .png or an .svg"),
        (("plot", "demo", "--output", "/absent/demo.png"), "cannot be written: No such file"),
        (("show", "demo", "--config", "absent.toml"), "absent.toml: cannot be read: No such file"),
        (("check", "absent.toml"), "absent.toml: file: cannot be read: No such file"),
    ],
)
def test_what_cannot_be_done_ends_with_status_2_and_a_reason(run: Run, words: tuple[str, ...], message: str) -> None:
    """Never a traceback."""
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[walker", "is not TOML"),
        ("[mqtt]", "has no [walker] table"),
        ("[walker]\nage = 7", "[walker] age: Input should be greater than or equal to 18"),
        ("[walker]\nlevel = 0", "it is for level 1, and this walker is at level 0"),
    ],
)
def test_a_walker_that_cannot_be_used_ends_with_status_2(run: Run, config: Path, text: str, message: str) -> None:
    """The message names file, key and what is right."""
    config.write_text(text)
    result = run("show", "knee-ten", "--config", config)
    assert result.exit_code == 2
    assert message in result.stderr

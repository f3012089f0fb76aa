from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retrowalk.programs import Library, PlanRefused, UnknownProgram, load_library, shipped_programs


@pytest.fixture(name="library")
def fixture_library() -> Library:
    return load_library([shipped_programs()])


def test_a_bad_file_never_stops_the_others(tmp_path: Path, library: Library) -> None:
    """All shipped programs load beside a file that is refused by name."""
    (tmp_path / "bad.toml").write_text("nonsense")
    both = load_library([shipped_programs(), tmp_path])
    assert both.programs == library.programs
    assert [refusal.file.name for refusal in both.refusals] == ["bad.toml"]


def test_an_id_names_one_program(tmp_path: Path, library: Library) -> None:
    """A user's copy of a shipped id is refused, and the shipped one stays what it is."""
    shutil.copy(shipped_programs() / "five-easy.toml", tmp_path / "copy.toml")
    shutil.copy(shipped_programs() / "clinic-template.toml", tmp_path / "template.toml")
    both = load_library([shipped_programs(), tmp_path])
    assert both.programs == library.programs
    assert [str(refusal.file.name) for refusal in both.refusals] == ["copy.toml", "template.toml"]
    assert "five-easy.toml" in str(both.refusals[0])


def test_a_users_own_program_is_added(tmp_path: Path) -> None:
    """A new id in a later folder is one more program."""
    text = (shipped_programs() / "demo.toml").read_text(encoding="utf-8").replace('id = "demo"', 'id = "mine"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert load_library([shipped_programs(), tmp_path]).find("mine").id == "mine"


def test_a_missing_folder_is_a_refusal(tmp_path: Path) -> None:
    """The daemon says which folder is not there, and runs with the others."""
    library = load_library([tmp_path / "absent", shipped_programs()])
    assert library.programs
    assert "absent: folder: is not there" in str(library.refusals[0])


def test_a_folder_that_cannot_be_looked_at_is_a_refusal(tmp_path: Path) -> None:
    """The system refuses such a name, as it does a folder in one that lets nobody in."""
    library = load_library([shipped_programs(), tmp_path / ("x" * 300)])
    assert "folder: is not there, or hidden from you" in str(library.refusals[0])
    assert library.programs


@pytest.mark.parametrize(("asked", "nearest"), [("five-esy", "five-easy"), ("first20s", "first-20s")])
def test_an_unknown_program_suggests_the_nearest_names(library: Library, asked: str, nearest: str) -> None:
    """The best suggestion comes first, also as an attribute."""
    with pytest.raises(UnknownProgram, match=f"did you mean {nearest}") as unknown:
        library.find(asked)
    assert unknown.value.program == asked
    assert unknown.value.suggestions[0] == nearest


def test_a_name_like_no_other_suggests_nothing(library: Library) -> None:
    """A wild guess would be worse than none."""
    with pytest.raises(UnknownProgram) as unknown:
        library.find("zzz")
    assert str(unknown.value) == "there is no program 'zzz'"


def test_a_template_is_not_a_program(library: Library) -> None:
    """It says what to do with it instead."""
    with pytest.raises(PlanRefused, match="copy its file"):
        library.find("clinic-template")


def test_an_installed_package_brings_its_own_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a wheel they lie inside the package, in a checkout under config."""
    assert shipped_programs().name == "programs"
    installed = tmp_path / "retrowalk"
    (installed / "shipped" / "programs").mkdir(parents=True)
    monkeypatch.setattr("retrowalk.programs.library.files", lambda _package: installed)
    assert shipped_programs() == installed / "shipped" / "programs"

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from retrowalk.machines import About, BadFile, Facts, Machines, Profile, Record, load_machines, shipped_machines
from retrowalk.machines.library import read
from retrowalk.machines.profile import Match
from support.machines import record

SOUND = 'title = "T"\nseen = "s"\n[match]\nname = "T*"\n[facts]\nslowest_kmh = 1.0\n'


def heard(title: str, **patterns: str) -> Profile:
    return Profile(title=title, seen="somewhere", match=Match.model_validate(patterns), facts=Facts())


def problem(folder: Path, text: str | bytes, kind: type[Profile | Record] = Profile) -> str:
    file = folder / "bad.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read(file, kind)
    assert isinstance(found, BadFile)
    return str(found)


def test_every_shipped_profile_is_sound() -> None:
    """None is refused, and each says where its hearsay comes from."""
    machines = load_machines(shipped_machines(), Path("nowhere"))
    assert machines.bad == ()
    assert len(machines.profiles) == len(list(shipped_machines().glob("*.toml"))) > 0
    assert all(profile.seen for profile in machines.profiles)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOUND.replace("slowest", "slowst"), "facts.slowst_kmh = 1.0: there is no such key; did you mean slowest_kmh?"),
        (SOUND.replace("1.0", '"1 km/h"'), 'facts.slowest_kmh = "1 km/h": Input should be a valid number'),
        (SOUND.replace("1.0", "-1"), "facts.slowest_kmh = -1: Input should be greater than or equal to 0"),
        (
            SOUND.replace("slowest_kmh = 1.0", 'units = "miles"'),
            "facts.units = \"miles\": Input should be 'km/h' or 'mph'",
        ),
        (SOUND.replace('seen = "s"\n', ""), "seen: is missing; it has to be written"),
        (SOUND.replace('name = "T*"\n', ""), 'write at least one pattern: name = "ABC*", manufacturer or model'),
        ("title = ", "is not TOML in UTF-8"),
        (b"\xff", "is not TOML in UTF-8"),
    ],
)
def test_a_bad_file_names_key_value_and_what_would_be_right(tmp_path: Path, text: str | bytes, words: str) -> None:
    """And the file, in front."""
    told = problem(tmp_path, text)
    assert told.startswith(f"{tmp_path / 'bad.toml'}: ")
    assert words in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("format = 1", "format = 2"), "format = 2: Input should be less than or equal to 1"),
        (("2026-01-31T00:00:00Z", "2026-01-31T00:00:00"), "write the date with its offset"),
        (("passed = true", "passed = 3"), "passed = 3"),
    ],
)
def test_a_bad_record_is_told_likewise(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    """A record of another format is none."""
    assert words in problem(tmp_path, record().to_toml().replace(*change), Record)


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """Neither a profile nor a record."""
    (tmp_path / "a.toml").write_text("x = ")
    (tmp_path / "b.toml").write_text(SOUND)
    (tmp_path / "c.toml").mkdir()
    machines = load_machines(tmp_path, tmp_path / "records")
    assert [profile.title for profile in machines.profiles] == ["T"]
    assert [bad.file.name for bad in machines.bad] == ["a.toml", "c.toml"]


@pytest.mark.parametrize(
    ("about", "title"),
    [
        (About("ABC-1"), "any"),
        (About("abc-12"), "longer"),
        (About("ABC-1", "Maker"), "both"),
        (About("ABC-1", "Others"), "any"),
        (About("XYZ"), None),
    ],
)
def test_the_profile_that_fits_best_counts(about: About, title: str | None) -> None:
    """More patterns before longer ones; case does not count; all patterns must fit."""
    machines = Machines(
        profiles=(
            heard("any", name="abc*"),
            heard("longer", name="abc-12"),
            heard("both", name="a*", manufacturer="maker"),
        )
    )
    found = machines.profile(about)
    assert (found.title if found else None) == title


@pytest.mark.parametrize("first", ["older", "newer"])
def test_the_newest_record_of_a_treadmill_counts(first: str) -> None:
    """A copy that somebody kept beside it does not bless what was refused since."""
    older = record()
    newer = older.model_copy(update={"passed": False, "date": older.date + timedelta(days=1)})
    machines = Machines(records=(older, newer) if first == "older" else (newer, older))
    assert machines.about(older.address, About(), older.firmware, Facts()).refused
    assert machines.expected(older.address).refused
    assert machines.about(older.address, About(), "another firmware", Facts()).stale == newer


def test_a_record_is_found_by_the_address_that_is_configured() -> None:
    """Before the machine was asked, its firmware is taken on trust; any that passed will do for any treadmill."""
    passed, refused = record("ideal"), record("min-1.0", passed=False)
    machines = Machines(records=(refused, passed))
    assert machines.expected(passed.address.lower()).record == passed
    assert machines.expected(refused.address).commissioned is False
    assert machines.expected("00:00:00:00:00:00").record is None
    assert machines.expected(None).commissioned

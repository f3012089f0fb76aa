from __future__ import annotations

import errno
import io
import json
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from retrowalk.app.trips import file_name, trips_folder
from retrowalk.cli import main
from retrowalk.cli import trip as commands
from retrowalk.cli.trip_view import screen
from retrowalk.messages.trip import TripMessage, TripReading, TripStep
from retrowalk.model.reports import Phase, Rung

ALARM = "the belt is not seen to slow down: feet on the side boards, hold on, pull the cord"


def reading(t_s: float, speed_kmh: float | None, *, strap: bool = True, bpm: int | None = 98) -> TripReading:
    phase = Phase.WALK if t_s < 0 else Phase.STOPPING if speed_kmh else Phase.TRIPPED
    return TripReading(
        t_s=t_s,
        phase=phase,
        speed_kmh=speed_kmh,
        target_kmh=speed_kmh,
        heart_rate_bpm=bpm,
        strap_closed=strap,
        link_up=t_s < 5,
        telemetry_age_s=0.1,
    )


def step(t_s: float, rung: Rung, words: str = "stop demanded", *, alarm: bool = False) -> TripStep:
    return TripStep(t_s=t_s, elapsed_s=t_s, rung=rung, alarm=alarm, words=words)


TRIP = TripMessage(
    at=1_800_000_000.0,
    version="0.1.0",
    simulated=True,
    complete=True,
    cause="strap_open",
    words="the safety strap is open",
    remedy="clip the strap at the back of your waist and put its plug in; then reset: press and hold the button",
    speed_kmh=0.8,
    heart_rate_bpm=98,
    program="first-20s",
    machine_name="Ideal",
    readings=[
        *(reading(number / 4, 0.8) for number in range(-40, 0)),
        reading(0, 0.8, strap=False),
        reading(0.5, 0.4, strap=False),
        *(reading(number / 4, 0.0, strap=False) for number in range(4, 48)),
    ],
    steps=[
        step(0, Rung.DEMANDED),
        step(0.02, Rung.WRITTEN, "the stop is on the wire"),
        *(step(0.6 * number, Rung.RESENT, "stop written again") for number in range(1, 4)),
        step(2.1, Rung.NO_EFFECT, ALARM, alarm=True),
        step(2.4, Rung.VERIFIED, "the belt stands, verified"),
    ],
)


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "80")
    time.tzset()


def drawn(trip: TripMessage, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(screen(trip, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def left(folder: Path, *trips: TripMessage) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for trip in trips:
        (folder / file_name(trip.at)).write_text(trip.model_dump_json())
    return folder


def row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.strip().startswith(f"{name} "))


def test_a_trip_is_told_on_one_screen() -> None:
    """80 by 24 with room for the next prompt: what, when, where, what to do, and each rung with its time."""
    lines = drawn(TRIP)
    text = "\n".join(lines)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(" TRIP  the safety strap is open  2027-01-15 08:00:00")
    for fragment in ("strap_open", "first-20s", "belt at 0.8 km/h", "98 bpm", "SIMULATED", "Do: clip the strap"):
        assert fragment in text
    assert "+0.02 s the stop is on the wire" in text
    assert "+0.60 s stop written again (3 times, until +1.8 s)" in text
    assert "+2.40 s the belt stands, verified" in text


def test_a_rung_that_takes_more_than_a_line_is_told_to_its_end() -> None:
    """Below its own words, not below its time, and nothing is cut off."""
    words = "the belt is not yet seen to stand: stop written again"
    steps = [step(0.6 * number, Rung.RESENT, words) for number in range(1, 8)]
    lines = [line.rstrip() for line in drawn(TRIP.model_copy(update={"steps": steps}))]
    assert lines[-2:] == [f"  +0.60 s {words} (7 times, until", f"{' ' * 10}+4.2 s)"]


def test_the_plots_and_the_words_below_them_share_the_moment_of_the_trip() -> None:
    """The mark stands above "trip" on the axis; the strap is open from there, the belt falls after it."""
    lines = drawn(TRIP)
    marked = {line.index("┃") for line in lines if "┃" in line}
    axis = next(line for line in lines if re.search(r"-10 s +trip +\+12 s$", line))
    assert marked == {axis.index("trip")}
    (column,) = marked
    assert abs(row(lines, "strap").index("OPEN") - column) <= 1
    speed = row(lines, "0.8 km/h")
    assert set(speed[9:column]) <= {"█", " "}
    assert speed[column - 5 : column] == "█████"
    assert speed[column + 8 :].strip() == ""


def test_what_is_unknown_is_no_bar() -> None:
    """Dots where nothing was read, and no figure is made up."""
    unknown = TRIP.model_copy(update={"readings": [reading(t, None, bpm=None) for t in range(-10, 10)]})
    text = "\n".join(drawn(unknown))
    assert "····" in text
    assert "█" not in text


def test_a_trip_without_readings_or_steps_is_drawn_too() -> None:
    """One that latched at boot, say."""
    bare = TRIP.model_copy(update={"readings": [], "steps": [], "complete": False, "speed_kmh": None})
    text = " ".join("\n".join(drawn(bare)).split())
    assert "not recorded to its end" in text
    assert "belt at" not in text


def test_the_newest_trip_is_shown_of_a_folder_and_of_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also by the name of the file itself; --last is what happens anyway."""
    config = tmp_path / "mine.toml"
    config.write_text('[daemon]\nstate_dir = "state"\n[heart_rate]\nenabled = false\n')
    old = TRIP.model_copy(update={"at": TRIP.at - 60, "words": "the old one"})
    folder = left(trips_folder(tmp_path / "state"), old, TRIP)
    for arguments in ([str(folder)], ["--config", str(config)], ["--last", "--config", str(config)]):
        assert main(["trip", *arguments]) == 0
        assert "the safety strap is open" in capsys.readouterr().out
    assert main(["trip", str(folder / file_name(old.at))]) == 0
    assert "the old one" in capsys.readouterr().out


def test_json_is_the_report_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is lost on the way."""
    assert main(["trip", "--json", str(left(tmp_path, TRIP))]) == 0
    assert TripMessage.model_validate_json(capsys.readouterr().out) == TRIP


def test_the_list_has_a_line_a_trip_and_a_damaged_one_hides_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest first; when, what, how fast, and when the belt was seen to stand."""
    left(tmp_path, TRIP, TRIP.model_copy(update={"at": TRIP.at + 60, "steps": []}))
    (tmp_path / "20260101T000000.000Z.json").write_text("{")
    assert main(["trip", "--list", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "not seen to stand" in lines[0]
    assert lines[1].split("  ")[0] == "2027-01-15 08:00:00"
    assert "stood after 2.4 s" in lines[1]
    assert "cannot be read" in lines[2]
    assert main(["trip", "--list", "--json", str(tmp_path)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry.get("cause") for entry in listed] == ["strap_open", "strap_open", None]
    assert "readings" not in listed[0]


@pytest.mark.parametrize(
    "damage",
    [
        {"at": 1e18},
        {"at": float("nan")},
        {"at": -1.0},
        {"heart_rate_bpm": 10**400},
        {"readings": [reading(0, 0.8).model_copy(update={"t_s": float("nan")})]},
        {"readings": [reading(0, 0.8).model_copy(update={"t_s": 1e300})]},
        {"readings": [reading(0, 0.8).model_copy(update={"speed_kmh": float("inf")})]},
    ],
    ids=["year", "no-time", "before-1970", "heart", "no-second", "second", "speed"],
)
def test_a_report_with_figures_beyond_all_bounds_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: dict[str, object]
) -> None:
    """A disk that lies costs one report: it is named, and asked for alone it is refused."""
    damaged = left(tmp_path, TRIP) / "20280101T000000.000Z.json"
    damaged.write_text(json.dumps(TRIP.model_dump(mode="json") | TRIP.model_copy(update=damage).model_dump()))
    assert main(["trip", "--list", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [words in line for words, line in zip(("cannot be read", "strap is open"), lines, strict=True)] == [
        True,
        True,
    ]
    assert main(["trip", "--list", "--json", str(tmp_path)]) == 0
    assert [entry.get("cause") for entry in json.loads(capsys.readouterr().out)] == [None, "strap_open"]
    assert main(["trip", str(damaged)]) == 2
    assert f"{damaged} is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--list"], ["--json"], ["--list", "--json"]])
def test_a_report_that_does_not_exist_is_not_called_no_trip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """A typing error must not look like good news; nor a folder that is not there."""
    for absent in (tmp_path / "absent" / "t.json", tmp_path / "absent"):
        assert main(["trip", *options, str(absent)]) == 2
        captured = capsys.readouterr()
        assert f"{absent}: no such report" in captured.err
        assert captured.out == ""


def test_a_daemon_that_never_tripped_has_nothing_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is no error."""
    assert main(["trip", str(tmp_path)]) == 0
    assert f"no trip is recorded in {tmp_path}" in capsys.readouterr().out.replace("\n", "")
    assert main(["trip", "--json", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) is None


def test_what_cannot_be_shown_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2: a file of somebody else, a configuration with an error, two wishes at once."""
    other = tmp_path / "other.json"
    other.write_text("[]")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[daemon]\nnam = 1\n")
    for arguments, words in (
        ([str(other)], "no trip report"),
        (["--config", str(wrong)], "did you mean name?"),
        (["--last", "--list"], "choose one"),
    ):
        assert main(["trip", *arguments]) == 2
        assert words in capsys.readouterr().err


def test_a_folder_that_may_not_be_read_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reports belong to the daemon's group."""

    def forbidden(folder: Path) -> list[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(commands, "trip_files", forbidden)
    assert main(["trip", str(tmp_path)]) == 2
    assert f"you may not read {tmp_path}: use sudo, or join its group" in capsys.readouterr().err

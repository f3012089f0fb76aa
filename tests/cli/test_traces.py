from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from retrowalk.app import compose
from retrowalk.cli import traces
from retrowalk.cli.traces import config_path, lock_paths, marker_paths, may_be_there, read_address
from retrowalk.config import Config, DaemonTable
from retrowalk.marker import MARKER_NAME

CONFIG = Path("/etc/retrowalk/hall.toml")


def test_the_configuration_is_where_the_unit_has_it() -> None:
    """Unless the environment says another place."""
    assert config_path("hall", {}) == CONFIG
    assert config_path("hall", {"RETROWALK_CONFIG": "/mine.toml"}) == Path("/mine.toml")


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"address": ""}', '{"address": 7}', '{"address": "02:57:41:4C:4B:0"}']
)
def test_an_unreadable_marker_means_any_treadmill(tmp_path: Path, content: str) -> None:
    """A marker that cannot be read is still a marker."""
    (tmp_path / MARKER_NAME).write_text(content)
    assert read_address(tmp_path / MARKER_NAME) is None


@pytest.mark.parametrize(
    ("environ", "config", "folders"),
    [
        ({}, "", ["/var/lib/retrowalk/hall"]),
        ({"STATE_DIRECTORY": "/s"}, "", ["/s"]),
        ({"STATE_DIRECTORY": "/s"}, '[daemon]\nstate_dir = "/data"', ["/s", "/data"]),
        ({"STATE_DIRECTORY": "/s"}, '[daemon]\nstate_dir = "data"', ["/s", "/etc/retrowalk/data"]),
        ({"STATE_DIRECTORY": "/s"}, '[daemon]\nname = "lab"', ["/s", "/var/lib/retrowalk/lab"]),
        ({"STATE_DIRECTORY": "/s"}, "[daemon]\nstate_dir = 7", ["/s"]),
        ({"STATE_DIRECTORY": "/s"}, "daemon = 7", ["/s"]),
    ],
)
def test_where_the_marker_is_looked_for(environ: dict[str, str], config: str, folders: list[str]) -> None:
    """Where systemd or a person says, else in the daemon's usual places; and where its configuration tells it to be."""
    found = marker_paths("hall", environ, CONFIG, tomllib.loads(config))
    assert found == [Path(folder) / MARKER_NAME for folder in folders]


@pytest.mark.parametrize(
    ("environ", "config", "folders"),
    [
        ({}, "", ["/run/retrowalk/hall"]),
        ({"RUNTIME_DIRECTORY": "/r"}, "", ["/r"]),
        ({"RUNTIME_DIRECTORY": "/r", "STATE_DIRECTORY": "/s"}, "", ["/r"]),
        ({}, '[daemon]\nruntime_dir = "/data"', ["/run/retrowalk/hall", "/data"]),
        ({}, '[daemon]\nruntime_dir = "run"', ["/run/retrowalk/hall", "/etc/retrowalk/run"]),
        ({}, '[daemon]\nname = "lab"', ["/run/retrowalk/hall", "/run/retrowalk/lab"]),
        ({}, '[daemon]\nruntime_dir = "a\\u0000b"', ["/run/retrowalk/hall"]),
    ],
)
def test_where_the_lock_is_looked_for(environ: dict[str, str], config: str, folders: list[str]) -> None:
    """Likewise; a name that no file can have is none."""
    found = lock_paths("hall", environ, CONFIG, tomllib.loads(config))
    assert found == [Path(folder) / "lock" for folder in folders]


@pytest.mark.parametrize("own", [None, Path("/data")], ids=["usual", "own"])
def test_marker_and_lock_are_where_the_daemon_has_them(own: Path | None) -> None:
    """Both sides were written apart, so that neither has to import the other."""
    daemon = Config(daemon=DaemonTable(name="hall", runtime_dir=own, state_dir=own))
    tables = {"daemon": {"runtime_dir": str(own), "state_dir": str(own)}} if own else {}
    assert daemon.runtime_dir / compose.LOCK_NAME in lock_paths("hall", {}, CONFIG, tables)
    assert daemon.state_dir / MARKER_NAME in marker_paths("hall", {}, CONFIG, tables)
    assert traces.MARKER_NAME == MARKER_NAME


@pytest.mark.parametrize(
    ("name", "there"), [("marker", True), ("none", False), ("marker/below", False), ("x" * 300, True)]
)
def test_only_a_marker_that_is_surely_not_there_is_not_there(tmp_path: Path, name: str, there: bool) -> None:
    """Whatever else keeps it from being looked at: a session may have been left open."""
    (tmp_path / "marker").touch()
    assert may_be_there(tmp_path / name) is there

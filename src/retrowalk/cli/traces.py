"""What a daemon leaves behind, and where: found without its own modules, which would take time to import."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from retrowalk.files import read_small
from retrowalk.model.address import sound_address

MARKER_NAME: Final = "session-marker"  # both as in retrowalk.marker
LARGEST_MARKER_BYTES: Final = 4096
LARGEST_CONFIG_BYTES: Final = 256 * 1024
LOCK_NAME: Final = "lock"  # as in retrowalk.app.compose

type Tables = Mapping[str, object]


class _Kind(NamedTuple):
    """What tells a folder: a variable of the environment, else its usual place; and always the configuration."""

    variable: str
    usual: Path
    setting: str


_STATE: Final = _Kind("STATE_DIRECTORY", Path("/var/lib/retrowalk"), "state_dir")
_RUNTIME: Final = _Kind("RUNTIME_DIRECTORY", Path("/run/retrowalk"), "runtime_dir")


def config_path(name: str, environ: Mapping[str, str]) -> Path:
    """Return where the daemon's configuration is."""
    return Path(environ.get("RETROWALK_CONFIG") or f"/etc/retrowalk/{name}.toml")


def read_config(config: Path) -> Tables:
    """Return the configuration, unchecked; nothing, where it cannot be read: that is no reason not to stop."""
    try:
        return tomllib.loads(read_small(config, LARGEST_CONFIG_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}


def marker_paths(name: str, environ: Mapping[str, str], config: Path, tables: Tables) -> list[Path]:
    """Return where the session marker may be."""
    return [folder / MARKER_NAME for folder in _folders(_STATE, name, environ, config, tables)]


def lock_paths(name: str, environ: Mapping[str, str], config: Path, tables: Tables) -> list[Path]:
    """Return where the file may be that a daemon holds locked for as long as it lives."""
    return [folder / LOCK_NAME for folder in _folders(_RUNTIME, name, environ, config, tables)]


def _folders(kind: _Kind, name: str, environ: Mapping[str, str], config: Path, tables: Tables) -> list[Path]:
    """Return the folder that the environment says, else that where the daemon puts it by itself.

    And those that the configuration tells: who is told of one place only would find no session and let a belt run.
    """
    told = environ.get(kind.variable)
    folders = [Path(told) if told else kind.usual / name]
    folders += [kind.usual / own] if (own := text(tables, "daemon", "name")) else []
    folders += [config.parent / folder] if (folder := text(tables, "daemon", kind.setting)) else []
    return list(dict.fromkeys(folders))


def may_be_there(marker: Path) -> bool:
    """Tell whether there is a marker, or may be one where nobody lets us look: that is no reason not to stop."""
    try:
        marker.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_address(marker: Path) -> str | None:
    """Return the treadmill's address in the marker; None = it tells none that can be, so any treadmill is meant."""
    try:
        address = json.loads(read_small(marker, LARGEST_MARKER_BYTES))["address"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return sound_address(address)


def configured_address(tables: Tables) -> str | None:
    """Return the treadmill's address in the configuration, likewise."""
    return sound_address(text(tables, "treadmill", "address"))


def text(tables: Tables, table: str, key: str) -> str | None:
    """Return a text of the configuration; None = there is none that could be a name."""
    found = tables.get(table)
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value and "\0" not in value else None

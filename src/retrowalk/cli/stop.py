"""`retrowalk stop`: stop the belt now, with or without a running daemon. Imports next to nothing: seconds count."""

from __future__ import annotations

import argparse
import json
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from retrowalk.files import read_small

MARKER_NAME: Final = "session-marker"  # both as in retrowalk.marker, which would import too much here
LARGEST_MARKER_BYTES: Final = 4096
LARGEST_CONFIG_BYTES: Final = 256 * 1024
STATE: Final = Path("/var/lib/retrowalk")
RUNTIME: Final = Path("/run/retrowalk")
NOTHING_TO_STOP: Final = 0
INTERRUPTED: Final = 5  # as what was not confirmed

_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", re.IGNORECASE)
_EPILOG: Final = """\
exit status: 0 the belt was seen to stand, 3 no machine, 5 not confirmed: pull the safety key

examples:
  retrowalk stop
  retrowalk stop --address AA:BB:CC:DD:EE:FF
"""


def main(arguments: list[str]) -> int:
    """Stop the belt; return the exit status. 0: seen to stand; 3: no machine; 5: not confirmed, pull the safety key."""
    options = _options(arguments)
    config = config_path(options.name, os.environ)
    tables = read_config(config)
    markers = [options.marker] if options.marker else marker_paths(options.name, os.environ, config, tables)
    left_open = [marker for marker in markers if may_be_there(marker)]
    if options.failsafe and not left_open:
        _say("no session was left open: nothing to stop")
        return NOTHING_TO_STOP
    told = [options.address] if options.address else [read_address(marker) for marker in left_open]
    certain = bool(told) and None not in told
    if not certain:
        told.append(_sound(_text(tables, "treadmill", "address")))
    return _stop({address for address in told if address}, connected=not certain)


def _stop(addresses: set[str], *, connected: bool) -> int:
    import asyncio  # noqa: PLC0415 - and below: 0.2 s that the end of every daemon would wait for

    from retrowalk.treadmill.failsafe import stop_belts  # noqa: PLC0415

    try:
        return asyncio.run(stop_belts(addresses, _say, connected=connected))
    except KeyboardInterrupt:
        _say("interrupted: NOT CONFIRMED that the belt stands. PULL THE SAFETY KEY if it moves.")
        return INTERRUPTED


def _say(words: str) -> None:
    """Say it to whoever listens: a Stop does not end because its log is full or its terminal gone."""
    with suppress(OSError):
        os.write(2, f"{words}\n".encode())


class _Misspelt(Exception):  # noqa: N818 - what happened
    """An option is wrong; the message says which."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise _Misspelt instead of ending the process."""
        raise _Misspelt(message)


def _options(arguments: list[str]) -> argparse.Namespace:
    """Read the options. A wrong one is told and left out: who mistypes wants a belt to stop all the same."""
    parser = _parser()
    try:
        options, unknown = parser.parse_known_args(arguments)
    except _Misspelt as error:
        options, unknown = parser.parse_args(["--failsafe"] if "--failsafe" in arguments else []), [str(error)]
    if unknown:
        _say(f"stopping all the same, without what is not understood: {' '.join(unknown)}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="retrowalk stop",
        description="Stop the belt now, with or without a running daemon.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--failsafe", action="store_true", help="only if a session was left open")
    parser.add_argument("--name", default="treadmill", help="the daemon's name in its configuration")
    parser.add_argument("--address", help="the treadmill's Bluetooth address")
    parser.add_argument("--marker", type=Path, help="the session marker, where it is not in its usual place")
    return parser


def marker_paths(name: str, environ: Mapping[str, str], config: Path, tables: Mapping[str, object]) -> list[Path]:
    """Return where the marker may be: where the environment says, else where the daemon puts it by itself.

    And where the configuration tells it to: who is told of one place only would find no session and let a belt run.
    """
    told = [Path(environ[key]) for key in ("RETROWALK_RUNTIME_DIR", "STATE_DIRECTORY") if environ.get(key)]
    folders = told or [STATE / name, RUNTIME / name]
    folders += [STATE / own] if (own := _text(tables, "daemon", "name")) else []
    folders += [config.parent / state_dir] if (state_dir := _text(tables, "daemon", "state_dir")) else []
    return [folder / MARKER_NAME for folder in dict.fromkeys(folders)]


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
    return _sound(address)


def config_path(name: str, environ: Mapping[str, str]) -> Path:
    """Return where the daemon's configuration is."""
    return Path(environ.get("RETROWALK_CONFIG") or f"/etc/retrowalk/{name}.toml")


def read_config(config: Path) -> Mapping[str, object]:
    """Return the configuration, unchecked; nothing, where it cannot be read: that is no reason not to stop."""
    try:
        return tomllib.loads(read_small(config, LARGEST_CONFIG_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}


def _text(tables: Mapping[str, object], table: str, key: str) -> str | None:
    found = tables.get(table)
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None


def _sound(address: object) -> str | None:
    return address if isinstance(address, str) and _ADDRESS.fullmatch(address) else None

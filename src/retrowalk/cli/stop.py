"""`retrowalk stop`: stop the belt now, with or without a running daemon. Imports next to nothing: seconds count."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from retrowalk.files import read_small

MARKER_NAME: Final = "session-marker"  # both as in retrowalk.marker, which would import too much here
LARGEST_MARKER_BYTES: Final = 4096
LARGEST_CONFIG_BYTES: Final = 256 * 1024
NOTHING_TO_STOP: Final = 0

_EPILOG: Final = """\
exit status: 0 the belt was seen to stand, 3 no machine, 5 not confirmed: pull the safety key

examples:
  retrowalk stop
  retrowalk stop --address AA:BB:CC:DD:EE:FF
"""


def main(arguments: list[str]) -> int:
    """Stop the belt; return the exit status. 0: seen to stand; 3: no machine; 5: not confirmed, pull the safety key."""
    options = _parser().parse_args(arguments)
    markers = [options.marker] if options.marker else marker_paths(options.name, os.environ)
    left_open = [marker for marker in markers if may_be_there(marker)]
    if options.failsafe and not left_open:
        print("no session was left open: nothing to stop")
        return NOTHING_TO_STOP
    address = options.address or next((found for marker in left_open if (found := read_address(marker))), None)
    return _stop(address, None if address else configured_address(config_path(options.name, os.environ)))


def _stop(address: str | None, expected: str | None) -> int:
    import asyncio  # noqa: PLC0415 - and below: 0.2 s that the end of every daemon would wait for

    from retrowalk.treadmill.failsafe import stop_belts  # noqa: PLC0415

    say = partial(print, file=sys.stderr, flush=True)
    return asyncio.run(stop_belts(address, say, expected=expected))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
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


def marker_paths(name: str, environ: Mapping[str, str]) -> list[Path]:
    """Return where the marker may be: where the environment says, else where the daemon puts it."""
    told = [environ[key] for key in ("RETROWALK_RUNTIME_DIR", "STATE_DIRECTORY") if environ.get(key)]
    folders = told or [f"/var/lib/retrowalk/{name}", f"/run/retrowalk/{name}"]
    return [Path(folder) / MARKER_NAME for folder in folders]


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
    """Return the address of the treadmill in the marker; None = it does not tell, so any treadmill is meant."""
    try:
        address = json.loads(read_small(marker, LARGEST_MARKER_BYTES))["address"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return address if isinstance(address, str) and address else None


def config_path(name: str, environ: Mapping[str, str]) -> Path:
    """Return where the daemon's configuration is."""
    return Path(environ.get("RETROWALK_CONFIG") or f"/etc/retrowalk/{name}.toml")


def configured_address(config: Path) -> str | None:
    """Return the treadmill's address in the configuration, unchecked; None = it tells none, or cannot be read."""
    import tomllib  # noqa: PLC0415 - only where no marker tells the address

    try:
        address = tomllib.loads(read_small(config, LARGEST_CONFIG_BYTES))["treadmill"]["address"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return address if isinstance(address, str) and address else None

"""`retrowalk stop`: stop the belt now, with or without a running daemon. Imports next to nothing: seconds count."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from retrowalk.treadmill.failsafe import stop_belts

MARKER_NAME: Final = "session-marker"  # the same as in retrowalk.marker, which would import too much here
NOBODY: Final = 0


def stop(
    failsafe: Annotated[bool, typer.Option("--failsafe", help="only if a session was left open")] = False,
    name: Annotated[str, typer.Option(help="the daemon's name in its configuration")] = "treadmill",
    address: Annotated[str | None, typer.Option(help="the treadmill's Bluetooth address")] = None,
    marker: Annotated[Path | None, typer.Option(help="the session marker, where it is not in its usual place")] = None,
) -> None:
    """Stop the belt now. Exit status 0: seen to stand; 3: no machine; 5: not confirmed, pull the safety key."""
    left_open = [path for path in ([marker] if marker else marker_paths(name, os.environ)) if path.exists()]
    if failsafe and not left_open:
        print("no session was left open: nothing to stop")
        raise typer.Exit(NOBODY)
    pinned = address or next((found for path in left_open if (found := read_address(path))), None)
    raise typer.Exit(asyncio.run(stop_belts(pinned, lambda words: print(words, file=sys.stderr, flush=True))))


def marker_paths(name: str, environ: Mapping[str, str]) -> list[Path]:
    """Return where the marker may be: where the environment says, else where the daemon puts it."""
    told = [environ[key] for key in ("RETROWALK_RUNTIME_DIR", "STATE_DIRECTORY") if environ.get(key)]
    folders = told or [f"/var/lib/retrowalk/{name}", f"/run/retrowalk/{name}"]
    return [Path(folder) / MARKER_NAME for folder in folders]


def read_address(marker: Path) -> str | None:
    """Return the address of the treadmill in the marker; None = it does not tell, so any treadmill is meant."""
    try:
        address = json.loads(marker.read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return address if isinstance(address, str) and address else None

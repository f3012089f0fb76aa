"""`retrowalk trip`: what happened around a stop, from the reports that the daemon left on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrowalk.app.trips import TripUnreadable, read_trip, trip_files, trips_folder
from retrowalk.cli.trip_view import line, screen
from retrowalk.config import ConfigError, read_config
from retrowalk.messages.trip import TripMessage

BAD_INPUT: Final = 2
DEFAULT_STATE_DIR: Final = Path("/var/lib/retrowalk/treadmill")

File = Annotated[Path | None, typer.Argument(help="a report, or a folder of them; without one, the daemon's own")]
Last = Annotated[bool, typer.Option("--last", help="the newest report: what is shown anyway")]
List = Annotated[bool, typer.Option("--list", help="every report there is, the newest first")]
Json = Annotated[bool, typer.Option("--json", help="as JSON, for a bug report or a program")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="the daemon's configuration, which names the folder")]


def trip(
    file: File = None, *, last: Last = False, list_: List = False, json_: Json = False, config: ConfigFile = None
) -> None:
    """Show a trip: what stopped the belt, what to do, and what was read from ten seconds before to ten after.

    Exit status: 0 fine, also when nothing ever tripped; 2 no such report, or one that cannot be read.
    """
    if last and list_:
        raise _refused("--last is one report and --list is all of them: choose one")
    console = Console(highlight=False)
    source = file or _folder(config)
    try:
        if file and not file.exists():
            raise _refused(f"{file}: no such report, and no folder of reports")
        paths = [source] if source.is_file() else trip_files(source)
        if list_ and json_:
            _print_list(paths)
        elif not paths:
            console.print("null" if json_ else f"no trip is recorded in {source}", soft_wrap=True)
        elif list_:
            _show_list(paths, console)
        else:
            _show(read_trip(paths[0]), console, json_)
    except TripUnreadable as error:
        raise _refused(str(error)) from None
    except PermissionError as error:
        raise _refused(f"you may not read {error.filename or source}: use sudo, or join its group") from None
    except OSError as error:
        raise _refused(f"{error.filename or source} cannot be read: {error.strerror}") from None


def _show(report: TripMessage, console: Console, json_: bool) -> None:
    if json_:
        print(report.model_dump_json(indent=2))
    else:
        console.print(screen(report, console.width))


def _show_list(paths: list[Path], console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for path in paths:
        report = _read(path)
        cells = line(report) if report else (path.name, "cannot be read", "", "")
        table.add_row(*map(Text, cells))
    console.print(table)


def _print_list(paths: list[Path]) -> None:
    """Print each report but for its readings and steps; of one that cannot be read, only where it is."""
    reports = ((path, _read(path)) for path in paths)
    shown = (
        (path, report.model_dump(mode="json", exclude={"readings", "steps"}) if report else {})
        for path, report in reports
    )
    print(json.dumps([{"file": str(path), **report} for path, report in shown], indent=2))


def _read(path: Path) -> TripMessage | None:
    """Read a report; one that is damaged must not hide the others."""
    try:
        return read_trip(path)
    except (OSError, TripUnreadable):
        return None


def _folder(config: Path | None) -> Path:
    if config is None:
        return trips_folder(DEFAULT_STATE_DIR)
    try:
        return trips_folder(read_config(config).state_dir)
    except ConfigError as error:
        raise _refused(str(error)) from None


def _refused(words: str) -> typer.Exit:
    typer.echo(words, err=True)
    return typer.Exit(BAD_INPUT)

"""`retrowalk run`: the daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from retrowalk.app.compose import AlreadyRunning, FolderUnusable, serve
from retrowalk.config import DEFAULT_CONFIG, ConfigError, load_config
from retrowalk.logs import configure_logs

BAD_CONFIG: Final = 2

ConfigFile = Annotated[Path, typer.Option("--config", help="the configuration", envvar="RETROWALK_CONFIG")]


def run(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the daemon until it is told to stop. It touches no treadmill before it is armed."""
    try:
        loaded = load_config(config)
        configure_logs(loaded.log.level, loaded.log.format)
        status = asyncio.run(serve(loaded))
    except (ConfigError, AlreadyRunning, FolderUnusable) as error:
        typer.echo(f"retrowalk: {error}", err=True)
        raise typer.Exit(BAD_CONFIG) from None
    raise typer.Exit(status)

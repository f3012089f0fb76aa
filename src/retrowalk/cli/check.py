"""`retrowalk check`: everything that would be refused, before anybody stands on a belt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from retrowalk.config import Config, ConfigError, load_config
from retrowalk.model.settings import StrapTier
from retrowalk.programs import Library, PlanRefused, load_library, plan_for, shipped_programs

BAD_CONFIG: Final = 2

ConfigFile = Annotated[Path, typer.Option("--config", help="the configuration to check")]


def check(config: ConfigFile = Path("/etc/retrowalk/retrowalk.toml")) -> None:
    """Check a configuration and all programs; exit 2 if anything in them is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        loaded = load_config(config)
    except ConfigError as error:
        for problem in error.problems:
            console.print(f"[red]✗[/] {config}: {escape(str(problem))}")
        raise typer.Exit(BAD_CONFIG) from None
    console.print(f"[green]✓[/] {config}")
    library = load_library([folder for folder in (shipped_programs(), loaded.programs.folder) if folder])
    for refusal in library.refusals:
        console.print(f"[red]✗[/] {escape(str(refusal))}")
    for line in (*_programs(library, loaded), *_warnings(loaded)):
        console.print(line)
    if library.refusals:
        raise typer.Exit(BAD_CONFIG)


def _programs(library: Library, config: Config) -> Iterator[str]:
    """Say of each program whether this walker may walk it; that it may not is no error."""
    for program in library.programs.values():
        try:
            plan_for(program, config.walker)
        except Exception as error:  # noqa: BLE001 (whatever it is, it would be refused for that)
            yield f"[yellow]–[/] {program.id}: {escape(_why(error))}"
        else:
            yield f"[green]✓[/] {program.id}"


def _why(error: Exception) -> str:
    return "; ".join(error.reasons) if isinstance(error, PlanRefused) else str(error)


def _warnings(config: Config) -> Iterator[str]:
    """Say what the configuration allows and will still be refused, or is worth a second thought."""
    settings = config.engine_settings()
    rows = (
        (settings.strap is StrapTier.NONE, 'strap.tier is "none": backward walking will be refused'),
        (not settings.handrails, "session.handrails is false: backward walking will be refused"),
        (settings.remote_start, "session.remote_start is true: a message alone may start the belt"),
        (settings.declared_button, "mqtt.declared_buttons: whoever may write there can pretend to stand there"),
        (not config.treadmill.commissioned, "treadmill.commissioned is false: careful assumptions are used"),
        (config.treadmill.address is None, "treadmill.address is not set: the first treadmill found is taken"),
        (config.mqtt.enabled and config.mqtt.ca_file is None, "mqtt.ca_file is not set: MQTT goes unencrypted"),
    )
    return (f"[yellow]![/] {words}" for holds, words in rows if holds)

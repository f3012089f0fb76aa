"""`retrowalk check`: everything that would be refused, before anybody stands on a belt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from retrowalk.cli.obstacles import NO_BUTTON, obstacles
from retrowalk.config import DEFAULT_CONFIG, Config, ConfigError, load_config
from retrowalk.model import numbers as n
from retrowalk.model.settings import StrapTier
from retrowalk.programs import Library, PlanRefused, Program, load_library, plan_for, shipped_programs

BAD_CONFIG: Final = 2

ConfigFile = Annotated[Path, typer.Option("--config", help="the configuration to check")]


def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check a configuration and all programs; exit 2 if anything in them is wrong.

    ✓ before a program: it can be opened with this configuration. –: it would be refused, and why.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        loaded = load_config(config)
    except ConfigError as error:
        for problem in error.problems:
            console.print(f"[red]✗[/] {escape(f'{config}: {problem}')}")
        raise typer.Exit(BAD_CONFIG) from None
    console.print(f"[green]✓[/] {escape(str(config))}")
    library = load_library([folder for folder in (shipped_programs(), loaded.programs.folder) if folder])
    for refusal in library.refusals:
        console.print(f"[red]✗[/] {escape(str(refusal))}")
    for line in (*_programs(library, loaded), *_warnings(loaded, config)):
        console.print(line)
    if library.refusals:
        raise typer.Exit(BAD_CONFIG)


def _programs(library: Library, config: Config) -> Iterator[str]:
    """Say of each program whether it can be opened; those with the same reasons against them share a line."""
    by_reasons: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for program in library.programs.values():
        by_reasons[_against(program, config)].append(program.id)
    for name in by_reasons.pop((), ()):
        yield f"[green]✓[/] {name}"
    for reasons, names in by_reasons.items():
        yield f"[yellow]–[/] {', '.join(names)}: {escape('; '.join(reasons))}"


def _against(program: Program, config: Config) -> tuple[str, ...]:
    """Return why this walker cannot open `program` with this configuration; that is no error of the file."""
    try:
        plan = plan_for(program, config.walker)
    except PlanRefused as refused:
        return refused.reasons
    except Exception as error:  # noqa: BLE001 (whatever it is, it would be refused for that)
        return (str(error),)
    return obstacles(plan, config.engine_settings(), config.treadmill_settings())


def _warnings(config: Config, path: Path) -> Iterator[str]:
    """Say what the configuration allows and will still be refused, or is worth a second thought."""
    settings, level, name = config.engine_settings(), config.walker.level, config.daemon.name
    line = settings.strap is StrapTier.LINE
    rows = (
        (not settings.declared_button and not line, f"{NO_BUTTON}: no session will open"),
        (settings.strap is StrapTier.NONE, 'strap.tier is "none": backward walking will be refused'),
        (not settings.handrails, "session.handrails is false: backward walking will be refused"),
        (
            level > n.DECLARED_BUTTON_HIGHEST_LEVEL and not line,
            f"walker.level is {level}: only levels 0 and 1 can be opened with a declared button",
        ),
        (
            level > n.ATTESTED_STRAP_HIGHEST_LEVEL and settings.strap is StrapTier.ATTESTED,
            f'walker.level is {level}: strap.tier "attested" is good for levels 0 and 1 only',
        ),
        (
            level > n.EXCUSED_HIGHEST_LEVEL and settings.heart is None,
            f"walker.level is {level}: levels 2 and 3 need heart-rate limits and a strap",
        ),
        (
            path.stem != name,
            f'daemon.name is "{name}" and the file is {path.name}: retrowalk@{name} reads /etc/retrowalk/{name}.toml',
        ),
        (settings.remote_start, "session.remote_start is true: a message alone may start the belt"),
        (settings.declared_button, "mqtt.declared_buttons: whoever may write there can pretend to stand there"),
        (not config.treadmill.commissioned, "treadmill.commissioned is false: careful assumptions are used"),
        (config.treadmill.address is None, "treadmill.address is not set: the first treadmill found is taken"),
        (config.mqtt.enabled and config.mqtt.ca_file is None, "mqtt.ca_file is not set: MQTT goes unencrypted"),
    )
    return (f"[yellow]![/] {escape(words)}" for holds, words in rows if holds)

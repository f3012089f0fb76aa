"""`retrowalk check`: everything that would be refused, before anybody stands on a belt."""

from __future__ import annotations

import ssl
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from retrowalk.cli.obstacles import NO_BUTTON, obstacles
from retrowalk.config import DEFAULT_CONFIG, Config, ConfigError, load_config
from retrowalk.machines import Knowledge
from retrowalk.model import numbers as n
from retrowalk.model.settings import StrapTier
from retrowalk.programs import Library, PlanRefused, Program, load_library, plan_for, shipped_programs
from retrowalk.treadmill.machine import TreadmillSettings

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
    treadmill = loaded.treadmill_settings()
    for bad in treadmill.machines.bad:
        console.print(f"[red]✗[/] {escape(str(bad))}")
    for line in (*_programs(library, loaded, treadmill), *_warnings(loaded, treadmill, config)):
        console.print(line)
    console.print(_known(treadmill))
    if library.refusals or treadmill.machines.bad:
        raise typer.Exit(BAD_CONFIG)


def _known(treadmill: TreadmillSettings) -> Table:
    """Show what is known of the treadmill before it is asked; the ranges that it says will count more than defaults."""
    known = treadmill.expected
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 2))
    for heading in (f"treadmill {known.record.name if known.record else ''}".strip(), "", "from"):
        table.add_column(heading)
    for row in known.rows():
        table.add_row(*map(escape, row))
    return table


def _programs(library: Library, config: Config, treadmill: TreadmillSettings) -> Iterator[str]:
    """Say of each program whether it can be opened; those with the same reasons against them share a line."""
    by_reasons: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for program in library.programs.values():
        by_reasons[_against(program, config, treadmill)].append(program.id)
    for name in by_reasons.pop((), ()):
        yield f"[green]✓[/] {name}"
    for reasons, names in by_reasons.items():
        yield f"[yellow]–[/] {', '.join(names)}: {escape('; '.join(reasons))}"


def _against(program: Program, config: Config, treadmill: TreadmillSettings) -> tuple[str, ...]:
    """Return why this walker cannot open `program` with this configuration; that is no error of the file."""
    try:
        plan = plan_for(program, config.walker)
    except PlanRefused as refused:
        return refused.reasons
    except Exception as error:  # noqa: BLE001 (whatever it is, it would be refused for that)
        return (str(error),)
    return obstacles(plan, config.engine_settings(), treadmill)


def _warnings(config: Config, treadmill: TreadmillSettings, path: Path) -> Iterator[str]:
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
        *_about_record(treadmill.expected, settings.strap),
        (config.treadmill.address is None, "treadmill.address is not set: the first treadmill found is taken"),
        (config.mqtt.enabled and config.mqtt.ca_file is None, "mqtt.ca_file is not set: MQTT goes unencrypted"),
        (
            config.mqtt.enabled and _trusts_nobody(config.mqtt.ca_file),
            "mqtt.ca_file has no certificate: no broker is trusted",
        ),
        (
            (config.walker.clinician_consulted or date.min) > _today(),
            f"walker.clinician_consulted is {config.walker.clinician_consulted}, and today is {_today()}",
        ),
    )
    return (f"[yellow]![/] {escape(words)}" for holds, words in rows if holds)


def _trusts_nobody(authority: Path | None) -> bool:
    """Tell whether a file that should hold an authority's certificate holds none."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(authority) if authority else None
    except ssl.SSLError:
        return True
    return False


def _today() -> date:
    return datetime.now().astimezone().date()


def _about_record(known: Knowledge, strap: StrapTier) -> Iterator[tuple[bool, str]]:
    """Say what commissioning found, or that nobody commissioned, where it matters."""
    record, key = known.record, known.value("safety_key")
    yield record is None, "the treadmill is not commissioned: careful assumptions are used (`retrowalk commission`)"
    if record is None:
        return
    yield not record.passed, f"commissioning refused the treadmill: {'; '.join(record.reasons)}"
    yield (
        strap is StrapTier.REPORTED and key != "reported",
        'strap.tier is "reported", and commissioning did not see the safety key reported',
    )
    yield (
        strap is StrapTier.ATTESTED and key not in ("reported", "cuts, not reported"),
        'strap.tier is "attested", and commissioning did not see the safety key cut the belt',
    )
    cord = known.value("cord_reversed") == "pulls the key"
    yield not cord, "nobody tried the safety cord standing reversed: commission again, and do the test of the key"
    yield known.value("link_loss") == "belt runs on", "when the link is lost the belt runs on: keep the key clipped on"

"""`retrowalk explain`: every permissive, how it stands, and what a person can do about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from rich.console import Console

from retrowalk.app.compose import load_programs, plan_finder
from retrowalk.app.foresight import TOLD, permissives_ahead
from retrowalk.cli.ctl import DEFAULT_SOCKET
from retrowalk.cli.explain_view import screen
from retrowalk.cli.obstacles import obstacles
from retrowalk.config import DEFAULT_CONFIG, Config, ConfigError, load_config, read_config
from retrowalk.control import AnswerUnreadable, ask
from retrowalk.messages import Stamp
from retrowalk.messages.explain import ExplainMessage, explain_ahead
from retrowalk.model.plan import Plan
from retrowalk.programs import PlanRefused, UnknownProgram

BAD_INPUT: Final = 2
NO_DAEMON: Final = 3

Json = Annotated[bool, typer.Option("--json", help="as JSON, for a bug report or a program")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="the daemon's configuration, which names the socket")]
Socket = Annotated[Path | None, typer.Option(help="the daemon's socket")]
ProgramId = Annotated[
    str | None, typer.Option("--program", help="ask no daemon: what would keep this program from being walked")
]


def explain(
    *, json_: Json = False, config: ConfigFile = None, socket: Socket = None, program: ProgramId = None
) -> None:
    """Show every permissive: good or broken, what was read, its limit, what it does now, what a person can do.

    Asks the running daemon. Without one, or with --program, it tells what the configuration alone tells.
    Exit status: 0 told, 2 a wrong configuration or program, 3 the daemon runs but did not answer.
    """
    message = None if program else _asked(socket or _socket(config))
    if message is None:
        message = _foreseen(_config(config or DEFAULT_CONFIG), program)
    if json_:
        print(message.model_dump_json(indent=2))
    else:
        Console(highlight=False).print(screen(message))


def _asked(path: Path) -> ExplainMessage | None:
    """Return what the daemon at `path` says; None where there is no daemon. Exit 3 when it does not answer well."""
    try:
        answer = ask(path, {"cmd": "explain"})
        return ExplainMessage.model_validate(answer["explain"])
    except (FileNotFoundError, ConnectionRefusedError):
        typer.echo(f"no daemon answers at {path}", err=True)
        return None
    except PermissionError:
        words = f"you may not open {path}: use sudo, or join its group"
    except AnswerUnreadable as error:
        words = f"the daemon at {path} runs, but {error}"
    except OSError as error:
        words = f"the daemon at {path} runs, but is busy or stuck and did not answer: {error}"
    except (KeyError, ValidationError):
        words = f"the daemon at {path} is of another version, which cannot explain itself: restart it"
    typer.echo(words, err=True)
    raise typer.Exit(NO_DAEMON)


def _foreseen(config: Config, program: str | None) -> ExplainMessage:
    plan, against = _plan(config, program)
    return explain_ahead(
        permissives_ahead(config, plan),
        TOLD if plan else (),
        program=program,
        obstacles=against,
        stamp=Stamp(time.time(), time.monotonic_ns()),
        simulated=config.simulated,
    )


def _plan(config: Config, program: str | None) -> tuple[Plan | None, tuple[str, ...]]:
    """Return what `program` becomes for this walker, and what speaks against it. Exit 2 when there is no such one."""
    if program is None:
        return None, ()
    try:
        plan = plan_finder(config, load_programs(config))(program)
    except PlanRefused as refused:
        return None, refused.reasons
    except UnknownProgram as error:
        typer.echo(error, err=True)
        raise typer.Exit(BAD_INPUT) from None
    return plan, obstacles(plan, config.engine_settings(), config.treadmill_settings())


def _socket(config: Path | None) -> Path:
    return DEFAULT_SOCKET if config is None else _config(config, read_config).control_socket


def _config(path: Path, read: Callable[[Path], Config] = load_config) -> Config:
    try:
        return read(path)
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(BAD_INPUT) from None

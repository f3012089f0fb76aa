"""`retrowalk ctl`: commands over the local socket. They work with a dead broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from retrowalk.config import ConfigError, load_config
from retrowalk.control import ask

BAD_INPUT: Final = 2
REFUSED: Final = 4
DEFAULT_SOCKET: Final = Path("/run/retrowalk/treadmill/control.sock")

Cmd = Annotated[str, typer.Argument(metavar="COMMAND", help="arm, confirm, stop, reset, start, pause, resume, end, …")]
Value = Annotated[str | None, typer.Argument(help="select_program: its id; trim: km/h; answer: fine, hard or hurt")]
Prompt = Annotated[str | None, typer.Option(help="confirm: the id of the prompt that is answered")]
Socket = Annotated[Path | None, typer.Option(help="the daemon's socket")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="the daemon's configuration, which names the socket")]


def ctl(
    command: Cmd, value: Value = None, *, prompt: Prompt = None, socket: Socket = None, config: ConfigFile = None
) -> None:
    """Ask the running daemon: arm, confirm, stop, reset, start, pause, resume, end, trim, answer, disarm, state."""
    path = _socket(socket, config)
    try:
        answer = ask(path, _message(command, value, prompt))
    except OSError as error:
        typer.echo(f"no daemon answers at {path}: {error.strerror or error}", err=True)
        typer.echo("is it running? To stop the belt without it: retrowalk stop", err=True)
        raise typer.Exit(BAD_INPUT) from None
    if "state" in answer:
        Console().print_json(json.dumps(answer["state"]))
        return
    if not answer["ok"]:
        typer.echo(f"refused: {answer['reason']}", err=True)
        raise typer.Exit(REFUSED)
    typer.echo(f"{command}: ok")


def _message(command: str, value: str | None, prompt: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"cmd": command, "src": "ctl"}
    if value is not None:
        message["value"] = _number(value) if command == "trim" else value
    return message if prompt is None else message | {"prompt": prompt}


def _number(text: str) -> float | str:
    """Return the number, or the text for the daemon to refuse with its reason."""
    try:
        return float(text)
    except ValueError:
        return text


def _socket(socket: Path | None, config: Path | None) -> Path:
    if socket is not None or config is None:
        return socket or DEFAULT_SOCKET
    try:
        return load_config(config).control_socket
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(BAD_INPUT) from None

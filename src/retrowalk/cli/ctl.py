"""`retrowalk ctl`: commands over the local socket. They work with a dead broker."""

from __future__ import annotations

import json
import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from retrowalk.config import ConfigError, read_config
from retrowalk.control import AnswerUnreadable, ask
from retrowalk.messages import COMMANDS
from retrowalk.model.reports import Motion
from retrowalk.model.requests import Verb

BAD_INPUT: Final = 2
NO_DAEMON: Final = 3
REFUSED: Final = 4
UNVERIFIED: Final = 5
STANDS_WITHIN_S: Final = 25.0
ASKS_EVERY_S: Final = 0.5
PULL: Final = "If the belt moves: feet on the side boards, hold on, pull the cord."
INSTEAD: Final = "To stop it without the daemon: retrowalk stop"
VERBS: Final = (*COMMANDS, "state")
_REPEATABLE: Final = (Verb.STOP, "state")
DEFAULT_SOCKET: Final = Path("/run/retrowalk/treadmill/control.sock")

Cmd = Annotated[str, typer.Argument(metavar="COMMAND", help="arm, confirm, stop, reset, start, pause, resume, end, …")]
Value = Annotated[str | None, typer.Argument(help="select_program: its id; trim: km/h; answer: fine, hard or hurt")]
Prompt = Annotated[str | None, typer.Option(help="confirm: the id of the prompt that is answered")]
Socket = Annotated[Path | None, typer.Option(help="the daemon's socket")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="the daemon's configuration, which names the socket")]


def ctl(
    command: Cmd, value: Value = None, *, prompt: Prompt = None, socket: Socket = None, config: ConfigFile = None
) -> None:
    """Ask a daemon: select_program, arm, start, confirm, pause, resume, end, trim, answer, reset, disarm, stop, state.

    Exit status: 0 done, and for stop: the belt is seen to stand; 2 no such command, or a bad configuration; 3 no daemon
    answers; 4 refused; 5 the belt was not seen to stand.
    """
    verb = _verb(command)
    path, certain = _socket(socket, config, verb)
    answer = _ask(path, _message(verb, value, prompt))
    refused = answer.get("ok") is False
    if refused and verb == Verb.STOP:  # it never is refused: the engine itself is stuck
        raise _not_confirmed(answer["reason"])
    if refused:
        typer.echo(f"refused: {answer['reason']}", err=True)
        raise typer.Exit(REFUSED)
    if verb == Verb.STOP:
        _follow_stop(path, answer.get("stops_verified"))
        if not certain:
            raise typer.Exit(BAD_INPUT)
    elif verb == "state":
        Console().print_json(json.dumps(answer["state"]))
    else:
        typer.echo(f"{verb}: ok")


def _follow_stop(path: Path, before: object) -> None:
    """Wait until the daemon saw this very stop work; exit 5 where it did not. `before`: the stops it saw work before.

    A belt that is called idle may be one whose stop was given up, or that nobody has seen.
    """
    typer.echo("stop: taken; waiting until the belt is seen to stand …")
    ends_at, told, why = time.monotonic() + STANDS_WITHIN_S, "", f"{STANDS_WITHIN_S:g} s went by"
    while time.monotonic() < ends_at:
        answer = _ask(path, {"cmd": "state"}, otherwise=UNVERIFIED)
        state = answer.get("state") or {}
        over = state.get("motion") in (Motion.IDLE, Motion.STANDSTILL)
        if over and _more(answer.get("stops_verified"), before):
            typer.echo("the belt stands, verified")
            return
        if (state.get("alarm") or told) != told:
            told = state["alarm"]
            typer.echo(told, err=True)
        if over:
            why = "the stop is over"
            break
        time.sleep(ASKS_EVERY_S)
    raise _not_confirmed(f"{why}, and the belt was not seen to stand")


def _more(now: object, before: object) -> bool:
    """Tell whether a count has grown; a daemon of another version tells none."""
    return isinstance(now, int) and isinstance(before, int) and now > before


def _not_confirmed(why: str) -> typer.Exit:
    typer.echo(f"NOT CONFIRMED: {why}. {PULL} {INSTEAD}", err=True)
    return typer.Exit(UNVERIFIED)


def _ask(path: Path, message: dict[str, Any], *, otherwise: int = NO_DAEMON) -> dict[str, Any]:
    """Ask the daemon; exit with the status `otherwise`, in words, where nobody answers well."""
    for last in (False, True):
        try:
            return ask(path, message)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            typer.echo(f"no daemon answers at {path}: {error.strerror}; is it running?", err=True)
            break
        except PermissionError:
            typer.echo(f"you may not open {path}: use sudo, or join its group", err=True)
            break
        except OSError as error:
            if not last and message["cmd"] in _REPEATABLE:
                continue
            why = "" if isinstance(error, AnswerUnreadable) else "is busy or stuck and did not answer: "
            typer.echo(f"the daemon at {path} runs, but {why}{error}", err=True)
            break
    typer.echo(f"{PULL} {INSTEAD}", err=True)
    raise typer.Exit(otherwise)


def _verb(command: str) -> str:
    """Return the verb; exit 2 with the nearest and all of them where there is none such."""
    verb = command.strip().casefold()
    if verb in VERBS:
        return verb
    near = get_close_matches(verb, VERBS, 1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    typer.echo(f"there is no command {command!r}{hint}\nknown: {', '.join(VERBS)}", err=True)
    raise typer.Exit(BAD_INPUT)


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


def _socket(socket: Path | None, config: Path | None, verb: str) -> tuple[Path, bool]:
    """Return the daemon's socket, and whether it is surely the one that was meant: a Stop goes out in any case."""
    if socket is not None or config is None:
        return socket or DEFAULT_SOCKET, True
    try:
        return read_config(config).control_socket, True
    except ConfigError as error:
        typer.echo(f"{error}\n{PULL} {INSTEAD}", err=True)
        if verb != Verb.STOP:
            raise typer.Exit(BAD_INPUT) from None
    typer.echo(f"stopping the treadmill of {DEFAULT_SOCKET}, which may not be the one that you mean", err=True)
    return DEFAULT_SOCKET, False

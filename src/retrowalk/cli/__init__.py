"""The commands that people type. Each module is loaded only when its command is chosen: a Stop must not wait."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

_COMMANDS: Final = {
    "run": "the daemon",
    "demo": "a backward session and a strap trip against the simulated treadmill",
    "scan": "treadmills and heart-rate straps in range",
    "check": "everything that would be refused, before anybody stands on a belt",
    "commission": "measure a treadmill on its empty belt, once, before anybody walks on it",
    "stop": "stop the belt now, with or without a running daemon",
    "standby": "wait for the daemon's death, and stop the belt at once",
    "programs": "what to walk: list, show, check, plot",
    "watch": "a running daemon, live",
    "ctl": "commands over the local socket: they work with a dead broker",
    "explain": "every permissive: how it stands, its limit, what a person can do",
    "trip": "what happened around a stop: readings, rungs, what to do",
    "decode": "frames from a bug report, in words",
}

_EXAMPLES: Final = {
    "demo": ("retrowalk demo", "retrowalk demo --profile slow-belt --keep logs"),
    "scan": ("retrowalk scan", "retrowalk scan --adapter hci1 --ask"),
    "check": ("sudo retrowalk check", "retrowalk check --config my.toml"),
    "commission": ("sudo retrowalk commission", "retrowalk commission --config my.toml --yes"),
    "watch": ("retrowalk watch", "retrowalk watch --host broker.lan --name treadmill"),
    "ctl": ("retrowalk ctl select_program first-20s", "retrowalk ctl arm", "retrowalk ctl stop"),
    "explain": ("retrowalk explain", "retrowalk explain --program first-20s --config my.toml"),
    "trip": ("retrowalk trip", "retrowalk trip --list", "retrowalk trip --json --config my.toml"),
    "decode": ('echo "2acd 0000 5000" | retrowalk decode',),
}

_USAGE: Final = """\
usage: retrowalk COMMAND [OPTION …]        retrowalk COMMAND --help

{commands}

examples:
  retrowalk check --config /etc/retrowalk/treadmill.toml
  retrowalk programs show first-20s
  retrowalk ctl arm
  retrowalk stop
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 2 usage, 3 no machine, 4 refused, 5 not confirmed stopped."""
    given = sys.argv[1:] if arguments is None else arguments
    match given:
        case [] | ["help" | "-h" | "--help", *_]:
            print(_usage())
            return 0 if given else 2
        case ["--version" | "-V", *_]:
            print(f"retrowalk {_version()}")
            return 0
        case [name, *rest] if name in _COMMANDS:
            return _call(name, rest)
        case _:
            print(f"retrowalk: there is no command {given[0]!r}{_nearest(given[0])}\n\n{_usage()}", file=sys.stderr)
            return 2


def _call(name: str, rest: list[str]) -> int:
    module = import_module(f"retrowalk.cli.{name}")
    if hasattr(module, "main"):  # one that cannot wait for a command-line library
        status: int = module.main(rest)
        return status
    return _call_typer(name, getattr(module, "app", None) or getattr(module, name), rest)


def _call_typer(name: str, command: Any, rest: list[str]) -> int:
    import typer  # noqa: PLC0415 - 0.1 s that a Stop has no time for

    app = command if isinstance(command, typer.Typer) else typer.Typer(add_completion=False, rich_markup_mode=None)
    if command is not app:
        app.command(epilog=examples(*_EXAMPLES[name]))(command)
    try:
        app(rest, prog_name=f"retrowalk {name}", standalone_mode=True)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0
    return 0


def examples(*lines: str) -> str:
    """Return the foot of a command's help; the mark in front keeps click from joining the lines."""
    return "\n".join(["\b", "examples:", *(f"  {line}" for line in lines)])


def _usage() -> str:
    width = max(map(len, _COMMANDS))
    return _USAGE.format(commands="\n".join(f"  {name:{width}}  {what}" for name, what in _COMMANDS.items()))


def _nearest(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(name, _COMMANDS, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _version() -> str:
    from retrowalk import __version__  # noqa: PLC0415 - as above

    return __version__

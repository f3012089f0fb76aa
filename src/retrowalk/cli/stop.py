"""`retrowalk stop`: stop the belt now, with or without a running daemon. Imports next to nothing: seconds count."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from retrowalk.cli.traces import (
    config_path,
    configured_address,
    marker_paths,
    may_be_there,
    read_address,
    read_config,
)
from retrowalk.model.address import sound_address

NOTHING_TO_STOP: Final = 0
INTERRUPTED: Final = 5  # as what was not confirmed
IN_MID_STOP: Final = "interrupted: NOT CONFIRMED that the belt stands. PULL THE SAFETY KEY if it moves."

_EPILOG: Final = """\
exit status: 0 the belt was seen to stand, 3 no machine, 5 not confirmed: pull the safety key

examples:
  retrowalk stop
  retrowalk stop --address AA:BB:CC:DD:EE:FF
"""


def main(arguments: list[str]) -> int:
    """Stop the belt; return the exit status. 0: seen to stand; 3: no machine; 5: not confirmed, pull the safety key."""
    try:
        return carry_out(read_options(arguments))
    except KeyboardInterrupt:
        say(IN_MID_STOP)
        return INTERRUPTED


def carry_out(options: argparse.Namespace, let_go: Callable[[], bool] = lambda: True) -> int:
    """Stop what these options mean; return the exit status. `let_go` is as in `stop_belts`."""
    config = config_path(options.name, os.environ)
    tables = read_config(config)
    markers = [options.marker] if options.marker else marker_paths(options.name, os.environ, config, tables)
    left_open = [marker for marker in markers if may_be_there(marker)]
    if options.failsafe and not left_open:
        say("no session was left open: nothing to stop")
        return NOTHING_TO_STOP
    told = [_address(options.address)] if options.address else [read_address(marker) for marker in left_open]
    certain = bool(told) and None not in told
    if not certain:
        told.append(configured_address(tables))
    return _stop({address for address in told if address}, not certain, let_go)


def _address(option: str) -> str | None:
    address = sound_address(option)
    if address is None:
        say(f"stopping all the same: {option!r} is no Bluetooth address, such as AA:BB:CC:DD:EE:FF")
    return address


def _stop(addresses: set[str], connected: bool, let_go: Callable[[], bool]) -> int:
    import asyncio  # noqa: PLC0415 - and below: 0.2 s that the end of every daemon would wait for

    from retrowalk.treadmill.failsafe import stop_belts  # noqa: PLC0415

    return asyncio.run(stop_belts(addresses, say, connected=connected, let_go=let_go))


def say(words: str) -> None:
    """Say it to whoever listens: a Stop does not end because its log is full or its terminal gone."""
    with suppress(OSError):
        os.write(2, f"{words}\n".encode())


class _Misspelt(Exception):  # noqa: N818 - what happened
    """An option is wrong; the message says which."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise _Misspelt instead of ending the process."""
        raise _Misspelt(message)


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Read the options. A wrong one is told and left out: who mistypes wants a belt to stop all the same."""
    parser = _parser()
    try:
        options, unknown = parser.parse_known_args(arguments)
    except _Misspelt as error:
        options, unknown = parser.parse_args(["--failsafe"] if "--failsafe" in arguments else []), [str(error)]
    if unknown:
        say(f"stopping all the same, without what is not understood: {' '.join(unknown)}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="retrowalk stop",
        description="Stop the belt now, with or without a running daemon.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--failsafe", action="store_true", help="only if a session was left open")
    parser.add_argument("--name", default="treadmill", help="the daemon's name in its configuration")
    parser.add_argument("--address", help="the treadmill's Bluetooth address")
    parser.add_argument("--marker", type=Path, help="the session marker, where it is not in its usual place")
    return parser

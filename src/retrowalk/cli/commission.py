"""`retrowalk commission`: the guided test of an empty belt. It measures, and writes what the daemon then trusts."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from retrowalk.app import commission as shell
from retrowalk.app.compose import AlreadyRunning, FolderUnusable
from retrowalk.commissioning import Leave, Line, Question, Said, Tone, Verdict
from retrowalk.config import DEFAULT_CONFIG, ConfigError, load_config
from retrowalk.logs import configure_logs
from retrowalk.machines import Machines
from retrowalk.model.units import Speed

UNFINISHED: Final = 1
USAGE: Final = 2
WAYS_OUT: Final = ("stop", "quit", "exit", "q")
_STATUS: Final = {Verdict.PASSED: 0, Verdict.REFUSED: 4, Verdict.NO_MACHINE: 3}

_LOOKS: Final = {
    Tone.STEP: ("\n[bold]", "[/]"),
    Tone.DO: ("[bold yellow]  ➤ ", "[/]"),
    Tone.FOUND: ("[green]  · [/]", ""),
    Tone.ALARM: ("[bold white on red] ", " [/]"),
    Tone.REFUSED: ("[bold red]  ✗ ", "[/]"),
}

ConfigFile = Annotated[Path, typer.Option("--config", help="the daemon's configuration")]


def commission(
    config: ConfigFile = DEFAULT_CONFIG,
    yes: Annotated[
        bool, typer.Option("--yes", help="skip what may be skipped; nothing that starts a belt or needs a hand is")
    ] = False,
) -> None:
    """Measure a treadmill on its EMPTY belt, with somebody beside it, and write its record.

    It takes two minutes and yours, four with all tests. Ctrl-C, or the word stop, at any moment stops the belt first.
    Exit status: 0 passed, 1 not finished, 2 usage or a daemon runs, 3 no treadmill, 4 refused, 5 not seen to stop.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        loaded = load_config(config)
        configure_logs("error", "console")
        console.print("Ctrl-C, or the word stop and ENTER, ends it at any moment: the belt is stopped first.")
        ended = asyncio.run(shell.commission(loaded, Terminal(console, skips=yes)))
    except (ConfigError, AlreadyRunning, FolderUnusable, shell.SessionLeftOpen, NobodyThere) as error:
        console.print(f"[red]✗[/] {escape(str(error))}")
        raise typer.Exit(USAGE) from None
    except shell.RecordNotKept as error:
        console.print(f"\n[bold red]✗[/] {escape(str(error))}")
        raise typer.Exit(UNFINISHED) from None
    _conclude(console, ended)
    raise typer.Exit(_STATUS.get(ended.verdict, UNFINISHED) if ended.verdict else UNFINISHED)


class NobodyThere(Exception):  # noqa: N818 - what happened
    """Questions cannot be answered from where the input comes from."""


class Terminal:
    """Shows lines and questions, reads answers. `skips`: questions that may be skipped are."""

    def __init__(self, console: Console, *, skips: bool) -> None:
        self._console = console
        self._skips = skips
        self._question: Question | None = None
        self._observe: Callable[[Said | Leave], None] = lambda _: None
        self._typed = b""
        self._status = console.status("")
        try:
            self._input = sys.stdin.fileno()
        except (OSError, ValueError) as error:
            raise NobodyThere("there is no input: somebody must answer at a terminal") from error

    def tell(self, line: Line) -> None:
        """Show a line."""
        before, after = _LOOKS[line.tone]
        self._console.print(f"{before}{escape(line.text)}{after}")

    def ask(self, question: Question | None) -> None:
        """Show a question, and answer it at once if it may be skipped and shall be."""
        self._question = question
        if question is None:
            return
        self._status.stop()  # a spinner would draw over what is typed
        self._console.print(f"[bold cyan]  ? {escape(question.text)}[/]")
        if self._skips and question.default is not None:
            asyncio.get_running_loop().call_soon(self._say, "")

    def watch(self, speed: Speed | None) -> None:
        """Show the belt while nothing is asked."""
        if self._question is None and self._console.is_terminal:
            self._status.update(f"the belt says {speed}" if speed is not None else "no link to the treadmill")
            self._status.start()

    async def answers(self, observe: Callable[[Said | Leave], None]) -> None:
        """Read lines until cancelled."""
        self._observe = observe
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._input, self._read)
        except PermissionError:
            observe(Leave())  # a file cannot wait for what it is asked
            return
        try:
            await asyncio.Event().wait()
        finally:
            self._status.stop()
            loop.remove_reader(self._input)

    def _read(self) -> None:
        try:
            typed = os.read(self._input, 4096)
        except OSError:  # the terminal is gone
            typed = b""
        if not typed:
            asyncio.get_running_loop().remove_reader(self._input)
            self._observe(Leave())
            return
        *lines, self._typed = (self._typed + typed).split(b"\n")
        for line in lines:
            self._say(line.decode("utf-8", "replace"))

    def _say(self, text: str) -> None:
        if text.strip().casefold() in WAYS_OUT:
            self._observe(Leave())
        elif self._question is not None:
            self._observe(Said(self._question.id, text))


def _conclude(console: Console, ended: shell.Commissioned) -> None:
    record = ended.record
    if record is None:
        console.print("\n[yellow]Nothing was written.[/]")
        return
    if record.passed:
        console.print(f"\n[bold green]Commissioned.[/] Written to {escape(str(ended.path))}:")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
        for words, value, source in Machines(records=(record,)).expected(record.address).rows():
            table.add_row(escape(words), escape(value), f"[dim]{escape(source)}[/]")
        console.print(table)
    else:
        console.print(f"\n[bold red]Refused.[/] Written to {escape(str(ended.path))}. {'; '.join(record.reasons)}")
    if record.skipped:
        console.print(f"[yellow]Not tried: {', '.join(record.skipped)}[/]")

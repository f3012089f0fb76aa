"""`retrowalk programs`: what can be walked, what will really run, and what is wrong with a file."""

from __future__ import annotations

import sys
import tomllib
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from retrowalk.cli import examples
from retrowalk.cli.program_drawing import draw_in_terminal, save_figure
from retrowalk.config import LARGEST_FILE_BYTES
from retrowalk.files import read_small
from retrowalk.model.plan import Interval, Plan, Stage
from retrowalk.model.units import Speed, format_duration
from retrowalk.programs import (
    Library,
    PlanRefused,
    Program,
    ProgramError,
    Refusal,
    load_library,
    plan_for,
    read_program,
    shipped_programs,
)
from retrowalk.programs.course import bouts, written_out
from retrowalk.programs.energy import DEFAULT_WEIGHT_KG, UNCERTAINTY, interval_s, plan_kcal
from retrowalk.programs.program import Walk
from retrowalk.programs.summary import summarize
from retrowalk.walkers import Walker
from retrowalk.walkers.caps import RESOLUTION

app: Final = typer.Typer(help="What to walk.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

BAD_INPUT: Final = 2

ProgramId = Annotated[str, typer.Argument(metavar="ID", help="a program's id; `retrowalk programs list` shows them")]
Folders = Annotated[list[Path] | None, typer.Option("--folder", help="a folder of your own programs, also read")]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="the configuration whose [walker] table the caps are taken from", dir_okay=False),
]


@app.command("list", epilog=examples("retrowalk programs list --folder /etc/retrowalk/programs"))
def list_programs(folder: Folders = None) -> None:
    """List every program, and every file that was refused."""
    library = _library(folder)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), expand=True)
    table.add_column("id", no_wrap=True)
    table.add_column("level")
    for heading in ("backward", "session", "km/h", "mph"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("title", ratio=1)
    for program in sorted(library.programs.values(), key=lambda each: (str(each.level), each.id)):
        figures = summarize(plan_for(program, _as_written(program)))
        table.add_row(
            program.id,
            str(program.level),
            format_duration(figures.backward_s),
            format_duration(figures.session_s),
            f"{figures.peak.kmh:.1f}",
            f"{figures.peak.mph:.2f}",
            program.title,
        )
    for template in library.templates.values():
        table.add_row(template.id, "locked", *[""] * 4, template.title)
    Console().print(table)
    _complain(library.refusals)


@app.command(epilog=examples("retrowalk programs show first-20s", "retrowalk programs show knee-ten --config my.toml"))
def show(program_id: ProgramId, config: Config = None, folder: Folders = None) -> None:
    """Show the segments of a program as one walker will walk them."""
    program = _find(program_id, folder)
    walker = _walker(config) if config else _as_written(program)
    plan = _plan(program, walker)
    whose = f"as it will run with the walker of {config}" if config else "as written; --config FILE applies your caps"
    console = Console()
    console.print(f"[bold]{plan.title}[/bold] ({plan.program}, level {program.level})", highlight=False)
    console.print(whose, style="dim", highlight=False, markup=False)
    console.print(_segments(program, plan))
    console.print(_totals(plan, walker), highlight=False, markup=False)
    for cue in plan.cues:
        console.print(f"· {cue}", style="italic", highlight=False, markup=False)


@app.command(epilog=examples("retrowalk programs check mine.toml"))
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="program files")]) -> None:
    """Check program files: every violated cap or rule at once. Exit status 2 if one is refused."""
    results = [(file, read_program(file)) for file in files]
    for file, result in results:
        if not isinstance(result, Refusal):
            typer.echo(f"{file}: fine ({result.id})")
    if refusals := tuple(result for _, result in results if isinstance(result, Refusal)):
        _complain(refusals)
        raise typer.Exit(BAD_INPUT)


@app.command(epilog=examples("retrowalk programs plot knee-ten", "retrowalk programs plot knee-ten --output knee.svg"))
def plot(
    program_id: ProgramId,
    output: Annotated[Path | None, typer.Option(help="write a picture, .png or .svg")] = None,
    config: Config = None,
    folder: Folders = None,
) -> None:
    """Draw speed and incline over time, in the terminal or as a picture."""
    program = _find(program_id, folder)
    plan = _plan(program, _walker(config) if config else _as_written(program))
    if output is None:
        draw_in_terminal(plan, Console())
        return
    if output.suffix not in (".png", ".svg"):
        _fail(f"{output}: a picture is a .png or an .svg")
    try:
        save_figure(plan, output)
    except ModuleNotFoundError:
        _fail(f"a picture needs matplotlib: {sys.prefix}/bin/pip install matplotlib; without --output it is drawn here")
    except OSError as error:
        _fail(f"{output}: cannot be written: {error.strerror}")


def _library(folders: list[Path] | None) -> Library:
    return load_library([shipped_programs(), *(folders or ())])


def _find(program_id: str, folders: list[Path] | None) -> Program:
    try:
        return _library(folders).find(program_id)
    except ProgramError as error:
        _fail(str(error))


def _plan(program: Program, walker: Walker) -> Plan:
    try:
        return plan_for(program, walker)
    except PlanRefused as refused:
        _fail("\n".join([f"{program.id} is refused:", *(f"· {reason}" for reason in refused.reasons)]))


def _as_written(program: Program) -> Walker:
    """Return a walker whose caps narrow nothing."""
    return Walker(
        level=3 if program.level == "clinic" else program.level,
        comfortable_pace=Speed.from_mph(5),
        age=40,
        clinician_consulted=date.min,
    )


def _walker(config: Path) -> Walker:
    """Read the `[walker]` table of a configuration, and nothing else of it."""
    try:
        table = tomllib.loads(read_small(config, LARGEST_FILE_BYTES))
    except OSError as error:
        _fail(f"{config}: cannot be read: {error.strerror}")
    except (ValueError, RecursionError) as error:
        _fail(f"{config}: is not TOML: {error}")
    if "walker" not in table:
        _fail(f"{config}: has no [walker] table")
    try:
        return Walker.model_validate(table["walker"])
    except ValidationError as error:
        _fail("\n".join(_walker_problems(config, error)))


def _walker_problems(config: Path, error: ValidationError) -> list[str]:
    return [
        f"{config}: [walker] {'.'.join(map(str, details['loc']))}: {details['msg'].removeprefix('Value error, ')}"
        for details in error.errors(include_url=False)
    ]


def _segments(program: Program, plan: Plan) -> Table:
    """Lay out the plan as a table; a target that a cap lowered says what was written."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("at", justify="right")
    table.add_column("what", no_wrap=True)
    for heading in ("for", "km/h", "mph", "incline"):
        table.add_column(heading, justify="right")
    table.add_column("")
    written = iter([step.walk for bout in bouts(written_out(program)) for step in bout.steps])
    now_s = 0
    for bout, interval in zip_longest(plan.bouts, plan.intervals):
        for stage in bout.stages:
            table.add_row(format_duration(now_s), *_stage_cells(stage, next(written)), style=_STYLES[bout.facing])
            now_s += stage.duration_s
        if interval:
            table.add_row(format_duration(now_s), *_interval_cells(interval), style="dim")
            now_s += interval_s(interval)
    return table


_STYLES: Final = {"backward": "cyan", "forward": "green"}


def _stage_cells(stage: Stage, written: Walk) -> tuple[str, ...]:
    capped = stage.speed < written.speed.floor_to(RESOLUTION)
    return (
        written.kind.replace("_", "-"),
        format_duration(stage.duration_s),
        f"{stage.speed.kmh:.1f}",
        f"{stage.speed.mph:.2f}",
        str(stage.incline) if stage.incline.tenths_pct else "",
        f"capped from {written.speed.mph:.1f} mph" if capped else "",
    )


def _interval_cells(interval: Interval) -> tuple[str, ...]:
    about = "about " if interval_s(interval) > interval.duration_s else ""
    return (str(interval.gap), about + format_duration(interval_s(interval)))


def _totals(plan: Plan, walker: Walker) -> str:
    figures = summarize(plan)
    weight_kg = walker.weight_kg or DEFAULT_WEIGHT_KG
    energy = plan_kcal(plan, weight_kg)
    presses = (figures.presses_one_button, figures.presses_two_buttons)
    return (
        f"backward {format_duration(figures.backward_s)} in a session of about {format_duration(figures.session_s)}, "
        f"{figures.bouts} bouts\n"
        f"OK presses: {presses[0]} with one button, {presses[1]} with OK and STOP apart\n"
        f"about {energy:.0f} kcal ({energy * (1 - UNCERTAINTY):.0f}–{energy * (1 + UNCERTAINTY):.0f}) "
        f"at {weight_kg:g} kg{'' if walker.weight_kg else ', the weight assumed'}"
    )


def _complain(refusals: tuple[Refusal, ...]) -> None:
    for refusal in refusals:
        typer.echo(str(refusal), err=True)


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(BAD_INPUT)

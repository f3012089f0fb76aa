"""`retrowalk-sim`: simulated treadmills on the command line."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from retrowalk_sim import json_play, live_view
from retrowalk_sim.profiles import profiles
from retrowalk_sim.stage import Stage
from retrowalk_sim.strap_line import serve_strap
from retrowalk_sim.treadmill import Treadmill

app = typer.Typer(help="Treadmills that misbehave on purpose.", no_args_is_help=True, add_completion=False)

LINKS = "bluez (a fake org.bluez), or hci:TRANSPORT (vhci, pty:PATH, usb:0 …; needs Bumble)"

Json = Annotated[bool, typer.Option("--json", help="Witness events on stdout and orders on stdin, as JSON lines.")]
StrapSocket = Annotated[Path | None, typer.Option(help="Serve the safety-strap line on this Unix socket.")]


@app.command("list")
def list_profiles() -> None:
    """List the treadmill profiles."""
    table = Table("profile", "address", "behaves", "what it is")
    for name, profile in profiles().items():
        table.add_row(name, profile.address, "yes" if profile.well_behaved else "no", profile.title)
    Console().print(table)


@app.command()
def treadmill(  # noqa: PLR0917 - a command line of options
    profile: Annotated[str, typer.Option(help="One of `retrowalk-sim list`.")] = "ideal",
    link: Annotated[str, typer.Option(help=f"What carries the bytes: {LINKS}.")] = "bluez",
    bus: Annotated[str | None, typer.Option(help="D-Bus address; a private bus of its own if none is given.")] = None,
    address: Annotated[str | None, typer.Option(help="Bluetooth address; the profile's own if none is given.")] = None,
    heart_rate: Annotated[bool, typer.Option("--heart-rate", help="Add a heart-rate strap.")] = False,
    strap_socket: StrapSocket = None,
    json: Json = False,
) -> None:
    """Run a simulated treadmill until told to quit."""
    if profile not in profiles():
        raise typer.BadParameter(f"{profile!r} is no profile; choose from {', '.join(profiles())}")
    kind, _, transports = link.partition(":")
    if kind not in ("bluez", "hci") or (kind == "hci") != bool(transports):
        raise typer.BadParameter(f"{link!r} is no link; choose {LINKS}")
    stage = Stage(Treadmill(profile, address=address), heart_rate=heart_rate)
    air = _hci(stage, transports) if transports else _bluez(stage, bus)
    asyncio.run(_run(stage, air, strap_socket, json=json))


@app.command()
def strap(strap_socket: Annotated[Path, typer.Option(help="The Unix socket to serve.")], json: Json = False) -> None:
    """Serve a safety-strap line alone."""
    asyncio.run(_play(Stage(Treadmill()), strap_socket, json=json, facts={"socket": str(strap_socket)}))


@asynccontextmanager
async def _bluez(stage: Stage, bus: str | None) -> AsyncIterator[dict[str, str]]:
    from retrowalk_sim.bluez import private_bus, serve  # noqa: PLC0415 - the other links must not need D-Bus

    async with nullcontext(bus) if bus else private_bus() as bus_address, serve(stage.devices, bus_address):
        yield {"bus": bus_address}


@asynccontextmanager
async def _hci(stage: Stage, transports: str) -> AsyncIterator[dict[str, str]]:
    from retrowalk_sim.hci import serve  # noqa: PLC0415 - the other links must not need Bumble

    async with serve(stage.devices, transports):
        yield {"transports": transports}


async def _run(
    stage: Stage, air: AbstractAsyncContextManager[dict[str, str]], strap_socket: Path | None, *, json: bool
) -> None:
    async with air as facts:
        facts["address"] = stage.treadmill.advertisement.address
        if stage.heart is not None:
            facts["heart_rate_address"] = stage.heart.advertisement.address
        await _play(stage, strap_socket, json=json, facts=facts)


async def _play(stage: Stage, strap_socket: Path | None, *, json: bool, facts: dict[str, str]) -> None:
    """Run until quit, the end of the input, or SIGTERM."""
    async with AsyncExitStack() as stack:
        if strap_socket is not None:
            await stack.enter_async_context(serve_strap(stage.strap, strap_socket))
        if not json and not sys.stdin.isatty():
            raise typer.BadParameter("stdin is no terminal; use --json")
        playing = asyncio.ensure_future((json_play if json else live_view).play(stage))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
        if json:
            json_play.emit("ready", facts)
        with suppress(asyncio.CancelledError):
            await playing


def main() -> None:
    """Run the command line."""
    app()

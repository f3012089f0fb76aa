"""`retrowalk scan`: treadmills and heart-rate straps in range, and what they can do."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from rich.console import Console
from rich.table import Table

from retrowalk.bluetooth import Bluetooth, in_words
from retrowalk.heart_rate.client import is_strap
from retrowalk.model.machine import Machine
from retrowalk.treadmill.assigned import FITNESS_MACHINE
from retrowalk.treadmill.machine import TreadmillSettings, is_treadmill, machine_types, read_machine

NO_MACHINE: Final = 3

type Seen = tuple[BLEDevice, AdvertisementData]


def scan(
    adapter: Annotated[str | None, typer.Option(help="the Bluetooth adapter, such as hci0")] = None,
    duration_s: Annotated[float, typer.Option("--for", help="seconds to listen", min=0.1)] = 8.0,
    ask: Annotated[
        bool, typer.Option("--ask", help="connect to each treadmill and read its ranges; one make starts on connect")
    ] = False,
) -> None:
    """List treadmills and heart-rate straps in range. Exit status 3: none, or no Bluetooth."""
    try:
        table = asyncio.run(_look(Bluetooth(adapter), duration_s, ask=ask))
    except Exception as error:
        typer.echo(f"cannot scan{f' with {adapter}' if adapter else ''}: {in_words(error)}", err=True)
        raise typer.Exit(NO_MACHINE) from error
    if not table.row_count:
        typer.echo(
            "no treadmill and no heart-rate strap in range; one that is connected does not show itself", err=True
        )
        raise typer.Exit(NO_MACHINE)
    Console().print(table)


async def _look(bluetooth: Bluetooth, duration_s: float, *, ask: bool) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("what", "name", "address", "signal", "can do"):
        table.add_column(heading)
    for device, advertisement in sorted(await bluetooth.scan(duration_s), key=lambda seen: -seen[1].rssi):
        row = (device.name or "", device.address, f"{advertisement.rssi} dBm")
        if is_treadmill(advertisement):
            can_do = await _asked(bluetooth, device) if ask else _says(advertisement)
            table.add_row("treadmill", *row, can_do)
        elif is_strap(advertisement):
            table.add_row("heart-rate strap", *row, "heart rate")
    return table


def _says(advertisement: AdvertisementData) -> str:
    types = machine_types(advertisement)
    if types is None:
        return "fitness machine that does not say what it is"
    return ", ".join(str(kind.name).lower().replace("_", " ") for kind in types)


async def _asked(bluetooth: Bluetooth, device: BLEDevice) -> str:
    try:
        wire = await bluetooth.connect(device, FITNESS_MACHINE, "lost")
    except Exception as error:  # noqa: BLE001 - one machine that cannot be asked must not hide the others
        return f"could not be asked: {in_words(error)}"
    try:
        return _ranges(await read_machine(wire.client, device, TreadmillSettings()))
    finally:
        await wire.close()


def _ranges(machine: Machine) -> str:
    speeds = f"{machine.slowest.kmh:g}–{machine.fastest.kmh:g} km/h by {machine.step.kmh:g}"
    if machine.incline is None:
        return f"{speeds}, no incline"
    return f"{speeds}, incline {machine.incline.lowest}–{machine.incline.highest} by {machine.incline.step}"

"""The simulator on a terminal: what is true now, and keys to press."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from retrowalk_sim.stage import Order, Stage

REFRESH_S: Final = 0.1
EVENTS_SHOWN: Final = 8
KEYS_AT_ONCE: Final = 64
LOST_FOR_S: Final = 5.0
HELP: Final = "s strap · k key · space stop · + − speed · b start · w walker · l lose link · q quit"


def order_for(key: str, stage: Stage) -> Order | None:
    """Return what `key` asks for now, or None."""
    key_out = stage.treadmill.machine.state.value == "key out"
    orders: dict[str, Order] = {
        "s": {"do": "pull_strap" if stage.strap.closed else "clip_strap"},
        "k": {"do": "insert_key" if key_out else "pull_key"},
        " ": {"do": "press", "key": "stop"},
        "b": {"do": "press", "key": "start"},
        "+": {"do": "press", "key": "faster"},
        "-": {"do": "press", "key": "slower"},
        "w": {"do": "walker", "step": "step_off" if stage.walker.on_belt else "step_on"},
        "l": {"do": "lose_link", "for_s": LOST_FOR_S},
        "q": {"do": "quit"},
    }
    return orders.get(key)


def picture(stage: Stage) -> Group:
    """Draw what is true now."""
    treadmill = stage.treadmill
    table = Table.grid(padding=(0, 3))
    rows = (
        ("belt", f"{treadmill.speed_kmh:4.1f} km/h   {'▮' * round(treadmill.speed_kmh * 5)}"),
        ("set-point", f"{treadmill.machine.set_kmh:4.1f} km/h"),
        ("incline", f"{treadmill.incline_pct:4.1f} %"),
        ("console", treadmill.machine.state.value),
        ("strap", "clipped" if stage.strap.closed else "PULLED"),
        ("walker", "on the belt" if stage.walker.on_belt else "on the side boards"),
        ("link", "up" if treadmill.linked else "down"),
        ("control", "held by the client" if treadmill.controlled else "free"),
    )
    for name, value in rows:
        table.add_row(Text(name, style="dim"), value)
    events = [f"{event.at_s:12.2f}  {event.what} {event.detail}" for event in treadmill.witness[-EVENTS_SHOWN:]]
    title = Text(f"{treadmill.advertisement.name}  {treadmill.advertisement.address}", style="bold")
    return Group(title, table, Text("\n".join(events), style="dim"), Text(HELP, style="dim italic"))


async def play(stage: Stage) -> None:
    """Show the stage and carry out what the keys ask for, until q."""
    with Live(picture(stage), auto_refresh=False, transient=True) as live, _single_keys() as keys:
        async for key in _pressed(keys, live, stage):
            order = order_for(key, stage)
            if order is None:
                continue
            if order["do"] == "quit":
                return
            stage.do(order)


async def _pressed(keys: asyncio.Queue[str], live: Live, stage: Stage) -> AsyncIterator[str]:
    while True:
        live.update(picture(stage), refresh=True)
        try:
            yield await asyncio.wait_for(keys.get(), REFRESH_S)
        except TimeoutError:
            continue


@contextmanager
def _single_keys() -> Iterator[asyncio.Queue[str]]:
    """Read the terminal key by key, without echo."""
    keys: asyncio.Queue[str] = asyncio.Queue()
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    loop = asyncio.get_running_loop()

    def take() -> None:
        for key in os.read(terminal, KEYS_AT_ONCE).decode(errors="ignore"):
            keys.put_nowait(key)

    loop.add_reader(terminal, take)
    try:
        yield keys
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)

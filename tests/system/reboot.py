"""The first half of a reboot: a belt that runs in a session, and a simulator that goes on until the kernel ends."""

from __future__ import annotations

import asyncio
import json
import time
from shlex import join

from integration.home import home_at
from system.line import attach
from system.room import COMMAND, OUT, PATIENCE_S, PORT, SIMULATION, configure, run, systemctl, until_powered
from system.session import start_belt

EVENTS = OUT / "reboot.jsonl"
CAUSE = OUT / "reboot.since"


async def main() -> None:
    """Leave a belt running, and write down when."""
    await systemctl("start", "bluetooth", "mosquitto")
    simulation = f"sleep infinity | {join((f'{COMMAND}-sim', *SIMULATION))} >{EVENTS}"
    apart = "--property=DefaultDependencies=no"  # nobody stops it when the system goes down
    await run("systemd-run", "--unit=simulator", apart, "/bin/sh", "-c", simulation)
    attach()
    await until_powered()
    configure(events()[0])
    await systemctl("start", "retrowalk@treadmill")
    async with home_at(PORT, "retrowalk/treadmill") as home:
        await home.status("online", patience_s=PATIENCE_S)
        await start_belt(home)
    _note_cause()


def events() -> list[dict[str, str]]:
    """Return what the simulator has told."""
    return [json.loads(line) for line in EVENTS.read_text().splitlines()]


def _note_cause() -> None:
    CAUSE.write_text(str(time.monotonic()))


if __name__ == "__main__":
    asyncio.run(main())

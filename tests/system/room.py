"""A room in the guest: bluetoothd, mosquitto and the daemon run by systemd, the simulator behind the kernel's HCI."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dbus_fast import BusType, Message, Variant
from dbus_fast.aio import MessageBus

from integration.home import Home, home_at
from retrowalk.cli.demo_stage import Simulator
from retrowalk_sim.treadmill import CONTROL_POINT
from system.line import TRANSPORT, attached
from system.session import start_belt

UNIT: Final = "retrowalk@treadmill.service"
STANDBY: Final = "retrowalk-standby@treadmill.service"
CONFIG: Final = Path("/etc/retrowalk/treadmill.toml")
MARKER: Final = Path("/var/lib/retrowalk/treadmill/session-marker")
OUT: Final = Path(os.environ.get("RETROWALK_GUEST", "/nowhere"))
COMMAND: Final = str(Path(sys.executable).with_name("retrowalk"))
PORT: Final = 1883
PATIENCE_S: Final = 120.0  # on a computer with a load of 10, an adapter was not up after a minute
YARDSTICK: Final = "import argparse, asyncio, json, logging; sum(range(1_000_000))"  # nothing that changes with us
YARDSTICK_S: Final = 1.2  # in a warm guest, on a host with nothing else to do on one core at least
MOST_STRETCHED: Final = 3.0  # in a slower guest times mean nothing
STOP: Final = "0801"
START: Final = "07"
REQUEST_CONTROL: Final = "00"
ADAPTER: Final = "/org/bluez/hci0"
CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
SIMULATION: Final = ("treadmill", "--link", f"hci:{TRANSPORT}", "--heart-rate", "--json")

_CONFIG: Final = """\
[daemon]
name = "treadmill"
[treadmill]
address = "{address}"
[heart_rate]
enabled = true
address = "{heart_rate_address}"
[strap]
tier = "reported"
[walker]
level = 0
heart_rate = "limits"
heart_rate_soft_bpm = 120
heart_rate_hard_bpm = 140
[mqtt]
declared_buttons = ["ok"]
[session]
handrails = true
"""


async def run(*command: str) -> str:
    """Run a program to its end; return what it printed. Raises RuntimeError with what it complained about."""
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {process.returncode}: {err.decode()}{out.decode()}")
    return out.decode().strip()


async def systemctl(*arguments: str) -> str:
    """Run systemctl."""
    return await run("systemctl", *arguments)


async def shown(unit: str, what: str) -> str:
    """Return a property of a unit."""
    return await systemctl("show", "--value", f"--property={what}", unit)


async def moment(unit: str, what: str) -> float:
    """Return when this last happened to a unit, in seconds on the clock of the witness."""
    microseconds = int(await shown(unit, f"{what}TimestampMonotonic"))
    assert microseconds, f"{unit} knows no {what}"
    return microseconds / 1e6


async def told_by(process: int) -> list[str]:
    """Return what a process, dead perhaps, has told the journal."""
    await run("journalctl", "--sync")
    return (await run("journalctl", "--no-pager", "-o", "cat", f"_PID={process}")).splitlines()


async def powered() -> bool:
    """Whether there is an adapter with its radio on."""
    with suppress(RuntimeError):
        return "true" in await run("busctl", "get-property", "org.bluez", ADAPTER, "org.bluez.Adapter1", "Powered")
    return False


async def path_of(uuid: str) -> str:
    """Return the path of a characteristic in bluetoothd's tree."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        call = Message("org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        tree: dict[str, dict[str, dict[str, Variant]]] = (await bus.call(call)).body[0]
    finally:
        bus.disconnect()
    return next(
        path for path, has in tree.items() if CHARACTERISTIC in has and has[CHARACTERISTIC]["UUID"].value == uuid
    )


async def write_by_hand(simulator: Simulator, path: str, frame: str) -> float:
    """Write with busctl, over whatever link there is; return after how many seconds it was at the machine."""
    since_s, octets = time.monotonic(), [str(octet) for octet in bytes.fromhex(frame)]
    write = ("WriteValue", "aya{sv}", str(len(octets)), *octets, "0")
    await run("busctl", "call", "org.bluez", path, CHARACTERISTIC, *write)
    written = await simulator.until("written", after_s=since_s, fits=frame.__eq__)
    return float(written["at_s"]) - since_s


async def until_powered() -> None:
    """Wait for an adapter with its radio on."""
    async with asyncio.timeout(PATIENCE_S):
        while not await powered():  # noqa: ASYNC110 - likewise bluetoothd
            await asyncio.sleep(0.1)


def note(scenario: str, **figures: float) -> None:
    """Keep figures for the table."""
    with (OUT / "figures.jsonl").open("a") as notes:
        notes.write(json.dumps({"scenario": scenario, **figures}) + "\n")


@dataclass
class Room:
    """The simulator, the daemon idle, and home automation. `name` is the scenario's."""

    name: str
    simulator: Simulator
    home: Home
    address: str
    slow: float  # how much longer than on an idle host things take

    @property
    def now_s(self) -> float:
        """Now, on the clock of the witness."""
        return time.monotonic()

    @property
    def writes(self) -> list[str]:
        """Everything that was written to the treadmill so far."""
        return [event["detail"] for event in self.simulator.of("written")]

    async def daemon(self, unit: str = UNIT) -> int:
        """Return the process id of the daemon, or of another unit."""
        return int(await shown(unit, "MainPID"))

    async def kill(self, number: signal.Signals) -> float:
        """Send the daemon a signal; return when."""
        process = await self.daemon()
        since_s = self.now_s
        os.kill(process, number)
        return since_s

    async def run(self) -> None:
        """Have the belt run at board speed, in a session."""
        await start_belt(self.home)
        assert MARKER.exists()

    async def stopped(self, since_s: float, patience_s: float = PATIENCE_S) -> tuple[float, float]:
        """Wait for a Stop and for standstill later than `since_s`; note and return how much later they were."""
        written = await self.simulator.until("written", after_s=since_s, fits=STOP.__eq__, patience_s=patience_s)
        stands = await self.simulator.until("belt_standing", after_s=since_s, patience_s=patience_s)
        times_s = float(written["at_s"]) - since_s, float(stands["at_s"]) - since_s
        note(self.name, stop_s=times_s[0], standstill_s=times_s[1], guest_slower=self.slow)
        return times_s

    async def measure_a_bare_write(self) -> None:
        """Note how long busctl takes over the daemon's link with a request that changes nothing: emulation's share."""
        path = await path_of(CONTROL_POINT)
        note(self.name, bare_write_s=await write_by_hand(self.simulator, path, REQUEST_CONTROL))

    async def reset(self) -> None:
        """Reset the latched stop over the local socket, and let systemd forget how often the daemon was started."""
        since = len(self.home.events)
        await run(COMMAND, "ctl", "reset", "--config", str(CONFIG))
        await self.home.phase("idle", since)
        await systemctl("reset-failed", UNIT)

    async def stopped_by_another(self, states: int, stop_at_s: float) -> None:
        """Wait until the next daemon is latched, and see that it began only after that Stop: it was not its own."""
        await self.latched_after_restart(states)
        begun_s = await moment(UNIT, "ExecMainStart")
        assert stop_at_s < begun_s, f"no Stop until {stop_at_s - begun_s:.2f} s after the next daemon began"

    async def latched_after_restart(self, states: int) -> None:
        """Wait until a new daemon, which found the marker, has seen the belt stand, from state number `states` on."""
        told, tripped = self.home.states, {"trip_cause": "restart_in_session", "phase": "tripped"}

        def latched() -> bool | None:
            return any(tripped.items() <= state.items() for state in told[states:]) or None

        await self.home.until(latched, "a latched daemon", PATIENCE_S)


@asynccontextmanager
async def simulated(profile: str) -> AsyncIterator[tuple[Simulator, dict[str, str]]]:
    """Put a treadmill and a heart-rate strap on the air, and wait until bluetoothd has its radio on."""
    command = (f"{COMMAND}-sim", *SIMULATION, "--profile", profile)
    with (OUT / "simulator.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=log)
    simulator = Simulator(process)
    listening = asyncio.create_task(simulator.listen())
    try:
        ready = await simulator.until("ready", patience_s=PATIENCE_S)
        with attached():
            await until_powered()
            yield simulator, ready
    finally:
        await _end(process)
        await listening


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    except TimeoutError:
        process.kill()


def configure(addresses: Mapping[str, str]) -> None:
    """Write the daemon's configuration."""
    CONFIG.write_text(_CONFIG.format(**addresses))


@asynccontextmanager
async def furnished(name: str, profile: str = "ideal") -> AsyncIterator[Room]:
    """Furnish the room; on the way out keep what everybody said, and leave it as it was."""
    since = f"@{time.time():.0f}"
    async with AsyncExitStack() as stack:
        await systemctl("start", "bluetooth", "mosquitto")
        simulator, ready = await stack.enter_async_context(simulated(profile))
        stack.push_async_callback(_leave, name, since, simulator)
        configure(ready)
        await systemctl("start", UNIT)
        home = await stack.enter_async_context(home_at(PORT, "retrowalk/treadmill"))
        await home.status("online", patience_s=PATIENCE_S)
        yield Room(name, simulator, home, ready["address"], await slowness())


async def slowness() -> float:
    """Return how much longer than on an idle host a fixed piece of Python's own work takes; never below 1."""
    since_s = time.monotonic()
    await run(sys.executable, "-I", "-c", YARDSTICK)
    return max(1.0, (time.monotonic() - since_s) / YARDSTICK_S)


def assert_within(taken_s: float, limit_s: float, slow: float, *, stretched: bool = True) -> None:
    """Judge a time; the limit is `stretched` by what the guest is slower, or not. A miss tells how slow that was."""
    allowed_s = limit_s * min(slow, MOST_STRETCHED) if stretched else limit_s
    busy = ": the host is too busy for times to mean anything" if slow > MOST_STRETCHED else ""
    assert taken_s < allowed_s, f"{taken_s:.2f} s, not within {allowed_s:.2f} s; guest slower {slow:.1f}{busy}"


async def _leave(name: str, since: str, simulator: Simulator) -> None:
    await systemctl("stop", UNIT)
    await systemctl("reset-failed")
    MARKER.unlink(missing_ok=True)
    logs = OUT / "logs" / name
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "journal").write_text(await run("journalctl", "--no-pager", "-o", "short-monotonic", f"--since={since}"))
    (logs / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in simulator.events))

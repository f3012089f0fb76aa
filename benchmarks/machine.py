"""The machine under test: a simulated treadmill behind a fake BlueZ, in a process of its own, which nothing else loads.

Its witness says when a write arrived, on CLOCK_MONOTONIC, which all processes share. It ramps at once and answers after
20 ms: a figure of these pages is the software's, and not a motor's.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from retrowalk.cli.demo_stage import Simulator, StageError
from retrowalk_sim.bluez.bus import ADDRESS_VARIABLE
from treadmill.air import forget_bleak

STOP: Final = "0801"
REQUEST_CONTROL: Final = "00"
PATIENCE_S: Final = 15.0
_PROJECT: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Machine:
    """A treadmill in range, what its witness saw, and orders to it."""

    simulator: Simulator
    address: str

    async def found(self) -> tuple[BLEDevice, AdvertisementData]:
        """Scan until it is seen."""
        async with BleakScanner() as scanner:
            async for device, advertisement in scanner.advertisement_data():
                if device.address == self.address:
                    return device, advertisement
        raise StageError("the scan ended")

    async def saw(self, what: str, after_s: float, detail: str | None = None) -> float:
        """Wait for an event later than `after_s`; return when it was."""
        fits = bool if detail is None else detail.__eq__
        return float((await self.simulator.until(what, after_s=after_s, fits=fits))["at_s"])

    async def fault(self, name: str, *, on: bool) -> None:
        """Switch a fault, and return once it holds."""
        since_s = asyncio.get_running_loop().time()
        self.simulator.do("fault", name=name, on=on)
        await self.saw("fault", since_s, f"{name} {'on' if on else 'off'}")

    async def obeyed_stop(self, after_s: float) -> float | None:
        """Return when the first Stop arrived that the machine obeys: its sender has control. None: none within 15 s."""
        with suppress(TimeoutError, StageError):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    arrived_s = await self.saw("written", after_s, STOP)
                    if self._controlled(arrived_s):
                        return arrived_s
                    after_s = arrived_s
        return None

    def _controlled(self, at_s: float) -> bool:
        """Whether control was given and not taken away or lost before `at_s`."""
        held = False
        for event in self.simulator.events:
            if event["at_s"] > at_s:
                break
            if event["what"] in ("link_up", "control_taken"):
                held = False
            elif (event["what"], event.get("detail")) == ("written", REQUEST_CONTROL):
                held = True
        return held


@asynccontextmanager
async def machine(rate_hz: float) -> AsyncIterator[Machine]:
    """Put a machine in range of this process that sends `rate_hz` telemetry frames a second."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "benchmarks.machine_process", str(rate_hz))
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=_PROJECT)
    simulator = Simulator(process)
    listening = asyncio.create_task(simulator.listen())
    try:
        ready = await simulator.until("ready")
        os.environ[ADDRESS_VARIABLE] = ready["bus"]
        yield Machine(simulator, ready["address"])
        await forget_bleak()
    finally:
        os.environ.pop(ADDRESS_VARIABLE, None)
        simulator.do("quit")
        await process.wait()
        await listening

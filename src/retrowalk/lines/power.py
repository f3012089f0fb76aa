"""The computer's own power supply, as the Raspberry Pi's firmware tells it through the kernel.

Where there is no such sensor nothing is observed: a laptop on a desk is not refused for what it does not measure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from retrowalk.model.observations import Observation, Power

SENSORS: Final = Path("/sys/class/hwmon")
_DRIVER: Final = "rpi_volt"
_ALARM: Final = "in0_lcrit_alarm"
_EVERY_S: Final = 5.0

log = structlog.get_logger()


class PowerSupply:
    """Reads the under-voltage alarm, and observes it when it changes."""

    def __init__(self, observe: Callable[[Observation], None], sensors: Path = SENSORS) -> None:
        self._observe = observe
        self._sensors = sensors

    async def run(self) -> None:
        """Look now and then until cancelled."""
        known: bool | None = None
        while True:
            ok = self._ok()
            if ok is not None and ok is not known:
                known = ok
                self._observe(Power(ok))
                if not ok:
                    log.error("under_voltage", belt="will not start", do="use the Pi's own power supply, a short cable")
            await asyncio.sleep(_EVERY_S)

    def _ok(self) -> bool | None:
        """Return whether the voltage is high enough; None = nothing here measures it."""
        for name in sorted(self._sensors.glob("*/name")):
            try:
                if name.read_text(encoding="ascii").strip() == _DRIVER:
                    return (name.parent / _ALARM).read_text(encoding="ascii").strip() == "0"
            except (OSError, UnicodeDecodeError):
                continue
        return None

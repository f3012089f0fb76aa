"""The treadmill's own process: PROFILE STRAP_SOCKET. As `retrowalk-sim`, and its bluetoothd and its bus can die."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import override

from retrowalk_sim import json_play
from retrowalk_sim.bluez import Bluez, PrivateBus, serve
from retrowalk_sim.stage import Order, Stage
from retrowalk_sim.strap_line import serve_strap
from retrowalk_sim.treadmill import Treadmill

_NOTICED_S = 0.05


class _Mortal(Stage):
    """Takes two more orders: restart_bluetoothd and restart_bus, each with `down_s`."""

    def __init__(self, treadmill: Treadmill, bus: PrivateBus) -> None:
        super().__init__(treadmill)
        self.bluez: Bluez | None = None
        self._bus = bus
        self._restart: asyncio.Task[None] | None = None

    @override
    def do(self, order: Order) -> None:
        restarts = {"restart_bluetoothd": self._bluetoothd, "restart_bus": self._bus_and_bluetoothd}
        if (restart := restarts.get(str(order["do"]))) is None:
            super().do(order)
        else:
            self._restart = asyncio.create_task(restart(float(order["down_s"])))

    async def _bluetoothd(self, down_s: float) -> None:
        if self.bluez:
            await self.bluez.restart(down_s)
            json_play.emit("bluetoothd_back", {})

    async def _bus_and_bluetoothd(self, down_s: float) -> None:
        """The bus is killed, bluetoothd goes with it, and both come back at the same address."""
        assert self.bluez
        self._bus.kill()
        await asyncio.sleep(_NOTICED_S)
        kept = await self.bluez._end()
        await asyncio.sleep(down_s)
        await self._bus.come_back()
        await self.bluez._begin(kept)
        json_play.emit("bluetoothd_back", {})


async def _serve(profile: str, strap: Path) -> None:
    bus = PrivateBus()
    stage = _Mortal(Treadmill(profile), bus)
    async with (
        bus as address,
        serve(stage.devices, address) as stage.bluez,
        serve_strap(stage.strap, strap),
    ):
        json_play.emit("ready", {"bus": address, "address": stage.treadmill.advertisement.address})
        await json_play.play(stage)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))

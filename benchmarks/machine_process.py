"""The simulated machine's own process: RATE_HZ. Events go out and orders come in as with `retrowalk-sim`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import Final

from retrowalk_sim import json_play
from retrowalk_sim.bluez import private_bus, serve
from retrowalk_sim.profiles import profiles
from retrowalk_sim.stage import Stage
from retrowalk_sim.treadmill import Treadmill

ANSWER_S: Final = 0.020
_AT_ONCE_KMH_PER_S: Final = 1000.0


async def _serve(rate_hz: float) -> None:
    profile = replace(
        profiles()["ideal"],
        rate_hz=rate_hz,
        answer_s=(ANSWER_S, ANSWER_S),
        countdown_s=0.0,
        up_kmh_per_s=_AT_ONCE_KMH_PER_S,
        down_kmh_per_s=_AT_ONCE_KMH_PER_S,
        run_down_kmh_per_s=_AT_ONCE_KMH_PER_S,
    )
    stage = Stage(Treadmill(profile))
    async with private_bus() as bus, serve(stage.devices, bus):
        json_play.emit("ready", {"bus": bus, "address": stage.treadmill.advertisement.address})
        await json_play.play(stage)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))

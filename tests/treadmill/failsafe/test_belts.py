"""The whole way: which treadmills are stopped, the verdict, and what all of it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrowalk.bluetooth import Bluetooth
from retrowalk.treadmill import failsafe
from retrowalk.treadmill.failsafe import Verdict, link, stop_belts
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.treadmill import Treadmill
from support.imports import imported
from treadmill.air import air
from treadmill.bench import running, up

ONE, OTHER = "00:00:00:00:00:01", "00:00:00:00:00:02"


async def test_another_treadmill_that_is_connected_does_not_stand_in_for_the_configured_one() -> None:
    """No marker tells which: both are stopped, and each line says of which it speaks."""
    said: list[str] = []
    here, there = Treadmill("citysports", address=ONE), Treadmill("citysports", address=OTHER)
    async with air(here, there), running(here, Bluetooth(), TreadmillSettings(address=ONE)) as owner:
        await up(owner)
        there.move_by_hand(2.0)
        assert await stop_belts((OTHER,), said.append, connected=True) is Verdict.VERIFIED
        assert there.speed_kmh == 0
        assert here.witness.of("written")
    assert {f"{ONE}: the belt stands, verified", f"{OTHER}: the belt stands, verified"} <= set(said)


@pytest.mark.parametrize("addresses", [(), ("00:00:00:00:00:01",)])
async def test_no_machine_is_told(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    """Exit status 3 when nothing is connected or known, or found in the air as long as there is patience."""
    said: list[str] = []
    monkeypatch.setattr(link, "SEEK_S", 0.3)
    async with air(Treadmill()):
        assert await stop_belts(addresses, said.append, patience_s=1.0) is Verdict.NO_MACHINE
    assert "PULL THE SAFETY KEY" in said[-1]


async def test_nothing_heavy_is_imported() -> None:
    """Each tenth of a second counts when nobody watches the belt: D-Bus, what it needs, and constants."""
    names = await imported(failsafe.__name__)
    assert not {"bleak", "pydantic", "structlog", "pyftms", "aiomqtt", "typer"} & names
    own = {name for name in names if name.startswith("retrowalk.")}
    parts = {f"{failsafe.__name__}.{path.stem}" for path in Path(failsafe.__file__).parent.glob("[!_]*.py")}
    assert own == {"retrowalk.treadmill", "retrowalk.treadmill.assigned", failsafe.__name__, *parts}

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from retrowalk.lines.power import PowerSupply
from retrowalk.model.observations import Observation, Power


def sensor(folder: Path, alarm: str, driver: str = "rpi_volt") -> Path:
    """Lay out what the kernel shows of one sensor; return the alarm's file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{driver}\n", encoding="ascii")
    (folder / "in0_lcrit_alarm").write_text(alarm, encoding="ascii")
    return folder / "in0_lcrit_alarm"


async def seen(sensors: Path, monkeypatch: pytest.MonkeyPatch, *turns: object) -> list[Observation]:
    """Return what is observed while each of `turns` (a callable) is made between two looks."""
    observed: list[Observation] = []
    steps = iter(turns)

    async def sleep(_seconds: float) -> None:
        step = next(steps, None)
        if step is None:
            raise asyncio.CancelledError
        step()  # type: ignore[operator]

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await PowerSupply(observed.append, sensors).run()
    return observed


async def test_a_voltage_that_falls_and_recovers_is_observed_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The level at first, then changes only; other sensors are not asked."""
    sensor(tmp_path / "hwmon0", "1\n", driver="cpu_thermal")
    alarm = sensor(tmp_path / "hwmon1", "0\n")
    turns = [lambda text=text: alarm.write_text(text, encoding="ascii") for text in ("0\n", "1\n", "1\n", "0\n")]
    assert await seen(tmp_path, monkeypatch, *turns) == [Power(ok=True), Power(ok=False), Power(ok=True)]


async def test_where_nothing_measures_nothing_is_observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder, another driver, a file that cannot be read."""
    sensor(tmp_path / "hwmon0", "1\n", driver="cpu_thermal")
    (tmp_path / "hwmon1").mkdir()
    (tmp_path / "hwmon1" / "name").write_bytes(b"\xff")
    sensor(tmp_path / "hwmon2", "0").unlink()
    assert await seen(tmp_path, monkeypatch) == []
    assert await seen(tmp_path / "absent", monkeypatch) == []

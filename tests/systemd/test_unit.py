from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "retrowalk@.service"


def settings() -> dict[str, str]:
    lines = [line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_unit_keeps_the_promises_of_the_safety_page() -> None:
    """A hang is killed within 2 s, every end is followed by the failsafe, an orderly end may take a run-down."""
    unit = settings()
    assert unit["Type"] == "notify"
    assert unit["WatchdogSec"] == "2s"
    assert unit["TimeoutStopSec"] == "45s"
    assert "stop --failsafe" in unit["ExecStopPost"]
    assert unit["User"] == "retrowalk"
    assert unit["KillMode"] == "mixed"
    assert "StateDirectory" in unit
    assert {"dbus.service", "bluetooth.service"} <= set(unit["After"].split())  # at a shutdown they outlive the daemon


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """systemd-analyze finds nothing to say but that the program is not installed here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    instance = tmp_path / "retrowalk@test.service"
    shutil.copy(UNIT, instance)
    result = subprocess.run([analyze, "verify", instance], capture_output=True, text=True, check=False)  # noqa: S603
    complaints = [line for line in result.stderr.splitlines() if "retrowalk@" in line]
    assert [line for line in complaints if "is not executable" not in line] == []

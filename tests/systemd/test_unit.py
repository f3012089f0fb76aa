from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
DAEMON, STANDBY = UNITS / "retrowalk@.service", UNITS / "retrowalk-standby@.service"


def settings(unit: Path) -> dict[str, str]:
    lines = [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_unit_keeps_the_promises_of_the_safety_page() -> None:
    """A hang is killed within 2 s, every end is followed by the failsafe, an orderly end may take a run-down."""
    unit = settings(DAEMON)
    assert unit["Type"] == "notify"
    assert unit["WatchdogSec"] == "2s"
    assert unit["TimeoutStopSec"] == "45s"
    assert "stop --failsafe" in unit["ExecStopPost"]
    assert unit["User"] == "retrowalk"
    assert unit["KillMode"] == "mixed"
    assert "StateDirectory" in unit
    assert {"dbus.service", "bluetooth.service"} <= set(unit["After"].split())  # at a shutdown they outlive the daemon


def test_the_network_outlives_the_daemon_and_is_not_waited_for() -> None:
    """The belt that a power cut left running is stopped without Wi-Fi; at a shutdown people hear what becomes of it."""
    unit = settings(DAEMON)
    assert {"network.target", "mosquitto.service"} <= set(unit["After"].split())
    assert "network-online.target" not in (unit["After"] + unit["Wants"] + settings(STANDBY)["After"]).split()


def test_the_standby_is_there_before_the_daemon_and_after_it() -> None:
    """Systemd starts it first and ends it last, with the daemon; what it needs outlives both at a shutdown."""
    unit, name = settings(STANDBY), "retrowalk@%i.service"
    assert (unit["Before"], unit["PartOf"], unit["Type"]) == (name, name, "notify")
    assert {"dbus.service", "bluetooth.service"} <= set(unit["After"].split())
    assert "retrowalk-standby@%i.service" in settings(DAEMON)["Wants"].split()


def test_the_standby_outlives_the_daemon() -> None:
    """It runs before the daemon does, is killed for memory after it, and always comes back."""
    unit, daemon = settings(STANDBY), settings(DAEMON)
    assert int(unit["Nice"]) < int(daemon["Nice"])
    assert int(unit["OOMScoreAdjust"]) < int(daemon["OOMScoreAdjust"])
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")


def test_the_standby_sees_what_the_daemon_leaves_and_takes_nothing_away() -> None:
    """The same user and state; a runtime directory of its own would be removed with it, under the daemon's feet."""
    unit, daemon = settings(STANDBY), settings(DAEMON)
    shared = ("User", "Group", "SupplementaryGroups", "StateDirectory")
    assert [unit[key] for key in shared] == [daemon[key] for key in shared]
    assert "RuntimeDirectory" not in unit


def test_the_standby_is_shut_in_as_the_daemon_is() -> None:
    """Each restriction of the daemon holds for it; and it has no network."""
    unit, daemon = settings(STANDBY), settings(DAEMON)
    restrictions = [key for key in daemon if key.startswith(("Protect", "Private", "Restrict", "Lock", "System", "No"))]
    restrictions += ["CapabilityBoundingSet", "AmbientCapabilities"]
    different = {key for key in restrictions if unit.get(key) != daemon[key]}
    assert different == {"RestrictAddressFamilies"}
    assert unit["RestrictAddressFamilies"] == "AF_UNIX"


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """systemd-analyze finds nothing to say but that the program is not installed here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    instances = [tmp_path / unit.name.replace("@", "@test") for unit in (DAEMON, STANDBY)]
    for unit, instance in zip((DAEMON, STANDBY), instances, strict=True):
        shutil.copy(unit, instance)
    result = subprocess.run([analyze, "verify", *instances], capture_output=True, text=True, check=False)  # noqa: S603
    complaints = [line for line in result.stderr.splitlines() if "retrowalk" in line]
    assert [line for line in complaints if "is not executable" not in line] == []

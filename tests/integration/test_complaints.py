"""What people are told when something is missing or wrong: one clear message, the right exit status, no traceback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from brokers import free_port
from integration.home import PATIENCE_S
from integration.scene import Ended, retrowalk
from retrowalk.cli.demo_stage import start_daemon
from retrowalk_sim.bluez import private_bus, serve

USAGE, NO_MACHINE, REFUSED = 2, 3, 4

ALONE = """\
[daemon]
runtime_dir = "run"
state_dir = "state"
[treadmill]
address = "02:57:41:4C:4B:01"
[heart_rate]
enabled = false
[walker]
heart_rate = "none"
[strap]
tier = "attested"
[session]
handrails = true
[mqtt]
port = {port}
[log]
format = "json"
"""
FILES = {
    "typo.toml": '[strap]\nteir = "none"\n',
    "broken.toml": "[strap\n",
    "fast.toml": 'id = "fast"\ntitle = "Fast"\nlevel = 0\nsources = ["nobody"]\n'
    '[[segment]]\nkind = "backward"\nduration = "0:20"\nspeed = "9 mph"\n',
    "folder.toml": ALONE.format(port=1) + '[programs]\nfolder = "elsewhere"\n',
    "unmade.toml": ALONE.format(port=1).replace('"run"', '"/proc/retrowalk"'),
    "good.toml": ALONE.format(port=1),
}
TOLD = {
    "run without a file": (USAGE, "missing.toml: file: cannot be read", ("run", "--config", "missing.toml")),
    "run, a typo": (USAGE, "strap.teir: there is no such key; did you mean tier?", ("run", "--config", "typo.toml")),
    "run, not TOML": (USAGE, "broken.toml: file: is not TOML", ("run", "--config", "broken.toml")),
    "run, no folder": (REFUSED, "set daemon.runtime_dir", ("run", "--config", "unmade.toml")),
    "check, a typo": (USAGE, "did you mean tier?", ("check", "--config", "typo.toml")),
    "check, no programs": (USAGE, "elsewhere: folder: is not there", ("check", "--config", "folder.toml")),
    "ctl, nobody there": (NO_MACHINE, "is it running?", ("ctl", "arm", "--config", "good.toml")),
    "ctl, a typo": (USAGE, "did you mean tier?", ("ctl", "arm", "--config", "typo.toml")),
    "watch, a typo": (USAGE, "did you mean tier?", ("watch", "--config", "typo.toml")),
    "programs show": (USAGE, "there is no program 'dmeo'; did you mean demo", ("programs", "show", "dmeo")),
    "programs check": (USAGE, "level 0 allows up to 1.6 km/h (1.0 mph)", ("programs", "check", "fast.toml")),
    "no such command": (USAGE, "did you mean 'stop'?", ("stpo",)),
    "scan, no bus": (NO_MACHINE, "there is no D-Bus system bus", ("scan", "--for", "0.2")),
    "stop, no bus": (NO_MACHINE, "PULL THE SAFETY KEY", ("stop",)),
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the files, and work beside them."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _on(bus: str) -> dict[str, str]:
    return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus, "COLUMNS": "200"}


def _no_bus(folder: Path) -> dict[str, str]:
    return _on(f"unix:path={folder / 'no-bus'}")


def _is_told(ended: Ended, status: int, words: str) -> None:
    said = ended.out + ended.err
    assert words in said, said
    assert ended.status == status, said
    assert "Traceback" not in said


@pytest.mark.parametrize("case", TOLD)
async def test_one_clear_message_and_the_right_exit_status(files: Path, case: str) -> None:
    """2: usage or configuration, with what would be right; 3: no machine, no Bluetooth; 4: a folder."""
    status, words, arguments = TOLD[case]
    _is_told(await retrowalk(*arguments, environment=_no_bus(files)), status, words)


async def test_an_empty_air_and_an_unknown_adapter(files: Path) -> None:
    """Bluetooth works, but nothing is in range: exit status 3, and what else it could be."""
    async with private_bus() as bus, serve([], bus):
        _is_told(await _scan(bus), NO_MACHINE, "no treadmill and no heart-rate strap in range")
        _is_told(await _scan(bus, "--adapter", "hci9"), NO_MACHINE, "cannot scan with hci9: adapter 'hci9' not found")
        _is_told(await retrowalk("stop", environment=_on(bus)), NO_MACHINE, "no treadmill is connected or known")


async def _scan(bus: str, *options: str) -> Ended:
    return await retrowalk("scan", "--for", "0.2", *options, environment=_on(bus))


async def test_the_daemon_stays_up_without_bus_and_broker_and_says_so(files: Path) -> None:
    """Logged once each; commands are answered over the local socket; arming tells what is missing; it ends at once."""
    async with _alone(files, _no_bus(files)) as (config, daemon, environment):
        await _said(files, "mqtt_lost")
        assert (await _ctl(config, environment, "select_program", "demo")).status == 0
        arming = asyncio.create_task(_ctl(config, environment, "arm"))
        assert "no D-Bus system bus" in (await _said(files, "link_down"))["words"]
        daemon.send_signal(signal.SIGTERM)
        assert await daemon.wait() == 0
        refused = await arming
        assert (refused.status, refused.err) == (REFUSED, "refused: stopped\n")
    told = [entry["event"] for entry in _log(files)]
    assert (told.count("mqtt_lost"), told.count("link_down"), told.count("part_failed")) == (1, 1, 0)


async def test_a_daemon_that_finds_no_treadmill_says_which(files: Path) -> None:
    """It goes on looking while it is armed, and names the address that it looks for."""
    async with private_bus() as bus, serve([], bus), _alone(files, _on(bus)) as (config, _, environment):
        assert (await _ctl(config, environment, "select_program", "demo")).status == 0
        arming = asyncio.create_task(_ctl(config, environment, "arm"))
        words = (await _said(files, "link_down"))["words"]
        assert words.startswith("no treadmill with the address 02:57:41:4C:4B:01 is in range")
        assert (await _ctl(config, environment, "disarm")).status == 0
        assert (await arming).status == REFUSED


@asynccontextmanager
async def _alone(
    folder: Path, environment: dict[str, str]
) -> AsyncIterator[tuple[Path, asyncio.subprocess.Process, dict[str, str]]]:
    """Run a daemon that has no broker; yield its configuration, itself, and its environment."""
    config = folder / "alone.toml"
    config.write_text(ALONE.format(port=free_port()))
    async with start_daemon(config, environment) as daemon:
        await _said(folder, "daemon_ready")
        yield config, daemon, environment


async def _ctl(config: Path, environment: dict[str, str], *arguments: str) -> Ended:
    return await retrowalk("ctl", *arguments, "--config", config, environment=environment)


def _log(folder: Path) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "daemon.log").read_text().splitlines()]


async def _said(folder: Path, event: str) -> dict[str, Any]:
    """Wait for a line of the daemon's log."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = next((entry for entry in _log(folder) if entry["event"] == event), None)
            if found is not None:
                return found
            await asyncio.sleep(0.05)  # a file tells nobody that it grows

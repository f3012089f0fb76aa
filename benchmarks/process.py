"""What the daemon's process costs: from its start to READY, and what a session takes of memory and processor."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.stop import Figures, Tell
from integration.home import Home
from integration.scene import READING_S, Scene, scene

_STARTS: Final = 5
_READY_WITHIN_S: Final = 60.0
_SAMPLE_EVERY_S: Final = 2.0
_FOUR_HZ: Final = "brisk"
_PROGRAM: Final = "five-easy"  # 14:30 with turns, rests and ramps
LONGEST_MINUTES: Final = 12.0
_LONGEST_S: Final = LONGEST_MINUTES * 60

_CONFIG: Final = """\
[daemon]
runtime_dir = "run"
state_dir = "state"
[strap]
tier = "attested"
[heart_rate]
enabled = false
[walker]
heart_rate = "none"
[mqtt]
port = 1
"""


def start(tell: Tell) -> Figures:
    """Return the median of ms from exec to READY=1, with bytecode cached, as it is after the first start."""
    tell("retrowalk run: start …")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "retrowalk.toml").write_text(_CONFIG)
        delays_s = [_start_s(folder) for _ in range(1 + _STARTS)]
    return {"ready_ms": median(delays_s[1:]) * 1000}


def _start_s(folder: Path) -> float:
    cached = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    command = (sys.executable, "-m", "retrowalk", "run", "--config", str(folder / "retrowalk.toml"))
    with _service_manager(folder / "notify") as told:
        environment = os.environ | cached | {"NOTIFY_SOCKET": str(folder / "notify")}
        begun_s = time.monotonic()
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:  # noqa: S603 - ours
            try:
                while b"READY=1" not in told.recv(4096):
                    pass
                return time.monotonic() - begun_s
            finally:
                process.terminate()


@contextmanager
def _service_manager(address: Path) -> Iterator[socket.socket]:
    """Listen where systemd would."""
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(address))
        told.settimeout(_READY_WITHIN_S)
        yield told


def session(tell: Tell, minutes: float) -> Figures:
    """Return what `retrowalk run` takes while somebody walks: all parts, a broker, a heart-rate strap, telemetry."""
    tell(f"retrowalk run: {minutes:g} minutes of a session …")
    return asyncio.run(_session(minutes, tell))


async def _session(minutes: float, tell: Tell) -> Figures:
    async with _walking() as set_:
        figures = await _cost(set_.stage.daemon.pid, minutes * 60, tell)
        if set_.home.states[-1]["phase"] == "idle":
            raise RuntimeError("the session ended before its cost was measured: the figures would mean nothing")
    async with _walking() as set_:
        since_s = set_.now_s
        set_.simulator.do("pull_strap")
        return figures | {"strap_to_stop_process_ms": (await set_.stop_written(since_s) - since_s) * 1000}


@asynccontextmanager
async def _walking() -> AsyncIterator[Scene]:
    """Bring somebody who answers each prompt to their first walk."""
    with TemporaryDirectory() as name:
        async with scene(Path(name), _FOUR_HZ) as set_:
            pressing = asyncio.create_task(_press_at_prompts(set_.home))
            try:
                await set_.home.taken("select_program", _PROGRAM)
                await set_.clip_on()
                await set_.home.taken("arm")
                for phase in ("board", "starting", "step_on", "walk"):
                    await set_.home.phase(phase)
                yield set_
            finally:
                pressing.cancel()
                await asyncio.gather(pressing, return_exceptions=True)


async def _press_at_prompts(home: Home) -> None:
    """Be a willing walker: read each prompt, and press."""
    since = 0
    while True:
        prompt = await home.until(partial(_prompt, home.events, since), "a prompt", _LONGEST_S)
        since = home.events.index(prompt, since) + 1
        await asyncio.sleep(READING_S)
        await home.press()


def _prompt(events: list[dict[str, Any]], since: int) -> dict[str, Any] | None:
    return next((event for event in events[since:] if event["event_type"] == "prompt"), None)


async def _cost(pid: int, for_s: float, tell: Tell) -> Figures:
    begun_s, spent_s, rss_mb = time.monotonic(), _cpu_s(pid), 0.0
    while (elapsed_s := time.monotonic() - begun_s) < for_s:
        await asyncio.sleep(min(_SAMPLE_EVERY_S, for_s - elapsed_s))
        rss_mb = max(rss_mb, _rss_mb(pid))
        if round(elapsed_s) % 60 < _SAMPLE_EVERY_S:
            tell(f"  {elapsed_s / 60:.0f} min: {rss_mb:.1f} MB")
    return {
        "session_minutes": for_s / 60,
        "rss_mb": rss_mb,
        "cpu_pct": (_cpu_s(pid) - spent_s) / (time.monotonic() - begun_s) * 100,
    }


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

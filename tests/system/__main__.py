"""`make system`: build or resume the guest, run the scenarios in it, bring back what happened."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Final

from system import report
from system.choice import chosen
from system.host import Unable, alone, require
from system.image import ARCHS, CHECKOUT, GUEST, code
from system.machine import BOOT_S, Guest, booted

LONGEST_S: Final = 4 * 3600.0
FAILED: Final = 1
NOTHING_SELECTED: Final = 5  # pytest's exit status
WAYS: Final = {"reboot": "systemctl reboot", "power_cut": "echo b >/proc/sysrq-trigger"}


def main() -> int:
    """Run; return 0 if every scenario passed, 1 if one failed, 2 if this host cannot run them."""
    parser = argparse.ArgumentParser(prog="make system", description=__doc__)
    parser.add_argument("--arch", choices=ARCHS, default="amd64")
    parser.add_argument("--only", default="", help="a pytest expression: killed or frozen")
    parser.add_argument("--repeat", type=int, default=1, help="how often to kill and to freeze")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "build" / "system", help="where logs and verdicts go")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through the exits of every context: no guest stays behind
    try:
        with alone(options.out, wait=False):
            return _run(options.arch, options.only, options.repeat, options.out)
    except (Unable, OSError) as obstacle:
        say(f"system: {in_words(obstacle)}")
        return 2


def _run(arch_name: str, only: str, repeat: int, out: Path) -> int:
    arch, begun_s = ARCHS[arch_name], time.monotonic()
    names = chosen(only)
    require(arch.qemu[0])
    shutil.rmtree(out, ignore_errors=True)
    (out / "out").mkdir(parents=True)
    code(out)
    ways = [way for way in WAYS if f"test_{way}" in names]
    with booted(arch, out) as guest:
        words = {"NOW": f"{time.time():.3f}", "ONLY": only, "REPEAT": str(repeat)}
        setting = " ".join(f"{name}={quote(value)}" for name, value in words.items())
        statuses = list(_statuses(guest, setting, ways))
    (out / "code.tar").unlink()
    say("", *report.table(out / "out"), "")
    busy = os.getloadavg()[0]
    say(f"system: {arch_name}, {time.monotonic() - begun_s:.0f} s, host load {busy:.1f}; logs: {out / 'out'}")
    return 0 if set(statuses) <= {0, NOTHING_SELECTED} and 0 in statuses else 1


def _statuses(guest: Guest, setting: str, ways: list[str]) -> Iterator[int]:
    """Run everything. A guest that is lost meanwhile has failed: what it told until then is worth a table."""
    try:
        yield guest.do(_script("run", setting), say, LONGEST_S)
        for way in ways:
            yield _rebooted(guest, way)
    except (Unable, OSError) as loss:
        say(f"system: {in_words(loss)}")
        yield FAILED


def _script(name: str, setting: str = "") -> str:
    return f"({setting}\n{(GUEST / f'{name}.sh').read_text()}\n)"


def _rebooted(guest: Guest, way: str) -> int:
    """Start a session, end the system `way`, boot, and look what is left; return the worst status."""
    if guest.do(_script("before"), say, BOOT_S):
        say(f"system: no session could be begun before the {way.replace('_', ' ')}")
        return FAILED
    guest.tell(WAYS[way])
    guest.await_boot()
    return guest.do(_script("again", f"AFTER={way}"), say, BOOT_S)


def in_words(error: Exception) -> str:
    """Return what a person should read."""
    return str(error) or type(error).__name__


def say(*lines: str) -> None:
    """Write lines to the terminal."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""What the host must have, and how its programs are run."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PACKAGES: Final = {
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "qemu-img": "qemu-utils",
    "zstd": "zstd",
    "tar": "tar",
    "git": "git",
}
FOREIGN: Final = {
    "arch-test": "arch-test",
    "qemu-aarch64-static": "qemu-user-static",
    "update-binfmts": "binfmt-support",
}
PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Unable(Exception):  # noqa: N818 - what the host is
    """The host cannot run a guest, or a step failed. The message says what would be right."""


def require(qemu: str) -> None:
    """Raise Unable, with what to install, unless all is there. A foreign kind of computer is built by emulation."""
    needed = PACKAGES | {qemu: "qemu-system-x86" if "x86" in qemu else "qemu-system-arm"}
    if not qemu.endswith(platform.machine()):
        needed |= FOREIGN
    missing = sorted({package for program, package in needed.items() if shutil.which(program, path=PATH) is None})
    if missing:
        raise Unable(f"missing here; as root: apt-get install --no-install-recommends {' '.join(missing)}")
    if os.geteuid() != 0:
        raise Unable("building a root file system with its owners needs root: sudo make system")


def run(*command: str) -> str:
    """Run a program to its end; return what it printed. Raises Unable with the end of what it complained about."""
    try:
        ended = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, env={**os.environ, "PATH": PATH}, check=False
        )
    except FileNotFoundError as error:
        raise Unable(f"{command[0]} is missing here") from error
    if ended.returncode:
        complaint = "\n".join((ended.stdout + ended.stderr).splitlines()[-20:])
        raise Unable(f"{command[0]} failed with {ended.returncode}:\n{complaint}")
    return ended.stdout


@contextmanager
def alone(folder: Path, *, wait: bool) -> Iterator[None]:
    """Be the only run that makes `folder`. Who must not wait raises Unable while there is another."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Unable(f"another run is at work in {folder}; let it end, or choose another --out") from error
        yield

"""The guest: qemu without acceleration, a snapshot to resume from, and a shell in it that does what it is told."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from system.host import Unable, run
from system.image import GUEST, Arch, cache, debian, key, made, site

CPUS: Final = 2
MEMORY_MB: Final = 1024
BOOT_S: Final = 600.0
ANSWER_S: Final = 120.0
TAG: Final = "booted"
KERNEL: Final = "mitigations=off quiet loglevel=4 systemd.show_status=0"  # guards against nobody here, at a high price

type Hear = Callable[[str], None]


class Guest:
    """A running guest. What it prints goes to `hear`, a line at a time."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._hand = self._connect("hand")
        self._rest = b""

    def do(self, command: str, hear: Hear, patience_s: float) -> int:
        """Run a shell command in the guest; return its exit status. Raises Unable when it takes too long."""
        self._hand.sendall(f"{command}\necho @done $?\n".encode())
        for line in self._lines(patience_s):
            if line.startswith("@done "):
                return int(line.split()[1])
            if not line.startswith("@"):
                hear(line)
        raise Unable(f"the guest did not finish within {patience_s:g} s; its console: {self._folder / 'console'}")

    def tell(self, command: str) -> None:
        """Have the guest do something, and do not wait."""
        self._hand.sendall(f"{command}\n".encode())

    def await_boot(self) -> None:
        """Wait until its shell is there. Raises Unable."""
        if not any(line == "@hand" for line in self._lines(BOOT_S)):
            raise Unable(f"the guest did not come up within {BOOT_S:g} s; its console: {self._folder / 'console'}")

    def monitor(self, command: str) -> None:
        """Have qemu itself do something, and wait until it has."""
        with self._connect("monitor") as monitor:
            self._prompt(monitor)
            monitor.sendall(command.encode() + b"\n")
            self._prompt(monitor)

    @staticmethod
    def _prompt(monitor: socket.socket) -> None:
        heard = b""
        while not heard.rstrip().endswith(b"(qemu)"):
            part = monitor.recv(4096)
            if not part:
                return
            heard += part

    def _connect(self, name: str) -> socket.socket:
        plug = socket.socket(socket.AF_UNIX)
        plug.settimeout(ANSWER_S)
        deadline_s = time.monotonic() + ANSWER_S
        while True:
            try:
                plug.connect(str(self._folder / name))
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise Unable(f"qemu ended: {(self._folder / 'log').read_text()}") from error
                time.sleep(0.05)
            else:
                return plug

    def _lines(self, patience_s: float) -> Iterator[str]:
        deadline_s = time.monotonic() + patience_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                yield line.decode(errors="replace").rstrip("\r")
            self._hand.settimeout(left_s)
            with suppress(TimeoutError):
                part = self._hand.recv(65536)
                if not part:
                    raise Unable(f"qemu ended: {(self._folder / 'log').read_text()}")
                self._rest += part


@contextmanager
def booted(arch: Arch, share: Path) -> Iterator[Guest]:
    """Resume a guest that has booted, with `share` as its 9p share; made and stored before, if need be."""
    stored = snapshot(arch)
    with tempfile.TemporaryDirectory(prefix="retrowalk-guest-") as name:
        disk = Path(name) / "disk.qcow2"
        shutil.copyfile(stored / "disk.qcow2", disk)
        with _running(arch, disk, share, Path(name), "-loadvm", TAG) as guest:
            yield guest


def snapshot(arch: Arch) -> Path:
    """Return the folder of a guest's state after boot and preparation, made if need be. Raises Unable."""
    parts = debian(arch), site(arch)
    prepare = (GUEST / "prepare.sh").read_text()
    qemu = run(arch.qemu[0], "--version")
    folder = cache() / f"booted-{key(*map(str, parts), prepare, qemu, *arch.qemu, str((CPUS, MEMORY_MB)))}"
    return made(folder, lambda half: _boot(arch, prepare, half))


def _boot(arch: Arch, prepare: str, folder: Path) -> None:
    disk = folder / "disk.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(debian(arch) / "root.img"), str(disk))
    heard: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="retrowalk-guest-") as name,
        _running(arch, disk, folder, Path(name)) as new,
    ):
        new.await_boot()
        if new.do(f"({prepare}\n)", heard.append, BOOT_S):
            raise Unable("the guest could not be prepared:\n" + "\n".join(heard[-20:]))
        new.monitor(f"savevm {TAG}")


@contextmanager
def _running(arch: Arch, disk: Path, share: Path, folder: Path, *more: str) -> Iterator[Guest]:
    command = _command(arch, disk, share, folder, *more)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - ours
    try:
        yield Guest(process, folder)
    finally:
        process.kill()
        process.wait()


def _command(arch: Arch, disk: Path, share: Path, folder: Path, *more: str) -> list[str]:
    plug = "server=on,wait=off"
    return [
        *arch.qemu,
        *("-accel", "tcg,thread=multi,tb-size=512", "-smp", str(CPUS), "-m", str(MEMORY_MB)),
        *(
            "-nodefaults",
            "-display",
            "none",
            "-kernel",
            f"{debian(arch)}/vmlinuz",
            "-initrd",
            f"{debian(arch)}/initrd.img",
        ),
        *("-append", f"root=/dev/vda rw console={arch.console} {KERNEL}"),
        *("-drive", f"file={disk},format=qcow2,if=none,id=root,cache=unsafe", "-device", "virtio-blk-pci,drive=root"),
        *(
            "-drive",
            f"file={site(arch)},format=raw,if=none,id=site,readonly=on",
            "-device",
            "virtio-blk-pci,drive=site",
        ),
        *("-virtfs", f"local,path={share},mount_tag=share,security_model=none,multidevs=remap"),
        *("-chardev", f"socket,id=hand,path={folder}/hand,{plug}", "-device", "virtio-serial-pci"),
        *("-device", "virtserialport,chardev=hand,name=hand", "-device", "virtio-rng-pci"),
        *("-serial", f"file:{folder}/console", "-monitor", f"unix:{folder}/monitor,{plug}", "-net", "none"),
        *more,
    ]

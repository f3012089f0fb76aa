"""The guest: qemu without acceleration, a snapshot to resume from, and a shell in it that does what it is told."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
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
        self._hand.sendall(f"echo @begun\n{command}\necho @done $?\n".encode())
        begun = False
        for line in self._lines(patience_s):
            if line.startswith("@done "):
                return int(line.split()[1])
            if begun and line == "@hand":
                raise Unable(f"the guest's shell ended before the command did; {self._console()}")
            begun = begun or line == "@begun"
            if not line.startswith("@"):
                hear(line)
        raise Unable(f"the guest did not finish within {patience_s:g} s; {self._console()}")

    def tell(self, command: str) -> None:
        """Have the guest do something, and do not wait."""
        self._hand.sendall(f"{command}\n".encode())

    def await_boot(self) -> None:
        """Wait until its shell is there. Raises Unable."""
        if not any(line == "@hand" for line in self._lines(BOOT_S)):
            raise Unable(f"the guest did not come up within {BOOT_S:g} s; {self._console()}")

    def store(self, tag: str) -> None:
        """Keep the guest's state in its disk. Raises Unable when it is not there afterwards."""
        told = self._monitor(f"savevm {tag}")
        if tag not in self._monitor("info snapshots"):
            raise Unable(f"qemu could not store the guest's state: {told}")

    def _monitor(self, command: str) -> str:
        """Have qemu itself do something; return what it says of it."""
        with self._connect("monitor") as monitor:
            self._prompt(monitor)
            monitor.sendall(command.encode() + b"\n")
            return self._prompt(monitor)

    def _prompt(self, monitor: socket.socket) -> str:
        heard = b""
        while not heard.rstrip().endswith(b"(qemu)"):
            part = monitor.recv(4096)
            if not part:
                raise Unable(self._ended())
            heard += part
        return heard.decode(errors="replace")

    def _console(self) -> str:
        told = (self._folder / "console").read_text(errors="replace").splitlines()
        return "the end of its console:\n" + "\n".join(told[-20:])

    def _ended(self) -> str:
        return f"qemu ended: {(self._folder / 'log').read_text(errors='replace')}"

    def _connect(self, name: str) -> socket.socket:
        plug = socket.socket(socket.AF_UNIX)
        plug.settimeout(ANSWER_S)
        deadline_s = time.monotonic() + ANSWER_S
        while True:
            try:
                plug.connect(str(self._folder / name))
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise Unable(self._ended()) from error
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
                    raise Unable(self._ended())
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
    prepare, nowhere = (GUEST / "prepare.sh").read_text(), Path("/nowhere")
    qemu = run(arch.qemu[0], "--version")
    folder = cache() / f"booted-{key(prepare, qemu, *_command(arch, nowhere, nowhere, nowhere))}"
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
        new.store(TAG)


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
    on_error = "werror=report,rerror=report"  # a full host's guest is told, not held
    options = {
        "accel": "tcg,thread=multi,tb-size=512",
        "smp": str(CPUS),
        "m": str(MEMORY_MB),
        "display": "none",
        "net": "none",
        "kernel": f"{debian(arch)}/vmlinuz",
        "initrd": f"{debian(arch)}/initrd.img",
        "append": f"root=/dev/vda rw console={arch.console} {KERNEL}",
        "virtfs": f"local,path={share},mount_tag=share,security_model=none,multidevs=remap",
        "serial": f"file:{folder}/console",
        "monitor": f"unix:{folder}/monitor,{plug}",
    }
    drives = {
        "root": f"file={disk},format=qcow2,cache=unsafe,{on_error}",
        "site": f"file={site(arch)},format=raw,readonly=on",
    }
    devices = [
        *(f"virtio-blk-pci,drive={drive}" for drive in drives),
        "virtio-serial-pci",
        "virtserialport,chardev=hand,name=hand",
        "virtio-rng-pci",
    ]
    return [
        *arch.qemu,
        "-nodefaults",
        *chain.from_iterable((f"-{name}", value) for name, value in options.items()),
        *chain.from_iterable(("-drive", f"{how},if=none,id={drive}") for drive, how in drives.items()),
        *("-chardev", f"socket,id=hand,path={folder}/hand,{plug}"),
        *chain.from_iterable(("-device", device) for device in devices),
        *more,
    ]

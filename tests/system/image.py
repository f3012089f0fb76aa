"""The guest's two disks, cached outside the checkout, and the checkout itself as an archive."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from system.host import Unable, alone, run

GUEST: Final = Path(__file__).parent / "guest"
CHECKOUT: Final = Path(__file__).parents[2]
LOCK: Final = CHECKOUT / "requirements" / "system.txt"
SUITE: Final = "trixie"
PACKAGES: Final = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "zstd", "initramfs-tools", "procps"),
    *("bluez", "mosquitto", "mosquitto-clients", "python3"),
)
DISK: Final = ("3G", "has_journal")  # without one, what an fsync had kept was zeros after a power cut
SITE_DISK: Final = ("400M", "^has_journal")  # is only read
HOOKS: Final = {"essential": "early.sh", "customize": "customize.sh"}
_OPTIONS: Final = (
    *("--mode=root", "--variant=minbase"),
    *('--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"'),
    *(f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("man", "doc", "locale")),
)
_MOUNTS_APART: Final = ("unshare", "--mount")  # mmdebstrap binds the host's; nobody who tidies up may meet them


@dataclass(frozen=True, slots=True)
class Arch:
    """A kind of guest: how Debian, uv and qemu call it, and its serial console."""

    debian: str
    wheels: str
    qemu: tuple[str, ...]
    console: str


ARCHS: Final = {
    "amd64": Arch("amd64", "x86_64-manylinux_2_40", ("qemu-system-x86_64", "-M", "q35", "-cpu", "Nehalem-v1"), "ttyS0"),
    "arm64": Arch(
        "arm64",
        "aarch64-manylinux_2_40",
        ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a72"),
        "ttyAMA0",
    ),
}


def cache() -> Path:
    """Return the folder of everything that takes long to make."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "retrowalk"


def key(*parts: str | bytes) -> str:
    """Return a short name for this content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def made(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`; if it is not there yet, `build` fills it. Half a folder is never taken for a whole one."""
    if not folder.exists():
        with alone(folder, wait=True):
            if not folder.exists():  # who was waited for has made it
                _make(folder, build)
    return folder


def _make(folder: Path, build: Callable[[Path], None]) -> None:
    sys.stdout.write(f"building {folder}\n")
    sys.stdout.flush()
    half = folder.with_name(folder.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    build(half)
    half.rename(folder)


def debian(arch: Arch) -> Path:
    """Return the folder with root.img, vmlinuz, initrd.img and packages.txt. Raises Unable."""
    hooks = [(GUEST / script).read_bytes() for script in HOOKS.values()]
    folder = cache() / f"debian-{arch.debian}-{key(SUITE, *DISK, *PACKAGES, *_OPTIONS, *hooks)}"
    return made(folder, lambda half: _build_debian(arch, half))


def _build_debian(arch: Arch, folder: Path) -> None:
    tree, mirror = folder / "tree", os.environ.get("MIRROR")
    hooks = (f'--{when}-hook={GUEST / script} "$1"' for when, script in HOOKS.items())
    wanted = (f"--architectures={arch.debian}", f"--include={','.join([*PACKAGES, f'linux-image-{arch.debian}'])}")
    try:
        run(*_MOUNTS_APART, "mmdebstrap", *_OPTIONS, *wanted, *hooks, SUITE, str(tree), *([mirror] if mirror else []))
    except Unable as unable:
        raise Unable(f"{unable}\nDebian came from {mirror or 'its own mirror'}; MIRROR=… names another") from unable
    for kind in ("vmlinuz", "initrd.img"):
        (found,) = (tree / "boot").glob(f"{kind}-*")
        shutil.copy(found, folder / kind)
    (folder / "packages.txt").write_text(run("dpkg-query", f"--admindir={tree / 'var/lib/dpkg'}", "-W"))
    _make_disk(tree, folder / "root.img", *DISK)


def site(arch: Arch) -> Path:
    """Return the disk image with the locked Python packages for the guest. Raises Unable."""
    folder = cache() / f"site-{arch.debian}-{key(LOCK.read_bytes(), sys.version)}"
    return made(folder, lambda half: _build_site(arch, half)) / "site.img"


def _build_site(arch: Arch, folder: Path) -> None:
    tree = folder / "tree"
    locked = ("--no-deps", "--require-hashes", "-r", str(LOCK))
    platform = ("--python-platform", arch.wheels, "--python-version", "3.13", "--only-binary", ":all:")
    run(str(Path(sys.executable).with_name("uv")), "pip", "install", "--target", str(tree), *platform, *locked)
    _compile(tree)
    _make_disk(tree, folder / "site.img", *SITE_DISK)


def code(folder: Path) -> None:
    """Write the checkout as it is now, compiled, as code.tar into `folder`. Raises Unable."""
    tree = folder / "code"
    shutil.rmtree(tree, ignore_errors=True)
    listed = run("git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (CHECKOUT / name).is_file():  # else deleted, and not yet committed
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, tree / name)
    _compile(tree)
    run("tar", "-C", str(tree), "-cf", str(folder / "code.tar"), "--owner=0", "--group=0", ".")
    shutil.rmtree(tree)


def _compile(tree: Path) -> None:
    run(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(tree))


def _make_disk(tree: Path, disk: Path, size: str, feature: str) -> None:
    run("truncate", "-s", size, str(disk))
    run("mkfs.ext4", "-q", "-O", feature, "-d", str(tree), str(disk))
    shutil.rmtree(tree)

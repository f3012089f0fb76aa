"""How the kernel gets its adapter: a virtual one where it has hci_vhci, else one at the end of a serial line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

VIRTUAL: Final = Path("/dev/vhci").exists()
TRANSPORT: Final = "vhci" if VIRTUAL else "pty:/run/hci"
UNIT: Final = "btattach.service"


def attach() -> None:
    """Have the kernel take the far end of the line for an adapter. Does nothing where the adapter is virtual."""
    _systemctl("restart", UNIT)


@contextmanager
def attached() -> Iterator[None]:
    """Attach while entered: btattach does not notice that the far end went."""
    attach()
    try:
        yield
    finally:
        _systemctl("stop", UNIT)


def _systemctl(*arguments: str) -> None:
    if not VIRTUAL:
        subprocess.run(("systemctl", "--no-block", *arguments), check=True)  # noqa: S603, S607 - ours

"""Small text files: read so that nothing found under their name can hang the reader, written so that they are whole."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_small(path: Path, most_bytes: int) -> str:
    """Return a regular file's UTF-8 text. Raises OSError (a pipe, a device, a larger file, too), UnicodeDecodeError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait here for its writer
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes // 1024} KiB", str(path))
    return content.decode("utf-8")


def write_durably(path: Path, text: str) -> None:
    """Write a file that is there whole, after a power cut too, or not at all. Raises OSError."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were added to, or removed from, `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

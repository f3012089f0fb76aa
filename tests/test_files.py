from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrowalk.files import read_small


def test_a_small_text_is_read_to_its_last_byte(tmp_path: Path) -> None:
    """As many bytes as are allowed, and UTF-8."""
    file = tmp_path / "text"
    file.write_text("mph ½", encoding="utf-8")
    assert read_small(file, 6) == "mph ½"


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    """One byte more is too much; only that much is read."""
    file = tmp_path / "text"
    file.write_bytes(b"x" * 2049)
    with pytest.raises(OSError, match="it is larger than 2 KiB"):
        read_small(file, 2048)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """Nobody writes into it, and nobody will."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read_small(tmp_path / "pipe", 1024)


def test_a_device_is_refused() -> None:
    """It would never end."""
    with pytest.raises(OSError, match="no regular file"):
        read_small(Path("/dev/zero"), 1024)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """By whoever notices first."""
    with pytest.raises(OSError, match=r"no regular file|Is a directory"):
        read_small(tmp_path, 1024)


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """Half a character is no text."""
    (tmp_path / "text").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        read_small(tmp_path / "text", 1024)

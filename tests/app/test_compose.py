from __future__ import annotations

from pathlib import Path

import pytest

from retrowalk.app.compose import FolderUnusable, serve
from retrowalk.config import Config, DaemonTable


async def test_a_lock_that_is_no_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A folder that stands in its place: nothing was started."""
    (tmp_path / "run" / "lock").mkdir(parents=True)
    config = Config(daemon=DaemonTable(runtime_dir=tmp_path / "run", state_dir=tmp_path / "state"))
    with pytest.raises(FolderUnusable, match=r"run/lock cannot be opened for writing: Is a directory; remove it"):
        await serve(config)

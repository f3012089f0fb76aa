"""The demo does not claim what it did not see. The demo itself, two minutes of it, is `make demo`."""

from __future__ import annotations

import os
from pathlib import Path

from integration.scene import retrowalk

FAILED, USAGE = 1, 2


async def test_a_demo_that_lacks_a_program_names_its_package(tmp_path: Path) -> None:
    """Exit status 2, and the command that installs it; nothing was started."""
    ended = await retrowalk("demo", environment={**os.environ, "PATH": str(tmp_path)})
    assert ended.status == USAGE
    assert "dbus-daemon: apt-get install " in ended.err
    assert not ended.out


async def test_a_demo_on_a_treadmill_that_misbehaves_fails(tmp_path: Path) -> None:
    """A belt that takes km/h for mph trips the clean session: exit status 1, what was expected, and the logs."""
    ended = await retrowalk("demo", "--profile", "mph", "--keep", tmp_path)
    assert ended.status == FAILED
    assert "demo: FAILED: the clean session ended as tripped" in ended.err
    assert "the belt started faster than board speed" in ended.out
    assert "first_speed" in (tmp_path / "daemon.log").read_text()
    assert "demo: ok" not in ended.out


async def test_a_demo_on_no_treadmill_says_which_there_are() -> None:
    """Exit status 1, at once, with the simulator's own words."""
    ended = await retrowalk("demo", "--profile", "carousel")
    assert ended.status == FAILED
    assert "the simulator has ended" in ended.err
    assert "'carousel' is no profile; choose from ideal" in ended.err

from __future__ import annotations

import subprocess
import sys


def test_the_daemon_loads_no_library_of_the_terminal() -> None:
    """What only people at a terminal need is neither in the daemon's memory nor in the way of its start."""
    code = "import sys, retrowalk.cli.run; print(*sorted({'rich', 'typer', 'click', 'pygments'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.split() == []


def test_rich_stays_importable() -> None:
    """Whoever needs it later in the same process has it."""
    code = "import retrowalk.cli.run, rich.console; print(rich.console.Console)"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # noqa: S603 - ours

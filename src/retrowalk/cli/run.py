"""`retrowalk run`: the daemon. A start does not wait for a command-line library either."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import retrowalk.cli.plain_logs  # first of all  # noqa: F401  # isort: split
from retrowalk.app.compose import AlreadyRunning, FolderUnusable, serve
from retrowalk.config import DEFAULT_CONFIG, ConfigError, load_config
from retrowalk.logs import configure_logs

USAGE: Final = 2
REFUSED: Final = 4

_EPILOG: Final = """\
exit status: 0 told to stop and the belt stood, 2 the configuration or another daemon, 4 a folder that cannot be used,
             5 the belt was not confirmed to stand

examples:
  retrowalk run --config /etc/retrowalk/treadmill.toml
"""


def main(arguments: list[str]) -> int:
    """Run the daemon until it is told to stop; return the exit status."""
    config: Path = _parser().parse_args(arguments).config
    try:
        loaded = load_config(config)
        configure_logs(loaded.log.level, loaded.log.format)
        return asyncio.run(serve(loaded))
    except (ConfigError, AlreadyRunning, FolderUnusable) as error:
        print(f"retrowalk: {error}", file=sys.stderr)
        return REFUSED if isinstance(error, FolderUnusable) else USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="retrowalk run",
        description="Run the daemon until it is told to stop. It touches no treadmill before it is armed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = Path(os.environ.get("RETROWALK_CONFIG", DEFAULT_CONFIG))
    parser.add_argument("--config", type=Path, default=default, help="the configuration (also RETROWALK_CONFIG)")
    return parser

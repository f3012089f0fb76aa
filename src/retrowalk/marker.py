"""The session marker: a small file that says, to whoever comes after a crash, that a belt may be running.

It is written and removed off the event loop, in order, and is durable before anybody is told that it is there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import structlog

from retrowalk.files import read_small, sync_folder, write_durably
from retrowalk.model.address import sound_address
from retrowalk.model.observations import MarkerStored, Observation

MARKER_NAME: Final = "session-marker"
LARGEST_MARKER_BYTES: Final = 4096

log = structlog.get_logger()


class SessionMarker:
    """One daemon's marker file."""

    def __init__(self, runtime_dir: Path, observe: Callable[[Observation], None]) -> None:
        self.path = runtime_dir / MARKER_NAME
        self._observe = observe
        self._address = ""  # the last one known: a daemon that comes up latched has no link yet, but had a treadmill
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="marker")

    def cause(self) -> str | None:
        """Return why a session was left open: its latch, or that it was interrupted; None = there is no marker."""
        try:
            content = json.loads(read_small(self.path, LARGEST_MARKER_BYTES))
            latch, self._address = content["latch"], str(content.get("address") or "")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return "unreadable_marker"
        return latch if isinstance(latch, str) else "restart_in_session"

    def left_treadmill(self) -> str | None:
        """Return the address of the treadmill of a session that was left open; None = the marker tells none."""
        return sound_address(self._address) if self.cause() else None

    def store(self, address: str, latch: str | None) -> None:
        """Write the marker; observe MarkerStored when it is durable, or could not be. No address: the last one."""
        self._address = address or self._address
        text = json.dumps({"address": self._address, "latch": latch})
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._disk, self._write, text)
        done.add_done_callback(lambda future: self._observe(MarkerStored(ok=future.result())))

    def clear(self) -> None:
        """Remove the marker."""
        self._disk.submit(self._remove)

    def close(self) -> None:
        """Wait until what was asked for is on the disk."""
        self._disk.shutdown(wait=True)

    def _write(self, text: str) -> bool:
        try:
            write_durably(self.path, text)
        except OSError as error:
            log.error("marker_not_stored", path=str(self.path), error=str(error), belt="will not start")  # noqa: TRY400
            return False
        return True

    def _remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            log.error("marker_not_removed", path=str(self.path), error=str(error))  # noqa: TRY400

"""Where the log goes: never into the way of the belt. Writing costs the caller nothing and never fails.

A full disk, a frozen reader or a closed pipe loses log lines, and nothing else; what was lost is counted and told.
"""

from __future__ import annotations

import atexit
import queue
import threading
from typing import Final, TextIO

_MOST_WAITING: Final = 2000
_FAREWELL_S: Final = 1.0


class Outlet:
    """A stream whose `write` hands the text to a thread of its own; what does not fit is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self.dropped = 0
        self._stream = stream
        self._waiting: queue.Queue[str] = queue.Queue(_MOST_WAITING)
        threading.Thread(target=self._pour, name="log", daemon=True).start()
        atexit.register(self.drain)

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._stream.isatty()

    def write(self, text: str) -> int:
        """Take `text`; return its length. Never blocks, never raises."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """Do nothing: each text is flushed where it is written."""

    def drain(self, within_s: float = _FAREWELL_S) -> None:
        """Wait until everything is written, but not for long."""
        done = threading.Thread(target=self._waiting.join, daemon=True)
        done.start()
        done.join(within_s)

    def _pour(self) -> None:
        while True:
            text = self._waiting.get()
            try:
                self._stream.write(self._confession() + text)
                self._stream.flush()
            except (OSError, ValueError):
                self.dropped += 1
            finally:
                self._waiting.task_done()

    def _confession(self) -> str:
        lost, self.dropped = self.dropped, 0
        return f"({lost} log entries were lost: nobody took them)\n" if lost else ""

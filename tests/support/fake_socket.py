"""A Unix socket that answers lines as a test says: what no daemon of this version does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, UnixStreamServer


class FakeSocket(UnixStreamServer):
    """Each connection is answered once: with the next of `answers`, and with the last of them ever after."""

    answers: list[bytes]
    heard: list[bytes]


class _Handler(StreamRequestHandler):
    server: FakeSocket

    def handle(self) -> None:
        """Read a line, and answer it."""
        self.server.heard.append(self.rfile.readline())
        answers = self.server.answers
        with suppress(BrokenPipeError):
            self.wfile.write(answers.pop(0) if len(answers) > 1 else answers[0])


@contextmanager
def fake_socket(path: Path) -> Iterator[FakeSocket]:
    """Serve at `path` from a thread."""
    with FakeSocket(str(path), _Handler) as server:
        server.answers, server.heard = [b""], []
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server
        finally:
            server.shutdown()
            serving.join()

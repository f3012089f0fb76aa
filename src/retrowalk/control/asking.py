"""The client's end of the socket.

AnswerUnreadable   what answers is no daemon that this version understands
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from retrowalk.control.patience import patience_s

HANGS_UP_LATER_S: Final = 3.0
LONGEST_ANSWER_BYTES: Final = 1024 * 1024
_SHOWN_BYTES: Final = 60


class AnswerUnreadable(OSError):  # noqa: N818 - what is the matter, in the words of whoever asked
    """An answer came that cannot be used. The message has its beginning."""

    def __init__(self, line: bytes) -> None:
        super().__init__(f"it answers in a way that cannot be understood: {line[:_SHOWN_BYTES]!r}")


def ask(path: Path, message: dict[str, Any]) -> dict[str, Any]:
    """Send one message to the daemon at `path` and return its answer: a refusal, or what was asked for.

    Raises OSError when there is none, AnswerUnreadable when there is an odd one.
    """
    answer = next(talk(path, message, patience_s(message.get("cmd")) + HANGS_UP_LATER_S))
    if not (_refuses(answer) or _ANSWERS.get(message.get("cmd"), _takes)(answer)):
        raise AnswerUnreadable(json.dumps(answer).encode())
    return answer


def talk(path: Path, message: dict[str, Any], timeout_s: float = 5.0) -> Iterator[dict[str, Any]]:
    """Send one message and yield every line that comes back. Raises OSError when the daemon goes, or is not there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        client.connect(str(path))
        client.sendall(json.dumps(message).encode() + b"\n")
        with client.makefile("rb") as lines:
            while line := lines.readline(LONGEST_ANSWER_BYTES):
                yield _read(line)
    raise ConnectionResetError(f"the daemon at {path} hung up")


def _read(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
        json.dumps(answer, ensure_ascii=False).encode()  # half of a character can be read, but not be shown
    except (ValueError, RecursionError):
        raise AnswerUnreadable(line) from None
    if not isinstance(answer, dict):
        raise AnswerUnreadable(line)
    return answer


def _refuses(answer: dict[str, Any]) -> bool:
    return answer.get("ok") is False and isinstance(answer.get("reason"), str)


def _takes(answer: dict[str, Any]) -> bool:
    return answer.get("ok") is True


def _tells(what: str) -> Callable[[dict[str, Any]], bool]:
    """Return a test for an answer that has `what`, an object, or null before there is one."""
    return lambda answer: what in answer and isinstance(answer[what], dict | None)


_ANSWERS: Final[dict[object, Callable[[dict[str, Any]], bool]]] = {what: _tells(what) for what in ("state", "explain")}

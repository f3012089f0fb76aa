"""How long the socket's two ends wait for each other."""

from __future__ import annotations

from typing import Final

from retrowalk.model.requests import Verb

REPLY_WITHIN_S: Final = 2.0
ARMED_WITHIN_S: Final = 50.0  # arming waits for the machine, and gives up by itself after 45 s


def patience_s(cmd: object) -> float:
    """Return how long the engine may take to answer `cmd`."""
    return ARMED_WITHIN_S if cmd == Verb.ARM else REPLY_WITHIN_S

"""The local socket: the same commands as over MQTT, one JSON object a line, and they work with a dead broker.

Who may open the socket may command: its mode is 0660. There is no freshness check, for nothing is queued or replayed.
"""

from __future__ import annotations

from retrowalk.control.asking import AnswerUnreadable, ask, talk
from retrowalk.control.server import ControlServer

__all__ = ["AnswerUnreadable", "ControlServer", "ask", "talk"]

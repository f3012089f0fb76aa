"""What goes over the wire: the JSON of MQTT and of the local socket, read strictly and written plainly."""

from __future__ import annotations

from retrowalk.messages.command import (
    COMMANDS,
    LONGEST_COMMAND_BYTES,
    CommandMessage,
    RefusedMessage,
    is_stop,
    parse_command,
    to_request,
)
from retrowalk.messages.diagnostics import DiagnosticsMessage
from retrowalk.messages.event import EVENT_TYPES, event_message, refusal_event
from retrowalk.messages.explain import explain_message
from retrowalk.messages.press import Held, PressMessage, parse_press
from retrowalk.messages.response import response_message
from retrowalk.messages.stamp import Stamp
from retrowalk.messages.state import state_message

__all__ = [
    "COMMANDS",
    "EVENT_TYPES",
    "LONGEST_COMMAND_BYTES",
    "CommandMessage",
    "DiagnosticsMessage",
    "Held",
    "PressMessage",
    "RefusedMessage",
    "Stamp",
    "event_message",
    "explain_message",
    "is_stop",
    "parse_command",
    "parse_press",
    "refusal_event",
    "response_message",
    "state_message",
    "to_request",
]

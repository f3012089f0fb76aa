"""The states that the messages are made of."""

from __future__ import annotations

from states import full_state, idle_state, stamp

__all__ = ["full_state", "idle_state", "stamp"]

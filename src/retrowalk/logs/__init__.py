"""The log: key-value events for the journal or for a person, and a way out that is never in the belt's way."""

from retrowalk.logs.journal import configure_logs, leave
from retrowalk.logs.outlet import Outlet

__all__ = ["Outlet", "configure_logs", "leave"]

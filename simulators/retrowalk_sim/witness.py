"""What an independent onlooker saw of a simulated device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Witness:
    """One thing that happened, in the device's seconds: belt_standing, written (hex), key_pulled and so on."""

    at_s: float
    what: str
    detail: str = ""


class Log(list[Witness]):
    """Everything seen so far, in order; `on_event` also gets each as it happens."""

    on_event: Callable[[Witness], None] | None = None

    def saw(self, at_s: float, what: str, detail: str = "") -> None:
        """Note that `what` happened."""
        event = Witness(at_s, what, detail)
        self.append(event)
        if self.on_event is not None:
            self.on_event(event)

    def of(self, *whats: str) -> list[Witness]:
        """Return the events of these kinds."""
        return [event for event in self if event.what in whats]

"""What the daemon says: it goes to home automation, into the log, into the counts, and to the people in the house."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from retrowalk.interlock.rules import RULES
from retrowalk.model.reports import Phase, PhaseChanged, Reply, Report, State, Tripped, Warned
from retrowalk.mqtt import MqttBridge
from simulation.telling import told
from simulation.world.log import Log


class Listener:
    """Every daemon's listener, with the bridge of the present one behind it."""

    def __init__(self, log: Log) -> None:
        self.rules: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.bridge: MqttBridge | None = None
        self.hear: Callable[[Report], None] = lambda _: None
        self._log = log

    def publish(self, report: Report) -> None:
        """Hear a report."""
        if self.bridge:
            self.bridge.publish(report)
        self._log.note("said", *told(report))
        self._count(report)
        self.hear(report)

    def publish_state(self, state: State) -> None:
        """Hear the state."""
        if self.bridge:
            self.bridge.publish_state(state)
        if state.phase is not Phase.IDLE:  # hands off: nothing is watched, and much is not known
            self.rules.update(fault.rule for fault in state.faults)

    async def run(self) -> None:
        """Live until cancelled."""
        if self.bridge:
            await self.bridge.run()
        await asyncio.Event().wait()

    def _count(self, report: Report) -> None:
        match report:
            case PhaseChanged(phase):
                self.phases[phase.value] += 1
            case Tripped(trip):
                self.rules[trip.cause] += 1
            case Reply(ok=False, reason=words) | Warned(words=words):
                self.rules.update(rule.name for rule in RULES if rule.words in words)
            case _:
                pass

"""The daemon as it is installed in the house: real engine, crank, links and bridge, and the simulated things around."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Parts
from retrowalk.bluetooth import Bluetooth
from retrowalk.engine import Engine
from retrowalk.heart_rate.client import HeartRateClient, HeartRateSettings
from retrowalk.machines import Machines
from retrowalk.mqtt import MqttBridge, MqttSettings
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.memory import Radio
from simulation.broker import MemoryBroker
from simulation.story import Story
from simulation.world.clock import Clock
from simulation.world.disk import Disk
from simulation.world.listener import Listener
from support.house import Nobody
from support.machines import commissioned, record

NODE: Final = "campaign"
MEASURED: Final[Mapping[str, dict[str, Any]]] = {
    "silent-after-stop": {"after_stop": "silence"},
    "ignores-start": {"starts_at_console_only": True},
}
"""What commissioning would have found out."""


class Installation:
    """Puts a fresh daemon together, as often as one is started."""

    def __init__(
        self, story: Story, clock: Clock, *, radio: Radio, broker: MemoryBroker, disk: Disk, listener: Listener
    ) -> None:
        self._story, self._clock = story, clock
        self._radio, self._broker, self._disk, self._listener = radio, broker, disk, listener

    def daemon(self, leave: Callable[[int], None]) -> Daemon:
        """Make a daemon, which is not run yet; the disk and the listener are its from here on."""
        daemon = Daemon(Engine(self._story.settings), clock_ns=self._clock.ns, leave=leave)
        self._disk.observe = daemon.observe
        bluetooth = Bluetooth(None, self._radio.client, self._radio.scanner, self._radio.adapter)
        link = TreadmillLink(self._knows(), daemon.observe, bluetooth, clock_ns=self._clock.ns)
        heart = HeartRateClient(HeartRateSettings(), daemon.observe, bluetooth)
        self._listener.bridge = self._bridge(daemon) if self._story.broker else None
        daemon.parts = Parts(link, self._disk, Nobody(), heart, bridge=self._listener)
        return daemon

    def _knows(self) -> TreadmillSettings:
        """Return what is known of the treadmill."""
        machine = self._story.machine
        match self._story.known:
            case "commissioned":
                return commissioned(machine, **MEASURED.get(machine, {}))
            case "refused":
                return TreadmillSettings(machines=Machines(records=(record(machine, passed=False),)))
            case _:
                return TreadmillSettings()

    def _bridge(self, daemon: Daemon) -> MqttBridge:
        plan = self._story.plan
        return MqttBridge(
            MqttSettings(NODE),
            submit=daemon.observe,
            observe=daemon.observe,
            find_plan=lambda _: plan,
            programs=(plan.program,),
            wall_clock=self._clock.wall_s,
            clock_ns=self._clock.ns,
            dial=self._broker.dial,
        )

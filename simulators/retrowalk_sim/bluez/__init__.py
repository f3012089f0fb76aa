"""A fake org.bluez on a private D-Bus: the shipped bleak and dbus-fast run unmodified against simulated devices.

It does what bluetoothd was seen to do, the unpleasant parts included: one write per characteristic at a time, links
that outlive their client, notification sessions that multiply and come back after a reconnect. Reading order: wire
(objects and calls), bearer and link (the radio), characteristic, device, adapter, daemon.
"""

from retrowalk_sim.bluez.bus import PrivateBus, private_bus
from retrowalk_sim.bluez.daemon import Bluez, serve
from retrowalk_sim.bluez.timing import Timing

__all__ = ["Bluez", "PrivateBus", "Timing", "private_bus", "serve"]

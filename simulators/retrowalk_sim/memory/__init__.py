"""The link in memory: bleak backends over simulated devices in one process, without Bluetooth and without D-Bus."""

from __future__ import annotations

from retrowalk_sim.memory.radio import Radio

__all__ = ["Radio"]

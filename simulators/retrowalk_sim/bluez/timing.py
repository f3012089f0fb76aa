"""How long the radio and bluetoothd take, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds. Where the default is quicker than a Raspberry Pi, the comment says what was seen there."""

    advertise_s: float = 0.05  # treadmills: 0.1–1
    connect_s: float = 0.02  # 0.1–2
    resolve_s: float = 0.01  # 0.5–3
    unreachable_s: float = 2.0  # 20–40
    disconnect_s: float = 0.02  # bluetoothd waits 2 s for its plug-ins
    loss_noticed_s: float = 0.4  # 0.4–6, the supervision timeout
    inherited_s: float = 0.05  # 0.65, after a second in which there is no bluetoothd
    att_timeout_s: float = 30.0  # by the specification
    forgotten_s: float = 30.0  # bluetoothd's TemporaryTimeout, for devices that nobody ever connected

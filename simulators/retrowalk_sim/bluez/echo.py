"""A device without opinions: what is written comes back. It tests links, and keeps a diary of what reached it."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final, override

from retrowalk_sim.gatt import (
    STALLED,
    Advertisement,
    AttError,
    Characteristic,
    Emission,
    LinkLoss,
    Notification,
    Peripheral,
    Service,
    uuid16,
)

SERVICE: Final = uuid16(0xFF00)
INDICATED: Final = uuid16(0xFF01)
NOTIFIED: Final = uuid16(0xFF02)
READ: Final = uuid16(0xFF03)
PLAIN: Final = uuid16(0xFF04)

REFUSE: Final = 0xEE
"""First byte of a write that is refused with the ATT error code in the second."""
DELAY: Final = 0xDD
"""First byte of a write whose response takes as many milliseconds as the second byte says."""
DROP: Final = 0xBB
"""First byte of a write after which the device drops the link."""
STALL: Final = 0xCC
"""First byte of a write whose response never comes."""


class Echo(Peripheral):
    """Echoes writes on the characteristic that they were written to, while it is subscribed."""

    def __init__(self, address: str = "00:00:5E:00:53:01", name: str = "Echo") -> None:
        self.advertisement = Advertisement(address, name, (SERVICE,), {SERVICE: b"\x01\x02"})
        self.services = (
            Service(
                SERVICE,
                (
                    Characteristic(INDICATED, frozenset({"write", "indicate"})),
                    Characteristic(NOTIFIED, frozenset({"write", "write-without-response", "notify"})),
                    Characteristic(READ, frozenset({"read", "notify"})),
                    Characteristic(PLAIN, frozenset({"read"})),
                ),
            ),
        )
        self.reachable = True
        self.value = b"hello"
        self.diary: list[str] = []
        self.subscriptions: set[str] = set()
        self._outbox: deque[Emission] = deque()

    @property
    @override
    def connectable(self) -> bool:
        return self.reachable

    @override
    def connected(self, now_s: float) -> None:
        self.diary.append("connected")

    @override
    def disconnected(self, now_s: float) -> None:
        self.diary.append("disconnected")
        self.subscriptions.clear()
        self._outbox.clear()

    @override
    def subscribed(self, uuid: str, on: bool, now_s: float) -> None:
        self.diary.append(f"{'subscribed' if on else 'unsubscribed'} {uuid[4:8]}")
        (self.subscriptions.add if on else self.subscriptions.discard)(uuid)

    @override
    def read(self, uuid: str) -> bytes:
        if uuid not in {READ, PLAIN}:
            raise AttError(0x02)
        return self.value

    @override
    def write(self, uuid: str, value: bytes, *, response: bool, now_s: float) -> float:
        self.diary.append(f"{'request' if response else 'command'} {value.hex()}")
        kind, operand = value[0], value[-1]
        if kind == REFUSE:
            raise AttError(operand)
        if kind == DROP:
            self._outbox.append(LinkLoss())
        self.send(uuid, value)
        return {DELAY: now_s + operand / 1000, STALL: STALLED}.get(kind, now_s)

    def send(self, uuid: str, value: bytes) -> None:
        """Queue a value of its own accord; the link must be kicked to fetch it."""
        if uuid in self.subscriptions:
            self._outbox.append(Notification(uuid, value))

    @override
    def advance(self, now_s: float) -> list[Emission]:
        sent = list(self._outbox)
        self._outbox.clear()
        return sent

    @property
    @override
    def due_s(self) -> float:
        return inf

"""The seam between a simulated device and the link that carries it: memory, fake BlueZ, or a real controller.

A peripheral is sans-I/O: time is an argument in seconds, and what it sends comes back from `advance`. A link calls
`advance(now_s)` at `due_s` and after every `write`, and delivers what comes back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf
from typing import Final

SIG_BASE: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"


def uuid16(short: int) -> str:
    """Return the full UUID of an assigned number, as BlueZ writes it."""
    return SIG_BASE.format(short)


class AttError(Exception):
    """The peripheral refused a request with an ATT error code."""

    IN_PROGRESS: Final = 0xFE
    CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD
    READ_NOT_PERMITTED: Final = 0x02
    WRITE_NOT_PERMITTED: Final = 0x03
    INVALID_LENGTH: Final = 0x0D
    UNLIKELY: Final = 0x0E

    def __init__(self, code: int) -> None:
        super().__init__(f"ATT error 0x{code:02x}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One characteristic; `properties` in BlueZ's words: read, write, write-without-response, notify, indicate."""

    uuid: str
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Service:
    """One primary service."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a scanner sees."""

    address: str
    name: str
    service_uuids: tuple[str, ...]
    service_data: dict[str, bytes] = field(default_factory=dict)
    rssi: int = -55


@dataclass(frozen=True, slots=True)
class Notification:
    """A value for every central that subscribed to `uuid` (notification or indication)."""

    uuid: str
    value: bytes


@dataclass(frozen=True, slots=True)
class LinkLoss:
    """The device or the radio dropped the link, without a word to anybody."""


type Emission = Notification | LinkLoss


class Peripheral(ABC):
    """A simulated device. One central at a time, as real treadmills have it."""

    advertisement: Advertisement
    services: tuple[Service, ...]

    @property
    @abstractmethod
    def connectable(self) -> bool:
        """False: powered off, out of range, or blocked by its own quirk."""

    @abstractmethod
    def connected(self, now_s: float) -> None:
        """Take note that a central connected."""

    @abstractmethod
    def disconnected(self, now_s: float) -> None:
        """Take note that the central is gone, whoever ended it."""

    @abstractmethod
    def subscribed(self, uuid: str, on: bool, now_s: float) -> None:
        """Take note that the central wrote the CCCD of `uuid`."""

    @abstractmethod
    def read(self, uuid: str) -> bytes:
        """Return the value of a readable characteristic. Raises AttError."""

    @abstractmethod
    def write(self, uuid: str, value: bytes, *, response: bool, now_s: float) -> float:
        """Take a write; return when its ATT response leaves, in seconds (`STALLED`: never). Raises AttError."""

    @abstractmethod
    def advance(self, now_s: float) -> list[Emission]:
        """Bring the device to `now_s` and return what it sent on the way, in order."""

    @property
    @abstractmethod
    def due_s(self) -> float:
        """When `advance` should be called next, in seconds (`inf`: only after an input)."""


STALLED: Final = inf

"""What every simulated device has in common: its own present, one link at a time, subscriptions, a regular report."""

from __future__ import annotations

from abc import abstractmethod
from math import inf
from typing import Final

from retrowalk_sim.agenda import Agenda
from retrowalk_sim.gatt import Advertisement, AttError, Emission, LinkLoss, Notification, Peripheral, Service
from retrowalk_sim.witness import Log

PULSE_S: Final = 0.1  # how soon a device on a loop notices what a hand or a fault did to it


class Device(Peripheral):
    """A peripheral with one regular report. Hands and faults act at its present: the last time that it was given."""

    def __init__(self, advertisement: Advertisement, services: tuple[Service, ...], report_every_s: float) -> None:
        self.advertisement = advertisement
        self.services = services
        self.witness = Log()
        self.values: dict[str, bytes] = {}  # of the readable characteristics
        self.pulse_s = PULSE_S
        self._report_every_s = report_every_s
        self._now_s = 0.0
        self._agenda = Agenda()  # of the link: emptied with it
        self._outbox: list[Emission] = []
        self._subscriptions: set[str] = set()
        self._linked = False
        self._out_until_s = -inf

    # ---- for the kinds of device

    @abstractmethod
    def _live(self, now_s: float) -> None:
        """Bring everything but the link to `now_s`."""

    @property
    def _lives_s(self) -> float:
        """When something other than the link changes by itself (`inf`: never)."""
        return inf

    @abstractmethod
    def _report(self) -> None:
        """Send the regular report."""

    def _unlinked(self) -> None:
        """Forget what belonged to the link."""

    def _notify(self, uuid: str, value: bytes) -> None:
        """Send `value` if anybody subscribed to it."""
        if self._linked and uuid in self._subscriptions:
            self._outbox.append(Notification(uuid, value))

    def _notify_at(self, at_s: float, uuid: str, value: bytes) -> None:
        """Send `value` at `at_s`, if the link lasts."""
        if self._linked:
            self._agenda.at(at_s, lambda _: self._notify(uuid, value))

    # ---- for whoever plays with it

    @property
    def now_s(self) -> float:
        """The device's own present."""
        return self._now_s

    @property
    def linked(self) -> bool:
        """Whether a central is connected."""
        return self._linked

    def catch_up(self, now_s: float) -> None:
        """Bring the device to `now_s`; what it sends on the way leaves with the next `advance`."""
        while (due_s := min(self._agenda.due_s, self._lives_s)) <= now_s:
            self._live(due_s)
            self._now_s = due_s
            if self._agenda.due_s <= due_s:
                self._agenda.do_next()
        self._live(now_s)
        self._now_s = now_s

    def lose_link(self, for_s: float = 0.0) -> None:
        """Break the radio link, and stay out of range for `for_s`. Everything else goes on as it is."""
        self._out_until_s = self._now_s + for_s
        if self._linked:
            self._outbox.append(LinkLoss())
            self._unlink("lost")

    # ---- the peripheral

    @property
    def connectable(self) -> bool:
        """Whether it is in range."""
        return self._now_s >= self._out_until_s

    def connected(self, now_s: float) -> None:
        """Take note that a central connected, without any subscription."""
        self.catch_up(now_s)
        self.witness.saw(now_s, "link_up")
        self._linked = True
        self._agenda.at(now_s + self._report_every_s, self._tick)

    def disconnected(self, now_s: float) -> None:
        """Take note that the central is gone."""
        self.catch_up(now_s)
        if self._linked:
            self._unlink("ended")

    def subscribed(self, uuid: str, on: bool, now_s: float) -> None:
        """Take note that the central wrote the CCCD of `uuid`."""
        self.catch_up(now_s)
        (self._subscriptions.add if on else self._subscriptions.discard)(uuid)

    def read(self, uuid: str) -> bytes:
        """Return the value of a readable characteristic. Raises AttError."""
        if uuid not in self.values:
            raise AttError(AttError.READ_NOT_PERMITTED)
        return self.values[uuid]

    def write(self, uuid: str, value: bytes, *, response: bool, now_s: float) -> float:  # noqa: ARG002 - refused unread
        """Refuse a write: nothing is writable. Raises AttError."""
        self.catch_up(now_s)
        raise AttError(AttError.WRITE_NOT_PERMITTED)

    def advance(self, now_s: float) -> list[Emission]:
        """Bring the device to `now_s` and return what it sent on the way, in order."""
        self.catch_up(now_s)
        sent, self._outbox = self._outbox, []
        return sent

    @property
    def due_s(self) -> float:
        """When `advance` should be called next: soon, for hands and faults come unannounced."""
        if self._outbox:
            return self._now_s
        return min(self._agenda.due_s, self._lives_s, self._now_s + self.pulse_s)

    def _tick(self, at_s: float) -> None:
        self._agenda.at(at_s + self._report_every_s, self._tick)
        self._report()

    def _unlink(self, how: str) -> None:
        self.witness.saw(self._now_s, "link_down", how)
        self._linked = False
        self._subscriptions.clear()
        self._agenda.clear()
        self._unlinked()

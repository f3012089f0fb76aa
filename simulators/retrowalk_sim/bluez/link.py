"""The radio link to one peripheral: up, silent, or down. It belongs to the air, not to D-Bus, nor to any client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from retrowalk_sim.bluez.bearer import Bearer, Done
from retrowalk_sim.bluez.errors import UNLIKELY
from retrowalk_sim.bluez.timing import Timing
from retrowalk_sim.gatt import AttError, Emission, LinkLoss, Notification, Peripheral
from retrowalk_sim.runner import Runner


def _nobody_hears(_uuid: str, _value: bytes) -> None:
    pass


def _nobody_cares() -> None:
    pass


class Link:
    """Carries GATT operations to a peripheral and its values back, while it is up."""

    def __init__(self, peripheral: Peripheral, timing: Timing) -> None:
        self.peripheral = peripheral
        self.timing = timing
        self.runner = Runner(peripheral, self._deliver)
        self.on_value: Callable[[str, bytes], None] = _nobody_hears
        self.on_down: Callable[[], None] = _nobody_cares
        self._bearer: Bearer | None = None
        self._held = False
        self._silent = False
        self._noticed: asyncio.TimerHandle | None = None

    @property
    def up(self) -> bool:
        """Whether bluetoothd believes in the link."""
        return self._bearer is not None

    def open(self) -> None:
        """Connect, at once."""
        self._silent = False
        self._bearer = Bearer(self.timing.att_timeout_s, self.close, held=self._held)
        self.peripheral.connected(self.runner.now_s)
        self.runner.kick()

    def close(self) -> None:
        """Disconnect, at once; does nothing when down."""
        if self._bearer is None:
            return
        bearer, self._bearer = self._bearer, None
        if self._noticed is not None:
            self._noticed.cancel()
            self._noticed = None
        if not self._silent:
            self._tell_peripheral()
        bearer.close()
        self.on_down()

    def lose(self) -> None:
        """Lose the radio: nothing passes any more, and bluetoothd notices only after a while."""
        if self._bearer is not None and not self._silent:
            self._silent = True
            self._bearer.silence()
            self._tell_peripheral()
            self._noticed = asyncio.get_running_loop().call_later(self.timing.loss_noticed_s, self.close)

    def hold(self, held: bool) -> None:
        """Let writes, reads and subscriptions stall on their way to the peripheral, or flow again."""
        self._held = held
        if self._bearer is not None and not self._silent:
            (self._bearer.hold if held else self._bearer.release)()

    def write(self, uuid: str, value: bytes, done: Done) -> None:
        """Write with response."""

        def send(now_s: float) -> float:
            try:
                return self.peripheral.write(uuid, value, response=True, now_s=now_s)
            finally:
                self.runner.kick()

        self._request(send, done)

    def command(self, uuid: str, value: bytes) -> None:
        """Write without response: a refusal is heard by nobody."""

        def send(now_s: float) -> None:
            try:
                self.peripheral.write(uuid, value, response=False, now_s=now_s)
            except AttError:
                return
            finally:
                self.runner.kick()

        if self._bearer is not None:
            self._bearer.command(send)

    def read(self, uuid: str, done: Callable[[bytes | AttError], None]) -> None:
        """Read a value."""
        values: list[bytes] = []

        def send(now_s: float) -> float:
            values.append(self.peripheral.read(uuid))
            return now_s

        self._request(send, lambda error: done(error or values[0]))

    def subscribe(self, uuid: str, on: bool, done: Done) -> None:
        """Write the client characteristic configuration of `uuid`."""

        def send(now_s: float) -> float:
            self.peripheral.subscribed(uuid, on, now_s)
            self.runner.kick()
            return now_s

        self._request(send, done)

    def _request(self, send: Callable[[float], float], done: Done) -> None:
        if self._bearer is None:
            done(AttError(UNLIKELY))
        else:
            self._bearer.request(send, done)

    def _tell_peripheral(self) -> None:
        self.peripheral.disconnected(self.runner.now_s)
        self.runner.kick()

    def _deliver(self, emission: Emission) -> None:
        match emission:
            case LinkLoss():
                self.lose()
            case Notification(uuid, value) if self.up and not self._silent:
                self.on_value(uuid, value)
            case Notification():
                pass  # it was said into a dead radio

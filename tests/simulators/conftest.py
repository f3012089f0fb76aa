"""What the tests of the simulators share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import Notification
from retrowalk_sim.profiles import Profile
from retrowalk_sim.treadmill import Treadmill

ALL = (ftms.TREADMILL_DATA, ftms.TRAINING_STATUS, ftms.CONTROL_POINT, ftms.MACHINE_STATUS)


@dataclass
class Central:
    """A client without I/O: connects to a treadmill, writes hex, lets time pass, and keeps all that it was sent."""

    treadmill: Treadmill
    now_s: float = 0.0
    sent: list[tuple[float, str, str]] = field(default_factory=list)

    def connect(self, *uuids: str) -> None:
        """Connect and subscribe, to everything unless told otherwise."""
        self.treadmill.connected(self.now_s)
        for uuid in uuids or ALL:
            self.treadmill.subscribed(uuid, True, self.now_s)

    def write(self, *requests: str) -> None:
        """Write each request and wait for its answer."""
        for request in requests:
            self.treadmill.write(ftms.CONTROL_POINT, bytes.fromhex(request), response=True, now_s=self.now_s)
            self.wait(0.3)

    def wait(self, seconds: float) -> None:
        """Let time pass in steps of at most 50 ms."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s = min(self.now_s + 0.05, end_s)
            for emission in self.treadmill.advance(self.now_s):
                if isinstance(emission, Notification):
                    self.sent.append((self.now_s, emission.uuid[4:8], emission.value.hex()))

    def heard(self, char: str, since_s: float = 0.0) -> list[str]:
        """Return the hex of all values of `char` since `since_s`."""
        return [value for at_s, name, value in self.sent if name == char and at_s >= since_s]

    def answers(self) -> list[str]:
        """Return the hex of all indications of the control point."""
        return self.heard("2ad9")

    def reported_kmh(self) -> float:
        """Return the speed of the last telemetry frame that carries it."""
        frames = [bytes.fromhex(value) for value in self.heard("2acd")]
        return next(int.from_bytes(f[2:4], "little") / 100 for f in reversed(frames) if not f[0] & 1)


type Meet = Callable[..., Central]


@pytest.fixture
def meet() -> Meet:
    """Make a central that is connected to a fresh treadmill of a profile."""

    def make(profile: Profile | str = "ideal", seed: int = 0) -> Central:
        central = Central(Treadmill(profile, seed=seed))
        central.connect()
        return central

    return make


@pytest.fixture
def walking(meet: Meet) -> Central:
    """Return a central whose belt, the ideal machine's, runs at 3 km/h."""
    central = meet()
    central.write("00", "07")
    central.wait(3)
    central.write("022c01")
    central.wait(6)
    return central

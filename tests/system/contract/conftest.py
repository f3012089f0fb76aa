"""The tests of the fake org.bluez, against the real one: the same device, behind the kernel's HCI instead."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Final, override

import pytest

from retrowalk_sim.bluez import Timing
from retrowalk_sim.bluez.echo import Echo
from retrowalk_sim.gatt import Emission, LinkLoss
from simulators.bluez.conftest import Vanish, client, ear, raw
from system.air import on_air
from system.room import ADAPTER, PATIENCE_S, run, systemctl, until_powered
from treadmill.air import forget_bleak

__all__ = ["client", "ear", "raw"]

SYSTEM_BUS: Final = "unix:path=/run/dbus/system_bus_socket"
PULSE_S: Final = 0.05
LONGEST_S: Final = 90
LOOKED_S: Final = 3.0
LOOKS: Final = 2  # whoever puts it on the air looks whether it is reachable, does what follows, and looks again

if "RETROWALK_GUEST" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


class LivelyEcho(Echo):
    """An echo that can lose its link of its own accord."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self._to_lose, self._lost = Event(), Event()
        self._now_s = 0.0

    @override
    def advance(self, now_s: float) -> list[Emission]:
        self._now_s = now_s
        emissions = super().advance(now_s)
        if self._to_lose.is_set():
            self._to_lose.clear()
            emissions.append(LinkLoss())
            asyncio.get_running_loop().call_soon(self._tell_when_silent)  # once the loss is on its way
        return emissions

    def _tell_when_silent(self) -> None:
        from retrowalk_sim.hci.air import UNDER_WAY_S  # noqa: PLC0415 - Bumble is in the guest alone

        asyncio.get_running_loop().call_later(UNDER_WAY_S, self._lost.set)

    @property
    @override
    def due_s(self) -> float:
        return self._now_s + PULSE_S

    @property
    @override
    def connectable(self) -> bool:
        self.looks += 1
        return self.reachable

    @property
    def linked(self) -> bool:
        """Whether a central is connected."""
        return next((entry == "connected" for entry in reversed(self.diary) if "connected" in entry), False)

    def lose_link(self) -> None:
        """Lose the link; nothing passes any more on return."""
        self._lost.clear()
        self._to_lose.set()
        assert self._lost.wait(PATIENCE_S), "the link was not lost"

    def fresh(self) -> None:
        """Be as new."""
        self.diary.clear()
        self.subscriptions.clear()
        self.reachable, self.value = True, b"hello"


class RealBluez:
    """What a test does to bluetoothd and the radio, in the words of the fake, as far as that can be done to them."""

    def __init__(self, echo: LivelyEcho) -> None:
        self._echo = echo

    def connected(self, _address: str) -> bool:
        """Whether the device has a link."""
        return self._echo.linked

    def lose_link(self, _address: str) -> None:
        """Break the radio link without a word."""
        self._echo.lose_link()

    def power(self, on: bool) -> None:
        """Switch the adapter's radio."""
        value = "true" if on else "false"
        command = ("busctl", "set-property", "org.bluez", ADAPTER, "org.bluez.Adapter1", "Powered", "b", value)
        subprocess.run(command, check=True)  # noqa: S603 - ours

    async def restart(self, down_s: float = 0.0) -> None:
        """Kill bluetoothd; systemd starts another."""
        del down_s
        await systemctl("kill", "--signal=KILL", "bluetooth")
        await until_powered()


@pytest.fixture(scope="session")
def air() -> Iterator[LivelyEcho]:
    """The device on the air, for all tests."""
    echo = LivelyEcho()
    with on_air(echo):
        yield echo


@pytest.fixture
async def bus_address() -> AsyncIterator[str]:
    """The system's bus."""
    yield SYSTEM_BUS
    await forget_bleak()


@pytest.fixture
def timing() -> Timing:
    """Nothing: bluetoothd has its own."""
    return Timing()


@pytest.fixture
def echo(air: LivelyEcho) -> LivelyEcho:
    """The device, as new."""
    air.fresh()
    return air


@pytest.fixture
def looked_s() -> float:
    """How long to look for what should not be there."""
    return LOOKED_S


@pytest.fixture
def vanish(echo: LivelyEcho) -> Vanish:
    """Put the device out of reach; once that is done, it is silent."""

    async def out_of_reach() -> None:
        echo.reachable = False
        enough = echo.looks + LOOKS
        await until_true(lambda: echo.looks >= enough)

    return out_of_reach


@pytest.fixture
async def bluez(bus_address: str, echo: LivelyEcho, timing: Timing) -> AsyncIterator[RealBluez]:
    """Make sure of a powered adapter that knows no device; forget the device afterwards."""
    del bus_address, timing
    real = RealBluez(echo)
    await _powered(real)
    await _forgotten(echo)
    echo.fresh()
    yield real
    await _powered(real)
    await _forgotten(echo)


async def _powered(real: RealBluez) -> None:
    with suppress(subprocess.CalledProcessError):
        await asyncio.to_thread(real.power, True)
    await until_powered()


async def _forgotten(echo: LivelyEcho) -> None:
    path = f"{ADAPTER}/dev_{echo.advertisement.address.replace(':', '_')}"
    with suppress(RuntimeError):
        await run("busctl", "call", "org.bluez", ADAPTER, "org.bluez.Adapter1", "RemoveDevice", "o", path)
    await until_true(lambda: not echo.linked)


async def until_true(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline_s = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < deadline_s, "it did not come true"
        await asyncio.sleep(0.01)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until a condition holds; with the patience that a slow guest needs."""
    return until_true


DIFFERENT: Final = {
    "test_a_device_nobody_connected_is_forgotten": "takes bluetoothd 30 s",
    "test_a_scan_keeps_telling": "bluetoothd tells a changed signal strength, and the emulated radio's never changes",
    "test_a_link_that_does_not_outlast_a_killed_daemon_ends_without_a_word": "the successor may come in time",
    "test_a_successor_tells_of_links_that_lasted_until_it_came": "the successor may come too late",
    "test_an_old_client_that_is_closed_takes_its_sessions_along": "counts sessions, which bluetoothd does not tell",
    "test_a_subscription_that_the_link_took_with_it_is_refused": "the emulated radio holds nothing back",
    "test_held_writes_reach_the_device_when_they_are_released": "the emulated radio holds nothing back",
    "test_a_stalled_write_ends_with_the_link": "takes 30 s, by the specification",
    "test_missing_encryption_is_one_error_of_three_causes": "bluetoothd begins to pair, which the simulator does not",
    "test_the_name_is_taken_once": "is about the fake alone",
    "test_a_write_takes_little_time": "is about the fake's own cost",
}
"""What is not asked of the real one, and why."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot be the same, and let nobody wait long for what does not come."""
    for item in items:
        if "contract" in item.path.parts:
            item.add_marker(pytest.mark.timeout(LONGEST_S))
            if (name := getattr(item, "originalname", item.name)) in DIFFERENT:
                item.add_marker(pytest.mark.skip(reason=DIFFERENT[name]))

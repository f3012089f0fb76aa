from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

import virtual_time
from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import Emission, LinkLoss, Notification
from retrowalk_sim.runner import Runner
from retrowalk_sim.treadmill import Treadmill


def test_a_runner_delivers_what_is_due_and_stops_when_told() -> None:
    """Telemetry comes at its times, hands are noticed at the next pulse, and after stop nothing comes."""
    delivered: list[tuple[float, Emission]] = []

    async def main() -> None:
        loop, treadmill = asyncio.get_running_loop(), Treadmill()
        with Runner(treadmill, lambda emission: delivered.append((loop.time(), emission))) as runner:
            treadmill.connected(runner.now_s)
            treadmill.subscribed(ftms.TREADMILL_DATA, True, runner.now_s)
            runner.kick()
            await asyncio.sleep(1.95)
            treadmill.lose_link()
            await asyncio.sleep(0.2)
        treadmill.lose_link()
        runner.kick()
        await asyncio.sleep(5)

    virtual_time.run(main())
    assert [round(at_s, 3) for at_s, e in delivered if isinstance(e, Notification)] == [0.5, 1.0, 1.5]
    ((lost_s, _),) = [(at_s, e) for at_s, e in delivered if isinstance(e, LinkLoss)]
    assert 1.95 <= lost_s <= 2.05


def test_virtual_time_jumps_and_keeps_order() -> None:
    """An hour of waiting takes no time, and timers fire in their order."""

    async def main() -> list[int]:
        order: list[int] = []
        loop = asyncio.get_running_loop()
        loop.call_later(3600, order.append, 2)
        loop.call_later(60, order.append, 1)
        await asyncio.sleep(7200)
        assert loop.time() == pytest.approx(7200)
        return order

    assert virtual_time.run(main()) == [1, 2]


def test_virtual_time_refuses_to_wait_for_nothing() -> None:
    """What nobody will ever end is an error, not a hang."""

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing to wait for"):
        virtual_time.run(main())


def test_virtual_time_shows_what_nobody_saw() -> None:
    """An exception in a callback fails the run."""

    def fail() -> NoReturn:
        raise KeyError("lost")

    async def main() -> None:
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="nobody saw"):
        virtual_time.run(main())

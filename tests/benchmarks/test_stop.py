"""The stopwatch of the benchmarks: real bleak, a real bus, a machine in another process."""

from __future__ import annotations

from time import monotonic

import pytest
from benchmarks.machine import Machine, machine
from benchmarks.stop import WAYS, percentile
from benchmarks.way_daemon import daemon_client

from retrowalk.cli.demo_stage import Simulator, missing_tools
from retrowalk.model.reports import Motion, Phase


def test_a_percentile_is_a_round_that_was_measured() -> None:
    """Nearest rank; a Stop that never came counts as the longest."""
    delays = [float(n) for n in range(1, 101)]
    assert [percentile(delays, p) for p in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert percentile([1.0, None], 50) == 1.0
    assert percentile([1.0, None], 99) is None
    assert percentile([7.0], 99) == 7.0


class _Silent(Simulator):
    """A witness whose account is given beforehand."""

    def __init__(self, *account: tuple[str, str]) -> None:
        self.events = [{"at_s": float(at), "what": what, "detail": detail} for at, (what, detail) in enumerate(account)]


@pytest.mark.parametrize(
    ("account", "obeyed"),
    [
        ((("link_up", ""), ("written", "0801"), ("written", "00"), ("written", "0801")), 3.0),
        ((("written", "00"), ("control_taken", ""), ("written", "00"), ("written", "0801")), 3.0),
        ((("written", "00"), ("stalled", "0801"), ("written", "0801")), 2.0),
    ],
)
async def test_only_a_stop_that_is_obeyed_counts(account: tuple[tuple[str, str], ...], obeyed: float) -> None:
    """One without control, or one that stalled on its way, stops nothing."""
    assert await Machine(_Silent(*account), "").obeyed_stop(-1.0) == obeyed


@pytest.fixture
def _tools() -> None:
    if missing := missing_tools():
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.mark.usefixtures("_tools")
async def test_every_way_stops_the_machine() -> None:
    """Each of them connects, starts the belt and stops it, and the machine says when; on one machine, in turn."""
    async with machine(4.0) as treadmill:
        for connected in WAYS.values():
            async with connected(treadmill) as client:
                await client.start()
                since_s = monotonic()
                client.stop()
                obeyed_s = await treadmill.obeyed_stop(since_s)
                assert obeyed_s is not None
                assert obeyed_s > since_s
                assert await treadmill.saw("belt_standing", since_s) >= obeyed_s
                await client.rest()


@pytest.mark.usefixtures("_tools")
async def test_the_daemon_that_is_measured_walks_and_trips() -> None:
    """It is in mid-walk and its strap trips and latches it; round after round."""
    async with machine(4.0) as treadmill, daemon_client(treadmill) as client:
        for _ in range(2):
            await client.start()
            state = client.state()
            assert (state.phase, state.motion, state.latched) == (Phase.WALK, Motion.MOVING, False)
            client.stop()
            tripped = client.state()
            assert tripped.trip is not None
            assert tripped.trip.cause == "strap_open"
            await client.rest()

"""`cmd/stop`, whatever is in it, in every state: a Stop is on the wire, and the belt stands.

On a walk it is said in test_broker.py, in the middle of a session in test_heart_rate.py: they come there anyway.
"""

from __future__ import annotations

from pathlib import Path

from integration.scene import START, Scene, scene

BINARY = bytes(range(256))
LONG = b"x" * 10_240
AT_ONCE_S = 2.0  # most of it the start of mosquitto_pub on a busy machine


async def _stop(set_: Scene, payload: bytes = b"") -> float:
    """Say stop; return how many seconds later it was written, once it was verified and the treadmill let go."""
    since, since_s = len(set_.home.events), set_.now_s
    await set_.home.stop(payload)
    written_s = await set_.stop_written(since_s)
    await set_.home.event("stop_verified", since)
    await set_.simulator.until("link_down", after_s=since_s)
    return written_s - since_s


async def test_a_stop_acts_where_nothing_moves(idle: Scene) -> None:
    """Idle, armed and board: connect where there is no link, write, verify, let go; nothing is latched."""
    home = idle.home
    await _stop(idle, LONG)
    assert set(idle.writes) <= {"00", "0801"}
    await home.taken("select_program", "demo")
    assert (await idle.ctl("arm")).status == 0  # and nobody is there
    await _stop(idle)
    await idle.board()
    since = len(home.events)
    await _stop(idle)
    await home.phase("idle", since)
    assert START not in idle.writes
    assert not idle.simulator.of("belt_started")
    await idle.unmarked()


async def test_a_stop_cuts_a_start_short_and_is_taken_while_tripped(tmp_path: Path) -> None:
    """During the countdown the belt has not moved yet: it must not do so later. A tripped daemon stops again."""
    async with scene(tmp_path, profile="countdown") as set_:
        await set_.start()
        await set_.simulator.until("written", fits=START.__eq__)
        await _stop(set_)
        await set_.home.state(phase="tripped")
        await _stop(set_, BINARY)
        assert set_.simulator.of("belt_standing") or not set_.simulator.of("belt_started")
        await set_.reset()


async def test_a_stop_makes_a_planned_stop_final(tmp_path: Path) -> None:
    """Said while the belt slows down for a pause, it latches: nothing goes on after it."""
    async with scene(tmp_path, profile="slow-belt") as set_:
        await set_.run()
        await set_.home.taken("pause")
        assert await _stop(set_, LONG) < AT_ONCE_S
        assert (await set_.home.state(phase="tripped"))["trip_cause"] == "user_stop"

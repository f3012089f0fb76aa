"""What a decision costs: `Engine.handle` on an ideal belt, over a whole session."""

from __future__ import annotations

from time import thread_time_ns

from retrowalk.engine import Outcome
from retrowalk.model.observations import Observation
from retrowalk.model.reports import WorkoutEnded
from retrowalk.model.requests import Request
from support.ideal_belt import World, backward, forward, plan, world

_SESSIONS = 5
LONG_WALK = plan(
    forward((1.5, 300)), backward((0.5, 60), (0.9, 300), (1.2, 240)), forward((1.5, 300)), level=1, rest_s=30
)


def measure() -> dict[str, float]:
    """Return the cost of one `handle` in µs of processor time, and how many a second one core makes of them.

    The same session is walked several times, and the least cost of each input counts: the rest is the computer's.
    """
    sessions = (_costs_of_a_session(world()) for _ in range(_SESSIONS))
    costs_ns = sorted(map(min, zip(*sessions, strict=True)))
    return {
        "handle_p50_us": costs_ns[len(costs_ns) // 2] / 1000,
        "handle_p99_us": costs_ns[len(costs_ns) * 99 // 100] / 1000,
        "events_per_s": len(costs_ns) / (sum(costs_ns) / 1e9),
    }


def _costs_of_a_session(walk: World) -> list[int]:
    costs_ns: list[int] = []
    handle = walk.engine.handle

    def timed(event: Observation | Request, now_ns: int) -> Outcome:
        begun_ns = thread_time_ns()
        outcome = handle(event, now_ns)
        costs_ns.append(thread_time_ns() - begun_ns)
        return outcome

    walk.engine.handle = timed  # type: ignore[method-assign]  # a stopwatch around the real one
    walk.arm(LONG_WALK)
    if not walk.run(3600, lambda: bool(walk.said(WorkoutEnded))):
        raise RuntimeError("the session did not end: the figures would mean nothing")
    return costs_ns

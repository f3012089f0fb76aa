"""A control server with an engine that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from retrowalk.control import ControlServer
from retrowalk.model.plan import ABSOLUTE, Plan
from retrowalk.model.reports import Gauge, Kind, Motion, Permissive, Reply, State
from retrowalk.model.requests import Request
from states import full_state, idle_state, stamp

__all__ = ["full_state", "idle_state", "stamp"]


PERMISSIVE = Permissive(
    "link_down",
    ((Motion.MOVING, Kind.STOP),),
    Kind.STOP,
    broken=False,
    gauge=Gauge(1.0),
    words="no link",
    remedy="wait",
)


@dataclass
class Daemon:
    """Answers every request at once, unless it is `mute`."""

    path: Path
    state: State | None = None
    mute: bool = False
    ok: bool = True
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make its server."""
        self.server = ControlServer(
            self.path,
            submit=self._submit,
            snapshot=lambda: self.state,
            find_plan=self._find_plan,
            permissives=lambda: (PERMISSIVE,),
            simulated=True,
        )

    def _submit(self, request: Request) -> None:
        self.requests.append(request)
        if not self.mute:
            reason = "" if self.ok else "No strap."
            self.server.publish(Reply(request.id, request.verb, request.origin, ok=self.ok, reason=reason))

    def _find_plan(self, program: str) -> Plan:
        if program != "demo":
            raise LookupError("no such program")
        return Plan(program, "Demo", 0, (), (), (), ABSOLUTE)


@pytest.fixture
async def daemon(tmp_path: Path, full_state: State) -> AsyncIterator[Daemon]:
    """Run a control server."""
    daemon = Daemon(tmp_path / "control.sock", full_state)
    running = asyncio.create_task(daemon.server.run())
    while not daemon.path.exists():  # noqa: ASYNC110 (a file has no event)
        await asyncio.sleep(0.001)
    yield daemon
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

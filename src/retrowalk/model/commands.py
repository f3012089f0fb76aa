"""What the engine tells the shell to do. Only a PermittedCommand moves a belt; only the interlock makes one."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.model.units import Incline, Speed


@dataclass(frozen=True, slots=True)
class Connect:
    """Make and keep a link to the treadmill until Disconnect. Never writes by itself."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Let the treadmill go: hands off."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Drop a link whose writes are stuck and make a new one: the last rung for a Stop that cannot be written."""


@dataclass(frozen=True, slots=True)
class RequestControl:
    """Ask the machine for control (`00`). Moves nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the belt (`08 01`). Needs no permit, overtakes everything, asks for control on its way if need be."""

    number: int
    without_response: bool = False  # for a link whose writes with response are stuck
    alone: bool = False  # without asking for control before it, for a link on which that is stuck


@dataclass(frozen=True, slots=True)
class Start:
    """Start the belt (`07`)."""


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Run the belt at `speed` (`02`)."""

    speed: Speed


@dataclass(frozen=True, slots=True)
class SetIncline:
    """Tilt the belt to `incline` (`03`)."""

    incline: Incline


@dataclass(frozen=True, slots=True)
class PermittedCommand:
    """An action permitted until `expires_ns` (monotonic); unwritten by then, it must not be written."""

    number: int
    action: Start | SetSpeed | SetIncline
    expires_ns: int


@dataclass(frozen=True, slots=True)
class StoreMarker:
    """Write the session marker durably, answer with MarkerStored. `latch`: the cause that must survive a restart."""

    latch: str | None = None


@dataclass(frozen=True, slots=True)
class ClearMarker:
    """Remove the session marker: the belt stands, verified, and nothing is latched."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Hold the cut-off relay in the treadmill's safety-key loop closed, or let it open: that cuts the belt's power."""

    closed: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """The process may end. `verified` False: end at once and leave the link up for the failsafe."""

    verified: bool


type LinkCommand = Connect | Disconnect | Rebuild | RequestControl | Stop | PermittedCommand
type Command = LinkCommand | StoreMarker | ClearMarker | Relay | Exit

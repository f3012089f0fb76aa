"""What people and home automation ask of the engine. A request may be refused; a Stop never is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from retrowalk.model.plan import Plan
from retrowalk.model.units import Speed


class Verb(StrEnum):
    """The commands of home automation, the local socket and the process itself."""

    SELECT_PROGRAM = "select_program"
    ARM = "arm"
    START = "start"
    CONFIRM = "confirm"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    TRIM = "trim"
    ANSWER = "answer"
    RESET = "reset"
    DISARM = "disarm"
    STOP = "stop"
    SHUTDOWN = "shutdown"


class Origin(StrEnum):
    """Who asks."""

    MQTT = "mqtt"
    SOCKET = "socket"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `plan` goes with SELECT_PROGRAM, `trim` (a signed change) with TRIM, `answer` with ANSWER."""

    verb: Verb
    origin: Origin
    id: str = ""
    prompt_id: str | None = None
    plan: Plan | None = None
    trim: Speed | None = None
    answer: str | None = None

"""One link's Fitness Machine Control Point, sans-I/O: commands to bytes, answers to command numbers.

This is the last gate before the radio. Whatever went wrong above it, from a Stop to the next START nothing but Request
Control and Stop passes; nor does an expired permit, nor a set-point beyond the absolute caps. A fresh link is shut.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import structlog
from pyftms import ResultCode  # type: ignore[import-untyped]

from retrowalk.frames import FrameUnreadable
from retrowalk.model.commands import PermittedCommand, RequestControl, SetIncline, SetSpeed, Start
from retrowalk.model.machine import Machine
from retrowalk.model.numbers import ANSWER_PATIENCE_NS
from retrowalk.model.observations import Answer, Answered
from retrowalk.model.plan import ABSOLUTE
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed
from retrowalk.treadmill.assigned import REQUEST_CONTROL_FRAME, SET_INCLINE, SET_SPEED, START_FRAME, STOP_FRAME
from retrowalk.treadmill.control_frames import read_control_point

_log = structlog.get_logger(__name__)

_FASTEST: Final = max(ABSOLUTE.forward.speed, ABSOLUTE.backward.speed)
_STEEPEST: Final = max(ABSOLUTE.forward.incline, ABSOLUTE.backward.incline)


class Refused(Exception):  # noqa: N818 - a word of the domain; "Error" would add nothing
    """The gate is shut for this command; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One write that waits for its answer. `number` None: the link's own request, which nobody asked after."""

    frame: bytes
    number: int | None


class ControlPoint:
    """What was asked over this link, what was answered, whether control is held, and what may be written now."""

    def __init__(self, machine: Machine) -> None:
        self.held = False
        self._machine = machine
        self._stopped = True
        self._outstanding: deque[tuple[int, Request]] = deque()

    def request(self, command: RequestControl | PermittedCommand, now_ns: int) -> Request:
        """Return what to write for `command` now. Raises Refused."""
        if isinstance(command, RequestControl):
            return Request(REQUEST_CONTROL_FRAME, command.number)
        if now_ns >= command.expires_ns:
            raise Refused("its permit has expired")
        frame = self._permitted(command.action)
        return Request(frame, command.number)

    def stop(self, number: int, *, alone: bool = False) -> tuple[Request, ...]:
        """Return what to write for a Stop, all of it at once, and shut the gate. Never refuses."""
        self._stopped = True
        stop = Request(STOP_FRAME, number)
        return (stop,) if self.held or alone else (Request(REQUEST_CONTROL_FRAME, None), stop)

    def _permitted(self, action: Start | SetSpeed | SetIncline) -> bytes:
        if isinstance(action, Start):
            self._stopped = False
            return START_FRAME
        if self._stopped:
            raise Refused("after a Stop only a new START may move the belt")
        if isinstance(action, SetSpeed):
            return _encode_speed(action.speed, self._machine)
        return _encode_incline(action.incline, self._machine)

    def written(self, request: Request, now_ns: int) -> None:
        """Expect an answer to `request`, which is going to the radio now."""
        while self._outstanding and now_ns - self._outstanding[0][0] > ANSWER_PATIENCE_NS:
            self._outstanding.popleft()
        self._outstanding.append((now_ns, request))

    def failed(self, request: Request) -> None:
        """Expect no answer to `request`: its write failed."""
        self._outstanding = deque(entry for entry in self._outstanding if entry[1] is not request)

    def answered(self, frame: bytes) -> Answered | None:
        """Match an indication with the oldest request of its op code.

        None: the link's own request, or an answer that is late, repeated, unasked-for or unreadable (logged). FTMS
        answers carry no number, so with two equal requests under way the first answer goes to the first.
        """
        code = _result(frame)
        if code is None:
            return None
        answer = Answer[code.name]
        request = self._take(frame[1])
        if frame[1:2] == REQUEST_CONTROL_FRAME and answer is Answer.SUCCESS:
            self.held = True
        elif answer is Answer.NOT_PERMITTED:
            self.held = False
        if request is None:
            _log.warning("answer_unexpected", frame=frame.hex(), answer=answer)
            return None
        return None if request.number is None else Answered(request.number, answer)

    def control_lost(self) -> None:
        """Take note that the machine gave control to somebody else, or was reset."""
        self.held = False

    def _take(self, opcode: int) -> Request | None:
        for entry in self._outstanding:
            if entry[1].frame[0] == opcode:
                self._outstanding.remove(entry)
                return entry[1]
        return None


def _result(frame: bytes) -> ResultCode | None:
    try:
        decoded = read_control_point(frame)
        code = None if decoded.result_code is None else ResultCode(decoded.result_code)
    except (FrameUnreadable, ValueError) as error:
        _log.warning("answer_unreadable", frame=frame.hex(), error=str(error))
        return None
    if code is None:
        _log.warning("answer_unreadable", frame=frame.hex(), error="not an answer")
    return code


def _encode_speed(speed: Speed, machine: Machine) -> bytes:
    if not STANDSTILL <= speed <= _FASTEST:
        raise Refused(f"{speed} is not between 0 and {_FASTEST}")
    rounded = speed.floor_to(machine.step, origin=machine.slowest)
    return bytes((SET_SPEED,)) + max(rounded, STANDSTILL).centi_kmh.to_bytes(2, "little")


def _encode_incline(incline: Incline, machine: Machine) -> bytes:
    if machine.incline is None:
        raise Refused("the machine has no incline to set")
    if not LEVEL <= incline <= _STEEPEST:
        raise Refused(f"{incline} is not between 0 and {_STEEPEST}")
    return bytes((SET_INCLINE,)) + incline.floor_to(machine.incline.step).tenths_pct.to_bytes(2, "little", signed=True)

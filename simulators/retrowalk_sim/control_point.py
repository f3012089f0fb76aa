"""What the Fitness Machine Control Point makes of a request: permission first, then a table of op codes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from retrowalk_sim.frames import PAUSE, STOP, Request, Result
from retrowalk_sim.machine import Machine

_MOVES: Final = (Request.SET_SPEED, Request.SET_INCLINE, Request.START)
_LENGTHS: Final = {
    Request.REQUEST_CONTROL: 0,
    Request.RESET: 0,
    Request.SET_SPEED: 2,
    Request.SET_INCLINE: 2,
    Request.START: 0,
    Request.STOP_OR_PAUSE: 1,
}


class ControlPoint:
    """Executes requests at once. `held` says whether the client has control."""

    def __init__(self, machine: Machine) -> None:
        self.held = False
        self._machine = machine
        self._requests: Final[dict[int, Callable[[bytes], Result]]] = {
            Request.REQUEST_CONTROL: self._request_control,
            Request.RESET: self._reset,
            Request.SET_SPEED: self._set_speed,
            Request.SET_INCLINE: self._set_incline,
            Request.START: lambda _: _done(taken=machine.start()),
            Request.STOP_OR_PAUSE: self._stop_or_pause,
        }

    def execute(self, value: bytes) -> Result:
        """Carry out the request `value` (not empty) and say how it went."""
        request, parameter = value[0], value[1:]
        if request not in self._requests:
            return Result.NOT_SUPPORTED
        if len(parameter) != _LENGTHS[Request(request)]:
            return Result.INVALID_PARAMETER
        profile = self._machine.profile
        if request != Request.REQUEST_CONTROL and profile.control_enforced and not self.held:
            return Result.NOT_PERMITTED
        if profile.locked and request in _MOVES:
            return Result.NOT_PERMITTED
        return self._requests[request](parameter)

    def _request_control(self, _: bytes) -> Result:
        if self._machine.faults.control_held:
            return Result.FAILED
        self.held = True
        return Result.SUCCESS

    def _reset(self, _: bytes) -> Result:
        self.held = False
        return _done(taken=self._machine.reset())

    def _set_speed(self, parameter: bytes) -> Result:
        speed_kmh = struct.unpack("<H", parameter)[0] / 100
        limits = self._machine.profile.grid
        if not limits.lowest <= speed_kmh <= limits.highest:
            return Result.INVALID_PARAMETER
        return _done(taken=self._machine.set_speed(speed_kmh))

    def _set_incline(self, parameter: bytes) -> Result:
        incline_pct = struct.unpack("<h", parameter)[0] / 10
        limits = self._machine.profile.incline_pct
        if limits is None:
            return Result.NOT_SUPPORTED
        if limits.step and not limits.lowest <= incline_pct <= limits.highest:
            return Result.INVALID_PARAMETER  # a range without a step takes anything, and tilts nothing
        return _done(taken=self._machine.set_incline(incline_pct))

    def _stop_or_pause(self, parameter: bytes) -> Result:
        orders = {STOP: self._machine.stop, PAUSE: self._machine.pause}
        order = orders.get(parameter[0])
        return Result.INVALID_PARAMETER if order is None else _done(taken=order())


def _done(*, taken: bool) -> Result:
    return Result.SUCCESS if taken else Result.FAILED

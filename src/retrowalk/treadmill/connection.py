"""One link to the treadmill, from connect to loss, with a client of its own: frames in, writes out, the Stop first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self

import structlog
from bleak.backends.characteristic import BleakGATTCharacteristic

from retrowalk.bluetooth import Bluetooth, Wire, in_words
from retrowalk.frames import FrameUnreadable
from retrowalk.model import numbers as n
from retrowalk.model.commands import PermittedCommand, RequestControl, Stop
from retrowalk.model.machine import Machine
from retrowalk.model.observations import (
    LinkUp,
    MachineEvent,
    MachineStatus,
    Observation,
    Telemetry,
    WriteFailed,
    Written,
)
from retrowalk.model.units import Incline, Speed
from retrowalk.treadmill.assigned import CONTROL_POINT, FITNESS_MACHINE, MACHINE_STATUS, TREADMILL_DATA
from retrowalk.treadmill.claim import Claim
from retrowalk.treadmill.control_frames import Status, read_status
from retrowalk.treadmill.control_point import ControlPoint, Refused, Request
from retrowalk.treadmill.frames import TreadmillData, read_treadmill_data
from retrowalk.treadmill.machine import TreadmillSettings, read_machine

_log = structlog.get_logger(__name__)

OVERTAKEN: Final = "overtaken by a Stop; whether it reached the machine is not known"
LOST: Final = "the link to the treadmill was lost"
_SET_UP_S: Final = 10.0

type Observe = Callable[[Observation], None]


class NotATreadmill(Exception):  # noqa: N818 - a word of the domain; "Error" would add nothing
    """The device lacks a characteristic without which it cannot be driven. The message is for a person."""


class Connection:
    """A link that is up. Its writes run as tasks of its own; `close` ends them."""

    def __init__(self, wire: Wire, observe: Observe, clock_ns: Callable[[], int]) -> None:
        self.end = wire.end
        self.ended = wire.ended
        self._wire = wire
        self._client = wire.client
        self._observe = observe
        self._clock_ns = clock_ns
        self._early: list[Observation] | None = []  # heard before LinkUp was told
        self._frame, self._frame_ns = b"", -n.FRAME_ECHO_NS
        self._queue: deque[RequestControl | PermittedCommand] = deque()
        self._in_flight: int | None = None
        self._writer: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    machine: Machine
    _control: BleakGATTCharacteristic
    _control_point: ControlPoint

    @classmethod
    async def open(
        cls,
        bluetooth: Bluetooth,
        settings: TreadmillSettings,
        observe: Observe,
        clock_ns: Callable[[], int],
        claim: Claim,
    ) -> Self:
        """Find the treadmill, claim it, connect, read, subscribe. Writes nothing to the control point."""
        device = await bluetooth.find(settings.sought)
        if bluetooth.is_shared:
            claim.take(device.address)
        wire = await bluetooth.connect(device, FITNESS_MACHINE, LOST)
        self = cls(wire, observe, clock_ns)
        try:
            async with asyncio.timeout(_SET_UP_S):
                self.machine = await read_machine(wire.client, device, settings)
                self._control_point = ControlPoint(self.machine)
                await self._subscribe()
        except BaseException:
            await wire.close()
            raise
        return self

    async def _subscribe(self) -> None:
        """Subscribe to answers first, so that nothing which is written later can go unanswered unseen."""
        self._control = self._required(CONTROL_POINT, "control point")
        data = self._required(TREADMILL_DATA, "treadmill data")
        if {"indicate", "notify"} & set(self._control.properties):
            await self._client.start_notify(self._control, self._on_answer)
        else:
            _log.warning("control_point_never_answers", properties=self._control.properties)
        if status := self._client.services.get_characteristic(MACHINE_STATUS):
            await self._client.start_notify(status, self._on_status)
        await self._client.start_notify(data, self._on_data)

    def _required(self, uuid: str, name: str) -> BleakGATTCharacteristic:
        characteristic = self._client.services.get_characteristic(uuid)
        if characteristic is None:
            raise NotATreadmill(f"{self._client.address} is no treadmill that can be driven: it has no {name}")
        return characteristic

    def tell_up(self) -> None:
        """Tell LinkUp, and then what the machine sent before it could be told."""
        early, self._early = self._early or [], None
        for observation in (LinkUp(self.machine), *early):
            self._tell(observation)

    # ---- what the machine sends

    def _tell(self, observation: Observation) -> None:
        if self._early is not None:
            self._early.append(observation)
        elif not self._wire.over:
            self._observe(observation)

    def _on_data(self, _: BleakGATTCharacteristic, value: bytearray) -> None:
        frame, now_ns = bytes(value), self._clock_ns()
        if frame == self._frame and now_ns - self._frame_ns < n.FRAME_ECHO_NS:
            return  # BlueZ tells each frame as often as somebody listens, and two words are proof where one is not
        self._frame, self._frame_ns = frame, now_ns
        try:
            data = read_treadmill_data(frame, as_far_as_sound=True)
        except FrameUnreadable as error:
            _log.warning("frame_unreadable", error=str(error))
            return
        self._tell(_telemetry(data))

    def _on_status(self, _: BleakGATTCharacteristic, frame: bytearray) -> None:
        try:
            event = _event(read_status(bytes(frame)))
        except FrameUnreadable as error:
            _log.warning("frame_unreadable", error=str(error))
            return
        if event in {MachineEvent.CONTROL_LOST, MachineEvent.RESET}:
            self._control_point.control_lost()
        self._tell(MachineStatus(event))

    def _on_answer(self, _: BleakGATTCharacteristic, frame: bytearray) -> None:
        if answered := self._control_point.answered(bytes(frame)):
            self._tell(answered)

    # ---- what is written to the machine

    def submit(self, command: RequestControl | PermittedCommand) -> None:
        """Write `command` after those before it, one at a time; now, if there are none."""
        self._queue.append(command)
        if self._writer is None or self._writer.done():
            self._writer = self._spawn(self._write_queued())

    def stop(self, command: Stop) -> None:
        """Write a Stop now, beside whatever write is stuck; nothing that waits or hangs is written any more."""
        self._drop_waiting()
        for request in self._control_point.stop(command.number, alone=command.alone):
            self._spawn(self._write(request, response=self._responds(without=command.without_response)))

    async def _write_queued(self) -> None:
        while self._queue:
            command = self._queue.popleft()
            try:
                request = self._control_point.request(command, self._clock_ns())
            except Refused as refused:
                self._later(self._fail, command.number, str(refused))
                continue
            self._in_flight = command.number
            await self._write(request, response=self._responds())
            self._in_flight = None

    async def _write(self, request: Request, *, response: bool) -> None:
        self._control_point.written(request, self._clock_ns())
        try:
            await self._client.write_gatt_char(self._control, request.frame, response=response)
        except Exception as error:  # noqa: BLE001 - the command failed, whatever failed it; the engine must hear of it
            self._control_point.failed(request)
            self._later(self._fail, request.number, in_words(error))
        else:
            if request.number is not None:
                self._later(self._tell, Written(request.number))

    def _responds(self, *, without: bool = False) -> bool:
        """Whether to write with response: unless asked otherwise, or the machine lists only the other way."""
        can_without = "write-without-response" in self._control.properties
        return not can_without if without else ("write" in self._control.properties or not can_without)

    def _spawn(self, write: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `write`: it goes to the bus in this very call, ahead of all else that waits in the loop."""
        task = asyncio.Task(write, loop=asyncio.get_running_loop(), name="treadmill-write", eager_start=True)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _drop_waiting(self) -> None:
        in_flight = [] if self._in_flight is None else [self._in_flight]
        for number in (*in_flight, *(command.number for command in self._queue)):
            self._later(self._fail, number, OVERTAKEN)
        self._queue.clear()
        if self._writer:
            self._writer.cancel()
        self._writer = self._in_flight = None

    @staticmethod
    def _later[*A](tell: Callable[[*A], None], *about: *A) -> None:
        """Tell from the loop, never from within `execute`."""
        asyncio.get_running_loop().call_soon(tell, *about)

    def _fail(self, number: int | None, reason: str) -> None:
        _log.warning("write_failed", number=number, reason=reason)
        if number is not None:
            self._tell(WriteFailed(number, reason))

    # ---- its end

    async def close(self) -> None:
        """Drop what was not written, and disconnect."""
        self.end("the treadmill was let go")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()


def _telemetry(data: TreadmillData) -> Telemetry:
    return Telemetry(
        speed=None if data.speed_kmh is None else Speed.from_kmh(data.speed_kmh),
        incline=None if data.inclination_pct is None else Incline.from_pct(data.inclination_pct),
        distance_m=data.distance_m,
        elapsed_s=data.elapsed_s,
        energy_kcal=data.energy_kcal,
        steps=data.steps,
    )


_EVENTS: Final = {
    ("reset", None): MachineEvent.RESET,
    ("stopped_or_paused_by_user", "stop"): MachineEvent.STOPPED_BY_USER,
    ("stopped_or_paused_by_user", "pause"): MachineEvent.PAUSED_BY_USER,
    ("stopped_by_safety_key", None): MachineEvent.STOPPED_BY_KEY,
    ("started_or_resumed_by_user", None): MachineEvent.STARTED_BY_USER,
    ("target_speed_changed", None): MachineEvent.TARGET_SPEED_CHANGED,
    ("target_inclination_changed", None): MachineEvent.TARGET_INCLINE_CHANGED,
    ("control_permission_lost", None): MachineEvent.CONTROL_LOST,
}


def _event(status: Status) -> MachineEvent:
    return _EVENTS.get((status.status, status.control_information), MachineEvent.OTHER)

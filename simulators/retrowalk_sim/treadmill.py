"""The simulated treadmill: a machine, its Fitness Machine Service, and an onlooker who notes what really happened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from random import Random
from typing import Final

from retrowalk_sim import frames
from retrowalk_sim.control_point import ControlPoint
from retrowalk_sim.device import Device
from retrowalk_sim.faults import Faults
from retrowalk_sim.frames import Field, Request, Result, Status, Training
from retrowalk_sim.gatt import STALLED, Advertisement, AttError, Characteristic, Service, uuid16
from retrowalk_sim.machine import Machine, State
from retrowalk_sim.profiles import Profile, Range, profiles
from retrowalk_sim.reporter import Reporter

FITNESS_MACHINE: Final = uuid16(0x1826)
FEATURE: Final = uuid16(0x2ACC)
TREADMILL_DATA: Final = uuid16(0x2ACD)
TRAINING_STATUS: Final = uuid16(0x2AD3)
SPEED_RANGE: Final = uuid16(0x2AD4)
INCLINE_RANGE: Final = uuid16(0x2AD5)
CONTROL_POINT: Final = uuid16(0x2AD9)
MACHINE_STATUS: Final = uuid16(0x2ADA)
DEVICE_INFORMATION: Final = uuid16(0x180A)
MODEL: Final = uuid16(0x2A24)
FIRMWARE: Final = uuid16(0x2A26)
MANUFACTURER: Final = uuid16(0x2A29)

ATT_RESPONSE_S: Final = (0.012, 0.030)
_RESERVED: Final = {Training.POST_WORKOUT: Training.RESERVED_RUN_DOWN, Training.IDLE: Training.RESERVED_REST}
_SET_POINTS: Final = (Request.SET_SPEED, Request.SET_INCLINE)
STATUS_S: Final = 0.050  # a status frame leaves that long after its cause


class Treadmill(Device):
    """A treadmill of one profile. The same seed and the same inputs give the same bytes at the same times."""

    def __init__(self, profile: Profile | str = "ideal", *, seed: int = 0, address: str | None = None) -> None:
        self.profile = profiles()[profile] if isinstance(profile, str) else profile
        values = _values(self.profile)
        super().__init__(
            Advertisement(
                address=address or self.profile.address,
                name=f"Sim {self.profile.name}",
                service_uuids=(FITNESS_MACHINE,),
                service_data={FITNESS_MACHINE: b"\x01\x01\x00"},  # available; a treadmill
            ),
            _services(self.profile, values),
            report_every_s=1 / self.profile.rate_hz,
        )
        self.values = values
        self.faults = Faults()
        self.machine = Machine(self.profile, self.faults, self.witness, self._tell, self._tell_training)
        self._control = ControlPoint(self.machine)
        self._random = Random(seed)  # noqa: S311 - repeatable delays, no secrets
        self._pending = 0  # answers that have not left
        self._reporter = Reporter(self.machine, self.faults)
        self._last_status = Status.STARTED
        self._wrote_s = 0.0  # the last write, or the connection
        self._blocked = False
        self._powered = True

    # ---- what is true, whatever the radio says

    @property
    def speed_kmh(self) -> float:
        """The true speed of the belt."""
        return self.machine.belt.value

    @property
    def incline_pct(self) -> float:
        """The true incline."""
        return self.machine.incline.value

    @property
    def controlled(self) -> bool:
        """Whether the central has control."""
        return self._control.held

    # ---- hands

    def press(self, button: str) -> None:
        """Press start, pause, stop, faster, slower, steeper or flatter. Raises ValueError for another word."""
        presses: dict[str, Callable[[], object]] = {
            "start": partial(self.machine.start, by_hand=True),
            "pause": partial(self.machine.pause, by_hand=True),
            "stop": partial(self.machine.stop, by_hand=True),
            "faster": partial(self._nudge, 1),
            "slower": partial(self._nudge, -1),
            "steeper": partial(self._tilt, 1),
            "flatter": partial(self._tilt, -1),
        }
        if button not in presses:
            raise ValueError(f"{button!r} is no button; press {', '.join(presses)}")
        self.witness.saw(self._now_s, "pressed", button)
        if not (self._linked and self.profile.locks_console):
            presses[button]()

    def _nudge(self, steps: int) -> None:
        self.machine.set_speed(self.machine.set_kmh + steps * self.profile.grid.step, by_hand=True)

    def _tilt(self, steps: int) -> None:
        limits = self.profile.incline_pct
        step_pct = limits.step if limits else 0.0
        self.machine.set_incline(self.machine.incline.target + steps * step_pct, by_hand=True)

    def pull_key(self) -> None:
        """Take the safety key out."""
        self.machine.pull_key()

    def insert_key(self) -> None:
        """Put the safety key back."""
        self.machine.insert_key()

    def power_off(self) -> None:
        """Switch it off at the mains: the link is lost, and the belt runs down by itself."""
        self.machine.cut_power()
        self.lose_link()
        self._powered = False

    def power_on(self) -> None:
        """Switch it on: whatever blocked a link is forgotten; one machine goes on where it was."""
        self._reporter = Reporter(self.machine, self.faults)
        self._blocked, self._powered = False, True
        if self.profile.restarts_with_power:
            self.machine.start(by_hand=True)

    def power_cycle(self) -> None:
        """Switch it off and on at once."""
        self.power_off()
        self.power_on()

    def move_by_hand(self, speed_kmh: float) -> None:
        """Let somebody at the console run the belt at `speed_kmh` (0: stop it)."""
        self.witness.saw(self._now_s, "moved_by_hand", f"{speed_kmh:.2f}")
        self.machine.run_by_hand(speed_kmh)

    def take_control(self, speed_kmh: float | None = None) -> None:
        """Let another client take control, and perhaps change the speed."""
        self.witness.saw(self._now_s, "control_taken")
        self._control.held = False
        self._notify(MACHINE_STATUS, Status.CONTROL_LOST)
        if speed_kmh is not None:
            self.machine.run_by_hand(speed_kmh)

    # ---- the peripheral

    @property
    def connectable(self) -> bool:
        """Whether it is in range, switched on, and not blocked by its own quirk."""
        return super().connectable and self._powered and not self._blocked

    def connected(self, now_s: float) -> None:
        """Take note that a central connected; one machine starts its belt for that."""
        super().connected(now_s)
        self._expect_writes(now_s)
        if self.profile.starts_on_connect:
            self.machine.start(by_hand=True)

    def subscribed(self, uuid: str, on: bool, now_s: float) -> None:
        """Take note that the central wrote the CCCD of `uuid`; some machines then repeat an old status."""
        super().subscribed(uuid, on, now_s)
        if on and uuid == MACHINE_STATUS and self.profile.replays_status:
            self._notify(MACHINE_STATUS, self._last_status)

    def read(self, uuid: str) -> bytes:
        """Return the value of a readable characteristic. Raises AttError."""
        if uuid == TRAINING_STATUS and self.profile.training_status_listed:
            return self._training()
        if uuid == SPEED_RANGE and uuid in self.values and self.machine.state is State.RUNNING:
            return _range(self.profile.grid)
        return super().read(uuid)

    def write(self, uuid: str, value: bytes, *, response: bool, now_s: float) -> float:
        """Take a request for the control point; it is carried out at once and answered later. Raises AttError."""
        if uuid != CONTROL_POINT:
            return super().write(uuid, value, response=response, now_s=now_s)
        self.catch_up(now_s)
        if not self._linked or (self.faults.stall_writes and response):
            self.witness.saw(now_s, "stalled", value.hex())
            return STALLED
        self.witness.saw(now_s, "written", value.hex())
        self._expect_writes(now_s)
        refusal = self._refusal(value)
        if refusal is not None:
            self.witness.saw(now_s, "refused", f"{value.hex()} {refusal:02x}")
            if response:
                raise AttError(refusal)
        elif ("write" if response else "write-without-response") in self.profile.control_point:
            self._execute(value)
        return now_s + self._random.uniform(*ATT_RESPONSE_S) + self._hangs_s(value) if response else now_s

    def _refusal(self, value: bytes) -> int | None:
        if not value:
            return AttError.INVALID_LENGTH
        if self.profile.cccd_enforced and CONTROL_POINT not in self._subscriptions:
            return AttError.CCCD_IMPROPERLY_CONFIGURED
        if self.profile.one_procedure and self._pending > 0:
            return AttError.IN_PROGRESS
        if self.faults.fail_set_points and value[0] in _SET_POINTS:
            return AttError.UNLIKELY
        return None

    def _hangs_s(self, value: bytes) -> float:
        return self.faults.hang_set_points_s if value[0] in _SET_POINTS else 0.0

    def _execute(self, value: bytes) -> None:
        early = value[0] == Request.SET_SPEED and not self.machine.belt.moves
        if early and self.profile.early_speed_drops_link:
            self.lose_link()
            return
        refused = self.faults.refuse_set_points and value[0] in _SET_POINTS
        result = Result.FAILED if refused else self._control.execute(value)
        if result is not Result.SUCCESS:
            self.witness.saw(self._now_s, "not_done", f"{value.hex()} {result:02x}")
        self.machine.heed()
        if self.faults.lose_indications or value[0] in self.profile.unanswered:
            return
        delay_s = self._random.uniform(*self.profile.answer_s) + self.faults.late_indications_s + self._hangs_s(value)
        self._pending += 1
        self._agenda.at(self._now_s + delay_s, partial(self._answer, frames.answer(value[0], result)))

    def _answer(self, answer: bytes, _at_s: float) -> None:
        self._pending -= 1
        for _ in range(2 if self.faults.duplicate_indications else 1):
            self._notify(CONTROL_POINT, answer)

    # ---- the device

    def _live(self, now_s: float) -> None:
        self.machine.advance(now_s)

    @property
    def _lives_s(self) -> float:
        return self.machine.due_s

    def _unlinked(self) -> None:
        self._control.held = False
        self._pending = 0
        self._blocked = self.profile.blocks_after_link
        if self.profile.stops_unlinked:
            self.machine.stop(by_hand=True)

    def _report(self) -> None:
        for frame in self._reporter.report():
            self._notify(TREADMILL_DATA, frame)

    def _expect_writes(self, now_s: float) -> None:
        self._wrote_s = now_s
        self._agenda.at(now_s + self.profile.drops_unwritten_s, self._drop_unwritten)

    def _drop_unwritten(self, at_s: float) -> None:
        if at_s >= self._wrote_s + self.profile.drops_unwritten_s:
            self.lose_link()

    def _tell(self, status: bytes, by_hand: bool) -> None:
        self._last_status = status
        self._reporter.heed(status)
        if status == Status.STOPPED and self.profile.drops_after_stop_s < inf:
            self._agenda.at(self.machine.now_s + self.profile.drops_after_stop_s, lambda _: self.lose_link())
        if by_hand or self.profile.echoes_status:
            self._notify_at(self.machine.now_s + STATUS_S, MACHINE_STATUS, status + self.profile.status_padding)

    def _tell_training(self, _training: Training) -> None:
        self._notify_at(self.machine.now_s + STATUS_S, TRAINING_STATUS, self._training())

    def _training(self) -> bytes:
        training = self.machine.training
        return bytes([0, _RESERVED.get(training, training) if self.profile.reserved_training else training])


def _range(grid: Range) -> bytes:
    return frames.speed_range(grid.lowest, grid.highest, grid.step)


def _values(profile: Profile) -> dict[str, bytes]:
    announced = Field(0)
    for burst in profile.bursts:
        for fields in burst:
            announced |= fields
    incline = profile.incline_pct
    values = {
        FEATURE: frames.features(announced, incline=incline is not None),
        MANUFACTURER: b"retrowalk-sim",
        MODEL: profile.name.encode(),
        FIRMWARE: profile.firmware.encode(),
    }
    if profile.speed_range_listed:
        values[SPEED_RANGE] = _range(profile.speed_kmh)
    if incline is not None:
        values[INCLINE_RANGE] = frames.incline_range(incline.lowest, incline.highest, incline.step)
    return values


def _services(profile: Profile, values: dict[str, bytes]) -> tuple[Service, ...]:
    readable = [uuid for uuid in (FEATURE, SPEED_RANGE, INCLINE_RANGE) if uuid in values]
    fitness = (
        *(Characteristic(uuid, frozenset({"read"})) for uuid in readable),
        Characteristic(TREADMILL_DATA, frozenset({"notify"})),
        *_training_status(profile),
        Characteristic(CONTROL_POINT, profile.control_point),
        Characteristic(MACHINE_STATUS, frozenset({"notify"})),
    )
    about = tuple(Characteristic(uuid, frozenset({"read"})) for uuid in (MANUFACTURER, MODEL, FIRMWARE))
    return (Service(FITNESS_MACHINE, fitness), Service(DEVICE_INFORMATION, about))


def _training_status(profile: Profile) -> tuple[Characteristic, ...]:
    listed = Characteristic(TRAINING_STATUS, frozenset({"read", "notify"}))
    return (listed,) if profile.training_status_listed else ()

"""What can happen in a story, a row each: how often, for how long, how it begins and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from retrowalk.model.observations import Power
from retrowalk_sim.heart_rate import MEASUREMENT
from retrowalk_sim.treadmill import CONTROL_POINT, MACHINE_STATUS, TREADMILL_DATA

if TYPE_CHECKING:
    from simulation.world import World

type Doing = Callable[[World, float], object]
"""Called with the world and the happening's own number between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of happening. `longest_s` 0: it is over at once."""

    weight: float
    begin: Doing
    end: Doing | None = None
    shortest_s: float = 0.2
    longest_s: float = 0.0


def _nothing(_world: World, _value: float) -> None:
    """Happen, and leave no more behind."""


def _machine(fault: str, weight: float = 2, longest_s: float = 60, amount: float | None = None) -> Kind:
    def switch(world: World, value: float, *, on: bool) -> None:
        strength = None if amount is None else amount * (0.1 + value)
        world.treadmill.faults.switch(fault, on=on, value=strength)

    return Kind(weight, partial(switch, on=True), partial(switch, on=False), longest_s=longest_s)


def _heart(fault: str, weight: float = 1.5, longest_s: float = 90) -> Kind:
    def switch(world: World, value: float, *, on: bool) -> None:
        world.heart.faults.switch(fault, on=on, value=20 + 120 * value)

    return Kind(weight, partial(switch, on=True), partial(switch, on=False), 1, longest_s)


def _ask(verb: str, weight: float = 1) -> Kind:
    return Kind(weight, lambda world, value: world.people.ask(verb, value))


def _deaf_countdown(world: World, value: float, *, on: bool) -> None:
    world.treadmill.faults.switch("deaf_countdown_s", on=on, value=3 + 3.5 * value)


def _false_incline(world: World, value: float, *, on: bool) -> None:
    world.treadmill.faults.switch("false_incline_pct", on=on, value=round(12 * (value - 0.25), 1))


def _pause_again_and_again(world: World, value: float) -> None:
    for number in range(20):
        world.clock.later(number * (15 + 65 * value), partial(world.people.ask, "pause", value))


def _frame(uuid: str, frame: Callable[[World, float], bytes], weight: float = 1) -> Kind:
    def inject(world: World, value: float) -> None:
        """Let the treadmill or the strap send a frame that it should not."""
        unasked = frame(world, value)
        for device in (world.treadmill, world.heart):
            device._notify(uuid, unasked)

    return Kind(weight, inject)


def _garbage(world: World, value: float) -> bytes:
    return world.random.randbytes(round(1 + 19 * value))


def _lose_link(world: World, for_s: float) -> None:
    world.log.note("world", "out_of_range", f"{for_s:.2f}")
    world.treadmill.catch_up(world.clock.now_s)
    world.treadmill.lose_link(for_s)


def _flap(world: World, value: float) -> None:
    for number in range(2 + round(4 * value)):
        world.clock.later(number * (0.5 + 3 * value), partial(_lose_link, world, 0.2 + value))


def _by_hand(world: World, value: float) -> None:
    world.treadmill.move_by_hand(round(0.8 + 4 * value, 1))


def _flood(world: World, value: float) -> None:
    for number in range(50 + round(400 * value)):
        world.clock.later(number * 0.005, partial(world.broker.send, "cmd", b'{"cmd":"confirm","ts":1}'))


def _nudge(world: World, button: str, times: int) -> None:
    for _ in range(times):
        world.treadmill.press(button)


def _press_twice(world: World, value: float) -> None:
    world.people.press()
    world.clock.later(0.05 + value, world.people.press)


def _again_and_again(world: World, value: float, *, retained: bool = False, age_s: float = 0) -> None:
    """Let a queue somewhere empty itself: what was right when it was sent comes when something else is asked."""
    for number in range(20):
        late_s = age_s * (1 + 9 * value) if age_s else 0.0
        world.clock.later(number * 1.3, partial(world.people.command, "confirm", retained=retained, age_s=late_s))


def _bounce(world: World, value: float) -> None:
    for number in range(2 * (1 + round(5 * value))):
        world.clock.later(number * 0.02, world.strap.pull if number % 2 == 0 else world.strap.clip)


def _hostile(world: World, value: float) -> None:
    world.broker.send("cmd", world.random.randbytes(round(200 * value)))


def _power(world: World, _value: float, *, ok: bool) -> None:
    world.service.observe(Power(ok))


def _stall(world: World, value: float) -> None:
    for_s = 0.2 + 3 * value
    world.clock.stall(for_s)
    world.log.note("world", "stalled", f"{for_s:.2f}")


HAPPENINGS: Final[Mapping[str, Kind]] = {
    # the machine and its radio
    "lose_indications": _machine("lose_indications"),
    "late_indications": _machine("late_indications_s", amount=6.0),
    "duplicate_indications": _machine("duplicate_indications", 1),
    "stall_writes": _machine("stall_writes", 3),
    "freeze_values": _machine("freeze_values"),
    "freeze_counters": _machine("freeze_counters"),
    "silence": _machine("silence", 3, 30),
    "control_held": _machine("control_held", 1),
    "ignore_stop": _machine("ignore_stop", 3),
    "fail_set_points": _machine("fail_set_points"),
    "refuse_set_points": _machine("refuse_set_points"),
    "hang_set_points": _machine("hang_set_points_s", longest_s=20, amount=24.0),
    "ignore_start": _machine("ignore_start", 1.5),
    "deaf_countdown": Kind(1, partial(_deaf_countdown, on=True), partial(_deaf_countdown, on=False), 20, 200),
    "false_incline": Kind(2, partial(_false_incline, on=True), partial(_false_incline, on=False), 2, 120),
    "runaway": _machine("runaway_kmh", 3, amount=4.0),
    "creep": _machine("creep_kmh", 1.5, 30, amount=1.5),
    "link_loss": Kind(
        4, lambda w, _: _lose_link(w, w.lasting_s), lambda w, _: w.log.note("world", "in_range"), longest_s=40
    ),
    "flapping": Kind(2, _flap, _nothing, 5, 30),
    "control_taken": Kind(2, lambda w, _: w.treadmill.take_control()),
    "control_taken_and_used": Kind(1.5, lambda w, v: w.treadmill.take_control(round(1 + 5 * v, 1))),
    "power_cut": Kind(1, lambda w, _: w.treadmill.power_off(), lambda w, _: w.treadmill.power_on(), 1, 30),
    "unsolicited_answer": _frame(CONTROL_POINT, lambda _, v: bytes([0x80, (0, 2, 3, 7, 8)[int(v * 5)], 1])),
    "unsolicited_refusal": _frame(CONTROL_POINT, lambda _, v: bytes([0x80, (0, 2, 3, 7, 8)[int(v * 5)], 5])),
    "garbage_data": _frame(TREADMILL_DATA, _garbage, 2),
    "garbage_status": _frame(MACHINE_STATUS, _garbage),
    "garbage_answer": _frame(CONTROL_POINT, _garbage),
    "garbage_heart": _frame(MEASUREMENT, _garbage),
    "false_key": _frame(MACHINE_STATUS, lambda *_: b"\x03", 0.5),
    # hands at the machine
    "key_pulled": Kind(3, lambda w, _: w.treadmill.pull_key(), lambda w, _: w.treadmill.insert_key(), 1, 30),
    "console_stop": Kind(1.5, lambda w, _: w.treadmill.press("stop")),
    "console_pause": Kind(1, lambda w, _: w.treadmill.press("pause")),
    "console_start": Kind(1, lambda w, _: w.treadmill.press("start")),
    "console_slower": Kind(1, lambda w, _: _nudge(w, "slower", 4)),
    "console_faster": Kind(1, lambda w, _: _nudge(w, "faster", 12)),
    "console_steeper": Kind(2, lambda w, v: _nudge(w, "steeper", 1 + round(10 * v))),
    "moved_by_hand": Kind(2, _by_hand, lambda w, _: w.treadmill.move_by_hand(0), 5, 40),
    # the walker, the straps and the button
    "strap_pulled": Kind(5, lambda w, _: w.walker.pull_strap(), lambda w, _: w.walker.clip_strap(), 0.1, 30),
    "fall": Kind(3, lambda w, _: w.walker.fall(), lambda w, _: w.walker.clip_strap(), 5, 30),
    "strap_bounce": Kind(2, _bounce, _nothing, 0.3, 0.5),
    "wire_break": Kind(2, lambda w, _: w.wire.become("broken"), lambda w, _: w.wire.become("whole"), 0.1, 60),
    "wire_short": Kind(1, lambda w, _: w.wire.become("shorted"), lambda w, _: w.wire.become("whole"), 5, 90),
    "panic_press": Kind(4, lambda w, _: w.people.press()),
    "double_press": Kind(2, _press_twice),
    "steps_off": Kind(1, lambda w, _: w.walker.step_off()),
    "off_body": _heart("off_body"),
    "dropout": _heart("dropout", 2),
    "frozen_heart": _heart("frozen"),
    "artefact": _heart("artefact_bpm", 2),
    "wrong_strap": Kind(1.5, lambda w, v: w.heartbeat.wear(60 + 40 * v), lambda w, _: w.heartbeat.wear(None), 30, 400),
    "heart_link_loss": Kind(1, lambda w, _: w.heart.lose_link(w.lasting_s), _nothing, 0.5, 30),
    "exertion": Kind(2, lambda w, v: w.heartbeat.exert(40 + 80 * v), lambda w, _: w.heartbeat.exert(0), 20, 120),
    # people far away
    "asks_pause": _ask("pause"),
    "pauses_often": Kind(3, _pause_again_and_again),
    "asks_end": _ask("end"),
    "asks_stop": _ask("stop", 3),
    "asks_trim": _ask("trim"),
    "asks_disarm": _ask("disarm"),
    "asks_confirm": _ask("confirm", 2),
    "asks_start": _ask("start"),
    "asks_reset": _ask("reset"),
    "asks_arm": _ask("arm", 0.5),
    "retained_start": Kind(1, partial(_again_and_again, retained=True)),
    "stale_confirm": Kind(3, partial(_again_and_again, age_s=6)),
    "hostile_message": Kind(1, _hostile),
    "message_flood": Kind(0.5, _flood),
    "broker_loss": Kind(2, lambda w, _: w.broker.fail(), lambda w, _: w.broker.recover(), 0.5, 30),
    "broker_freeze": Kind(1, lambda w, _: w.broker.freeze(), lambda w, _: w.broker.recover(), 0.5, 30),
    # the computer
    "disk_full": Kind(1.5, lambda w, _: w.disk.behave(full=True), lambda w, _: w.disk.behave(), 5, 60),
    "disk_slow": Kind(1, lambda w, v: w.disk.behave(takes_s=8 * v), lambda w, _: w.disk.behave(), 5, 60),
    "low_power": Kind(1, partial(_power, ok=False), partial(_power, ok=True), 10, 200),
    "clock_jump": Kind(1, lambda w, v: w.clock.jump(7200 * (v - 0.5))),
    "loop_stall": Kind(3, _stall),
    "crash": Kind(2, lambda w, _: w.service.crash(), lambda w, _: w.service.boot_again(), 2.5, 20),
    "sigterm": Kind(1, lambda w, _: w.service.terminate(), _nothing, 1, 2),
}

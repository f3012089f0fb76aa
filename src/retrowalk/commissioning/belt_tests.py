"""The tests that every machine must pass: it starts, it stops, it runs as fast as it is told."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import Final

from retrowalk.commissioning.desk import TOP, Desk, Halted, Refused, Script
from retrowalk.commissioning.dialogue import Kind, Tone
from retrowalk.commissioning.findings import KMH_PER_MPH, near
from retrowalk.commissioning.meter import Counter
from retrowalk.model import numbers as n
from retrowalk.model.commands import Stop
from retrowalk.model.intent import Proposal
from retrowalk.model.observations import Answer
from retrowalk.model.reports import Motion
from retrowalk.model.units import NS_PER_S, Speed

_ALONE: Final = -1  # the number of a Stop that the interlock did not demand
_MEASURED_AT: Final = Speed.from_kmh(2.0)
_MEASURED_FOR_S: Final = 40.0
_PASSES: Final = 10
_DISTINCT_KMH: Final = 0.04
_STEPS: Final = 3
_MOST_STEPS: Final = 12
_CM_PER_M: Final = 100
_SILENCE_S: Final = 45.0
_DOES_IT_STAND: Final = "The treadmill has said nothing since the Stop. LOOK: does the belt stand? (yes/no)"


def stop_without_control(desk: Desk) -> Script[None]:
    """Write a Stop to the standing belt before control was ever asked for, to see whether it is permitted."""
    desk.commands.append(Stop(_ALONE, alone=True))
    yield from desk.until(lambda: _ALONE in desk.meter.answers, n.ANSWER_PATIENCE_NS / NS_PER_S)
    answer = desk.meter.answers.get(_ALONE)
    if answer is not None:
        desk.findings.facts["stop_needs_control"] = answer == Answer.NOT_PERMITTED.value


def first_stop(desk: Desk) -> Script[None]:
    """Start at the slowest speed, and stop: nothing else is tried on a belt that does not."""
    desk.say(Tone.STEP, "1. Does it start, and does it stop?")
    try:
        yield from _first_start(desk)
    except Halted as halted:
        if halted.trip.cause != "first_speed":
            raise
        yield from _faster_start(desk)
    yield from _stop_or_refuse(desk)
    yield from _seen_to_stand(desk)
    found = desk.findings
    found.facts["after_stop"] = found.facts.get("after_stop", "zero frames")
    told = f"moves {found.start_delays_s[-1]:.1f} s after START" if found.start_delays_s else "moves"
    if found.run_downs:
        told += f", stands {found.run_downs[-1][1]:.1f} s after Stop"
    desk.say(Tone.FOUND, told)


def _first_start(desk: Desk) -> Script[None]:
    if not (yield from desk.start("The belt starts at its slowest speed, and is stopped.")):
        yield from _start_at_console(desk)
    yield from desk.hold(desk.interlock.readings.board_speed)


def _faster_start(desk: Desk) -> Script[None]:
    """Start once more a belt that began too fast, as one whose slowest speed is higher than it says."""
    desk.say(Tone.FOUND, f"it began faster than it was told: {desk.meter.highest.kmh:g} km/h and rising")
    said = desk.machine
    at_least = max(said.slowest, n.BOARD_SPEED_HIGHEST)
    steps = ceil((at_least - said.slowest).centi_kmh / said.step.centi_kmh)
    desk.assume(slowest=Speed(said.slowest.centi_kmh + steps * said.step.centi_kmh))
    try:
        yield from _started(desk, "Once more, as if its slowest speed were higher than it says.")
        yield from desk.hold(desk.machine.slowest)
    except Halted as halted:
        told, seen = desk.machine.slowest.kmh, desk.meter.highest.kmh
        words = f"told {told:g} km/h it was at {seen:g} and rising when it was stopped: it may take km/h for mph"
        raise Refused(f"its units cannot be told: {words}") from halted


def _start_at_console(desk: Desk) -> Script[None]:
    """It did not move: perhaps somebody at its console can start it."""
    refused = desk.interlock.readings.start_refused
    why = "refused to start" if refused else "answered START, and did not move"
    question = f"The treadmill {why}. Shall we try with you pressing START at its console? (yes/no)"
    if not (yield from desk.ask(Kind.YES_NO, question)):
        raise Refused(f"it {why} (is the safety key in?)")
    desk.assume(starts_at_console_only=True)
    if not (yield from desk.start("After ENTER, press START at the console within a minute.")):
        raise Refused(f"it {why}, and did not start at its console either")
    desk.findings.facts["starts_at_console_only"] = True


def _stop_or_refuse(desk: Desk) -> Script[None]:
    try:
        yield from desk.stop()
    except Halted as halted:
        if halted.trip.cause == "stop_unseen":
            yield from _silence(desk)
            return
        if halted.trip.cause != "no_standstill":
            raise
        tries = len(desk.meter.stop_numbers)
        raise Refused(f"it does not stop: Stop was written {tries} times, and {_last_word(desk)}") from halted


def _seen_to_stand(desk: Desk) -> Script[None]:
    """Take nobody's word for the first standstill: a machine may tell zero of a belt that runs."""
    if desk.machine.silent_after_stop:
        return
    text = "The treadmill says that it stands. LOOK, until you are sure: does the belt stand? (yes/no)"
    if not (yield from desk.ask(Kind.YES_NO, text)):
        desk.say(Tone.ALARM, "PULL THE CORD: it says that it stands, and nothing else can be done from here")
        raise Refused("it does not stop: it said that it stands, and its belt was seen to run")


def _last_word(desk: Desk) -> str:
    lasted_s = (desk.now_ns - (desk.meter.stop_ns or desk.now_ns)) / NS_PER_S
    return f"after {lasted_s:.0f} s it still said {desk.meter.speed.kmh:g} km/h"


def _silence(desk: Desk) -> Script[None]:
    """Take the person's word for the standstill of a machine that fell silent after a stop."""
    desk.assume(silent_after_stop=True)
    if not (yield from desk.ask(Kind.YES_NO, _DOES_IT_STAND, trips=True)):
        raise Refused("it does not stop: it fell silent after the Stop, and the belt was seen to run on")
    desk.findings.facts["after_stop"] = "silence"
    yield from desk.clear()
    desk.say(Tone.FOUND, "it falls silent after a stop: single-bout programs only, and you confirm their ends")
    text = "Switch the treadmill off and on again, so that it tells its speed. ENTER when it is on"
    yield from desk.ask(Kind.ENTER, text, trips=True)


def speeds(desk: Desk) -> Script[None]:
    """Find the slowest speed, the step, the units, and the run-down from a walk."""
    desk.say(Tone.STEP, "2. Does it run as fast as it is told?")
    length_cm = yield from desk.ask(
        Kind.NUMBER,
        "A mark on the belt tells the truth: put a strip of tape across it, and measure the belt's whole length "
        "(twice what you see, and a little). Its length in cm? ENTER: no mark",
        default="0",
    )
    yield from _started(desk, "The belt starts, and walks through its speeds for about two minutes.")
    slowest_kmh = yield from _slowest(desk)
    step_kmh = yield from _step(desk, slowest_kmh)
    told = min(max(_MEASURED_AT, desk.machine.slowest), desk.machine.fastest)
    reported_kmh = yield from desk.hold(told)
    yield from _real_speed(desk, float(length_cm or 0))
    told_kmh = desk.findings.speeds[-1][0]
    yield from _stop_again(desk)
    _judge_units(desk, told_kmh, reported_kmh)
    desk.findings.facts |= {"slowest_kmh": slowest_kmh, "step_kmh": step_kmh, "units": "km/h"}
    desk.say(Tone.FOUND, f"{slowest_kmh:g} km/h at least, by {step_kmh:g}; told {told_kmh:g}, runs {told_kmh:g} km/h")


def _started(desk: Desk, why: str) -> Script[None]:
    if not (yield from desk.start(why)):
        raise Refused("it started once, and then it did not")


def _slowest(desk: Desk) -> Script[float]:
    """Go down until it goes no further; return the slowest speed that it was seen to run at."""
    said, assumed = desk.findings.machine, desk.machine
    if said is None or assumed.slowest == said.slowest:
        reported_kmh = yield from desk.hold(assumed.slowest)
        return reported_kmh
    target, reported_kmh = assumed.slowest, assumed.slowest.kmh
    desk.assume(slowest=said.slowest)
    while target > said.slowest:
        target -= said.step
        now_kmh = yield from desk.hold(target)
        if reported_kmh - now_kmh < _DISTINCT_KMH:
            break
        reported_kmh = now_kmh
    desk.assume(slowest=Speed.from_kmh(reported_kmh))
    return reported_kmh


def _step(desk: Desk, slowest_kmh: float) -> Script[float]:
    """Go up by the step that it says; return the one that it was seen to take."""
    said, seen = desk.machine.step, [slowest_kmh]
    highest = min(desk.machine.fastest, TOP)
    for number in range(1, _MOST_STEPS + 1):
        target = desk.machine.slowest + Speed(said.centi_kmh * number)
        if len(seen) > _STEPS or target > highest:
            break
        reported_kmh = yield from desk.hold(target)
        if reported_kmh - seen[-1] >= _DISTINCT_KMH:
            seen.append(reported_kmh)
    if len(seen) == 1:
        raise Refused(
            f"it does not follow set-points: told up to {desk.findings.speeds[-1][0]:g} km/h, it ran {seen[0]:g}"
        )
    smallest = min(later - former for former, later in pairwise(seen))
    return round(max(said.kmh, smallest), 2)


def _real_speed(desk: Desk, length_cm: float) -> Script[None]:
    """Compare the speed that was told with the way that the belt goes: by a mark on it, else by what is reported."""
    meter, found = desk.meter, desk.findings
    told_kmh = found.speeds[-1][0]
    meter.count_anew()
    if length_cm:
        yield from desk.ask(Kind.ENTER, "ENTER at the moment when the mark passes")
        begun_ns = desk.now_ns
        yield from desk.ask(Kind.ENTER, f"count on: ENTER when it has passed {_PASSES} times more")
        real_kmh = _PASSES * length_cm / _CM_PER_M * NS_PER_S / max(desk.now_ns - begun_ns, 1) * 3.6
        found.real_by, found.real_per_told = "mark on the belt", round(real_kmh / told_kmh, 3)
    else:
        yield from desk.rest(_MEASURED_FOR_S)
        if (way_per_s := meter.way.rate_per_s) is not None:
            found.real_by, found.real_per_told = "reported distance", round(way_per_s * 3.6 / told_kmh, 3)
    found.clock_ratio = _rounded(meter.clock)
    found.facts["telemetry_hz"] = round(meter.telemetry_hz or 0, 1) or None
    found.longest_silence_s = round(meter.longest_gap_ns / NS_PER_S, 2)


def _rounded(counter: Counter) -> float | None:
    return None if counter.rate_per_s is None else round(counter.rate_per_s, 3)


def _judge_units(desk: Desk, told_kmh: float, reported_kmh: float) -> None:
    """Raise Refused unless the belt runs at the speed that it is told, in km/h, and says so."""
    found = desk.findings
    if not near(reported_kmh, told_kmh):
        raise Refused(f"its units cannot be told: told {told_kmh:g} km/h, it says {reported_kmh:g}")
    if found.real_per_told is None:
        raise Refused(
            "its units cannot be told: it reports no distance, so that what it says may be what it was told; "
            "commission again with a mark on the belt"
        )
    runs = f"told {told_kmh:g} km/h and saying {reported_kmh:g}, it runs {told_kmh * found.real_per_told:.2f}"
    if near(found.real_per_told, KMH_PER_MPH):
        found.facts["units"] = "mph"
        raise Refused(f"it takes km/h for mph: {runs} (by the {found.real_by})")
    if not near(found.real_per_told, 1.0):
        raise Refused(f"its units cannot be told: {runs} (by the {found.real_by})")


def _stop_again(desk: Desk) -> Script[None]:
    """Stop a belt that was seen to stop before; a machine that falls silent needs a person's eyes again."""
    if not desk.machine.silent_after_stop:
        yield from _stop_or_refuse(desk)
        return
    desk.proposal = Proposal(halt=True)
    yield from desk.until(lambda: desk.interlock.motion is not Motion.MOVING, 1.0)
    yield from desk.until(lambda: desk.interlock.awaits_word(desk.now_ns), _SILENCE_S)
    if not (yield from desk.ask(Kind.YES_NO, _DOES_IT_STAND)):
        raise Refused("it does not stop: after a second Stop the belt was seen to run on")
    desk.interlock.take_word(desk.now_ns)


def run_down(desk: Desk) -> Script[None]:
    """Stop from the highest speed of backward walking."""
    top = min(TOP, desk.machine.fastest)
    desk.say(Tone.STEP, f"3. How long does it run down from {top.kmh:g} km/h?")
    yield from _started(desk, f"The belt goes up to {top.kmh:g} km/h and is stopped there.")
    yield from desk.hold(top)
    yield from _stop_or_refuse(desk)
    speed_kmh, lasted_s = desk.findings.run_downs[-1]
    desk.say(Tone.FOUND, f"stands {lasted_s:.1f} s after a Stop at {speed_kmh:g} km/h")

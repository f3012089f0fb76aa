"""The tests that need a hand at the machine. Each may be skipped; what was not seen is not claimed."""

from __future__ import annotations

from typing import Final

from retrowalk.commissioning.desk import LINK_S, POWER_S, Desk, Halted, Refused, Script
from retrowalk.commissioning.dialogue import Kind, Tone
from retrowalk.model.commands import Connect, Disconnect
from retrowalk.model.observations import MachineEvent
from retrowalk.model.reports import Motion
from retrowalk.model.units import Speed

HAND_S: Final = 60.0
UNLINKED_S: Final = 10.0
LOOK_S: Final = 30.0
_PAUSED_AT: Final = Speed.from_kmh(1.5)
_SKIPS: Final = "no"
CORD_ATTEMPTS: Final = 3
_REVERSED: Final = (
    "The belt STANDS. Clip the cord at the back of your waist, stand on the belt FACING BACKWARD where you would "
    "walk, hold the handrail, and step toward the end of the belt until the cord is tight. "
    "Did it pull the key out before your feet would have left the belt? (yes/no)"
)


def _wanted(desk: Desk, name: str, question: str) -> Script[bool]:
    """Ask whether to do a test; an empty answer skips it."""
    yield from desk.open()
    wanted = yield from desk.ask(Kind.YES_NO, f"{question} (yes/NO)", default=_SKIPS)
    if not wanted:
        desk.findings.skipped.append(name)
    return bool(wanted)


def _run(desk: Desk, why: str, speed: Speed | None = None) -> Script[None]:
    if not (yield from desk.start(why)):
        raise Refused("it started before, and now it did not")
    yield from desk.hold(max(speed or desk.machine.slowest, desk.machine.slowest))


def _hand(desk: Desk, text: str, patience_s: float) -> Script[str | None]:
    """Ask for something to be done to the moving belt; return what the interlock made of it, None = nothing came."""
    desk.say(Tone.DO, text)
    try:
        if not (yield from desk.until(lambda: desk.interlock.motion is not Motion.MOVING, patience_s)):
            return None
    except Halted as halted:
        return halted.trip.cause
    trip = desk.interlock.trip
    return trip.cause if trip else "console_stop"


def console(desk: Desk) -> Script[None]:
    """Press pause at the console, and hear what it tells."""
    desk.say(Tone.STEP, "4. What does it tell when it is stopped at its console?")
    if not (yield from _wanted(desk, "console", "Shall we try its PAUSE key?")):
        return
    yield from _run(desk, "The belt walks; then press PAUSE (or STOP) at the console.", _PAUSED_AT)
    cause = yield from _hand(desk, "Press PAUSE at the console NOW", HAND_S)
    if cause is None:
        yield from desk.stop()
        desk.findings.skipped.append("console")
        return
    told = {MachineEvent.PAUSED_BY_USER: "tells pause", MachineEvent.STOPPED_BY_USER: "tells stop"}
    heard = next((told[event] for event in desk.meter.events if event in told), "tells nothing")
    if cause not in ("console_stop", "unexplained_standstill"):
        raise Refused(f"PAUSE at its console ended as {cause}")
    desk.findings.facts["console"] = heard
    yield from desk.until(lambda: desk.interlock.motion in (Motion.STANDSTILL, Motion.IDLE), LINK_S, trips=True)
    desk.say(Tone.FOUND, f"stopped at its console, it {heard}")


def safety_key(desk: Desk) -> Script[None]:
    """Pull the key on the moving belt: does it stop, and is it told? Then the length of the cord, reversed."""
    desk.say(Tone.STEP, "5. The safety key")
    if not (yield from _wanted(desk, "safety key", "Shall we try the safety key?")):
        return
    yield from _run(desk, "The belt walks slowly; then pull the cord of the safety key, from beside the belt.")
    cause = yield from _hand(desk, "PULL THE CORD NOW", HAND_S)
    if cause is None:
        yield from _no_effect(desk)
        return
    facts = desk.findings.facts
    facts["safety_key"] = "reported" if cause == "safety_key" else "cuts, not reported"
    yield from desk.until(lambda: desk.interlock.motion in (Motion.STANDSTILL, Motion.IDLE), LINK_S, trips=True)
    words = {"reported": "it cuts the belt, and the machine tells so"}
    desk.say(Tone.FOUND, words.get(str(facts["safety_key"]), "it cuts the belt, and nothing tells that it was the key"))
    yield from desk.ask(Kind.ENTER, "Put the key back. ENTER when it is in", trips=True)
    yield from _cord(desk)


def _no_effect(desk: Desk) -> Script[None]:
    pulled = yield from desk.ask(Kind.YES_NO, "The belt still runs. Did you pull the cord? (yes/no)", default=_SKIPS)
    yield from desk.stop()
    if pulled:
        desk.findings.facts["safety_key"] = "no effect"
        raise Refused("the safety key does not stop the belt")
    desk.findings.skipped.append("safety key")


def _cord(desk: Desk) -> Script[None]:
    """Stand reversed on the standing belt and step back: the cord must pull the key before one falls."""
    yield from desk.open()
    for attempt in range(1, CORD_ATTEMPTS + 1):
        pulled = yield from desk.ask(Kind.YES_NO, _REVERSED)
        yield from desk.ask(Kind.ENTER, "Get off the belt and put the key back. ENTER when it is in")
        if pulled:
            desk.findings.facts["cord_reversed"] = "pulls the key"
            desk.say(Tone.FOUND, "the cord is short enough for somebody who stands reversed")
            return
        if attempt < CORD_ATTEMPTS:
            desk.say(Tone.DO, "TOO LONG. Knot the cord shorter, or clip it nearer to the key, and try again")
    desk.findings.facts["cord_reversed"] = "too long"
    raise Refused("the cord of the safety key is too long for somebody who stands reversed")


def link_loss(desk: Desk) -> Script[None]:
    """Let the link go under a moving belt, and look ten seconds later what it did."""
    desk.say(Tone.STEP, "6. What does the belt do when the radio link is lost?")
    question = f"Shall we drop the link for {UNLINKED_S:g} s under a slow belt? Nobody can stop it then but you"
    if not (yield from _wanted(desk, "link loss", question)):
        return
    yield from _run(desk, "The belt walks slowly, then the link is dropped: hold the cord in your hand.")
    desk.commands.append(Disconnect())
    cause = yield from _hand(desk, f"The link is gone for {UNLINKED_S:g} s: PULL THE CORD if anything goes wrong", 5.0)
    if cause != "link_down":
        raise Refused(f"the link could not be dropped ({cause or 'it stayed'})")
    yield from desk.until(lambda: False, UNLINKED_S, trips=True)
    seen = yield from desk.ask(Kind.YES_NO, "LOOK: does the belt still run? (yes/no)", patience_s=LOOK_S, trips=True)
    runs_on = (yield from _look_again(desk)) or seen
    desk.findings.facts["link_loss"] = "belt runs on" if runs_on else "belt stops"
    told = "the belt RUNS ON: only the key can stop it then" if runs_on else "the belt stops by itself"
    desk.say(Tone.FOUND, told)


def power_loss(desk: Desk) -> Script[None]:
    """Cut the mains under a moving belt: it must not run when they come back."""
    desk.say(Tone.STEP, "7. What does the belt do when the power comes back?")
    question = "Shall we try? You switch the treadmill off at its plug under a slow belt, and on again"
    if not (yield from _wanted(desk, "power loss", question)):
        return
    yield from _run(desk, "The belt walks slowly; then switch the treadmill off at its plug or main switch.")
    if (yield from _hand(desk, "Switch the treadmill OFF at its plug NOW", POWER_S)) is None:
        yield from desk.stop()
        desk.findings.skipped.append("power loss")
        return
    on = "Wait until the belt stands. Then switch it ON again, and LOOK: did the belt move by itself? (yes/no)"
    seen = yield from desk.ask(Kind.YES_NO, on, trips=True)
    runs_on = (yield from _look_again(desk)) or seen
    desk.findings.facts["power_loss"] = "belt runs on" if runs_on else "belt stands"
    if runs_on:
        raise Refused("the belt runs by itself when the power comes back")
    desk.say(Tone.FOUND, "the belt stands when the power is back")


def _look_again(desk: Desk) -> Script[bool]:
    """Connect anew and let the ladder write Stop; return whether the machine still told of motion first."""
    desk.commands.append(Connect())
    meter, readings = desk.meter, desk.interlock.readings
    meter.first_on_link = None
    seen = lambda: readings.linked and meter.first_on_link is not None  # noqa: E731 - a condition, used twice
    if not (yield from desk.until(seen, LINK_S, trips=True)):
        desk.say(Tone.DO, "The treadmill does not come back. Switch it off and on again")
        if not (yield from desk.until(seen, POWER_S, trips=True)):
            raise Refused("the treadmill did not come back after its link was lost; nobody knows what its belt does")
    return bool(meter.first_on_link)

"""A way through the states, call by call: when, what happened, what was commanded, what the belt was held to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retrowalk.interlock import Interlock
from retrowalk.model.commands import Command, PermittedCommand, SetIncline, SetSpeed
from retrowalk.model.observations import Telemetry, Tick
from retrowalk.model.units import NS_PER_S
from search.explore import BEGUN_NS, MOVES, Found
from search.scene import Call, Scene
from search.script import SCRIPTS


def tell(found: Found, make: type[Interlock] = Interlock) -> Iterator[str]:
    """Yield the lines of the way to what was found, walked once more."""
    begin, *names = found.path
    scene = Scene.begin(found.world, make, BEGUN_NS)
    yield _line(scene, begin, Call(BEGUN_NS, first=SCRIPTS[begin][0]))
    for name in names:
        for call in MOVES[name].calls(scene):
            yield _line(scene, name, call)
    if found.wrong:
        yield f"VIOLATED {found.wrong[0]}: {found.wrong[1]}"


def _line(scene: Scene, name: str, call: Call) -> str:
    step = scene.handle(call)
    at_s = (call.at_ns - BEGUN_NS) / NS_PER_S
    heard = name if isinstance(call.observation, Tick) else f"{name} [{_heard(call)}]"
    return f"{at_s:8.2f} s  {heard:<76}  {_commanded(step.commands):<40}  {scene.lock.motion.value}"


def _heard(call: Call) -> str:
    match call.observation:
        case Telemetry(speed):
            return f"telemetry {speed.kmh:.2f} km/h" if speed is not None else "telemetry without a speed"
        case other:
            return type(other).__name__


def _commanded(commands: Sequence[Command]) -> str:
    return ", ".join(_named(command) for command in commands) or "–"


def _named(command: Command) -> str:
    match command:
        case PermittedCommand(action=SetSpeed(speed)):
            return f"SetSpeed {speed.kmh:.2f} km/h"
        case PermittedCommand(action=SetIncline(incline)):
            return f"SetIncline {incline}"
        case PermittedCommand(action=action):
            return type(action).__name__
        case other:
            return type(other).__name__

"""docs/phases.md says how a session goes on; these sessions show it, on an ideal belt and with the real engine."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from retrowalk.model.observations import Answer, MachineEvent, StrapLine
from retrowalk.model.reports import Phase, PhaseChanged
from retrowalk.model.requests import Verb
from retrowalk.model.units import STANDSTILL
from support.ideal_belt import World, backward, forward, plan, world

PAGE = runpy.run_path(str(Path(__file__).parents[1] / "scripts" / "phases_page.py"))
EASY = backward((0.5, 20))
TWO_WAYS = plan(EASY, EASY, forward((0.5, 15)))


@dataclass(frozen=True)
class Scene:
    """A session in which something happens when it first is in `phase`, or a little later."""

    phase: Phase
    happens: Callable[[World], object] = lambda _: None
    after_s: float = 0.0


def ask(verb: Verb) -> Callable[[World], object]:
    return lambda w: w.ask(verb)


def console_stop(w: World) -> None:
    w.status(MachineEvent.STOPPED_BY_USER)
    w.turn_console(STANDSTILL.kmh)


def lose_the_link_for_good(w: World) -> None:
    w.connect_works = False
    w.lose_link()


def refuse_to_start(w: World) -> None:
    w.start_answer = Answer.FAILED


SCENES = (
    Scene(Phase.TURN),
    Scene(Phase.ARMED, ask(Verb.DISARM)),
    Scene(Phase.ARMED, lambda w: w.turn_console(0.8), after_s=0.6),
    Scene(Phase.BOARD, ask(Verb.END)),
    Scene(Phase.BOARD, ask(Verb.STOP)),
    Scene(Phase.BOARD, refuse_to_start),
    Scene(Phase.STARTING, ask(Verb.END)),
    Scene(Phase.STEP_ON, ask(Verb.PAUSE)),
    Scene(Phase.STEP_ON, console_stop),
    Scene(Phase.WALK, ask(Verb.PAUSE)),
    Scene(Phase.WALK, World.pull_strap),
    Scene(Phase.SLOWING, ask(Verb.STOP)),
    *(Scene(gap, ask(verb)) for gap in (Phase.REST, Phase.TURN) for verb in (Verb.END, Verb.STOP, Verb.DISARM)),
    Scene(Phase.REST, lose_the_link_for_good),
    Scene(Phase.PAUSED, ask(Verb.END)),
    Scene(Phase.PAUSED, ask(Verb.STOP)),
    Scene(Phase.COOL_DOWN, ask(Verb.STOP)),
    Scene(Phase.TRIPPED, ask(Verb.STOP)),
)


def played(scene: Scene) -> list[Phase]:
    """Return the phases of a session, a reset at its end included."""
    w = world()
    w.arm(TWO_WAYS)
    if scene.phase in (Phase.PAUSED, Phase.TRIPPED):
        w.run_to(Phase.WALK)
        w.ask(Verb.PAUSE if scene.phase is Phase.PAUSED else Verb.STOP)
    w.run_to(scene.phase)
    w.run(scene.after_s)
    scene.happens(w)
    w.run(80)
    w.feed(StrapLine(closed=True))
    w.ask(Verb.RESET)
    return phases(w)


def phases(w: World) -> list[Phase]:
    return [Phase.IDLE, *(changed.phase for changed in w.said(PhaseChanged))]


def paused_in_the_second_bout() -> list[Phase]:
    """Return the phases of a session that is ended while it is paused, with a bout done."""
    w = world()
    w.arm(TWO_WAYS)
    w.run_to(Phase.REST)
    w.run_to(Phase.WALK)
    w.ask(Verb.PAUSE)
    w.run_to(Phase.PAUSED)
    w.ask(Verb.END)
    return phases(w)


def interrupted() -> list[Phase]:
    """Return the phases of a daemon that finds the marker of an open session."""
    w = world()
    outcome = w.engine.boot("restart_in_session", w.now_ns)
    w.reports += ((w.now_ns, report) for report in outcome.reports)
    return phases(w)


def test_the_diagram_has_every_change_of_phase_and_no_other() -> None:
    """Whole, paused, stopped, ended, tripped and interrupted sessions make each arrow, and nothing besides."""
    sessions = (*map(played, SCENES), paused_in_the_second_bout(), interrupted())
    made = {change for session in sessions for change in pairwise(session)}
    assert made == {(one, other) for one, other, _ in PAGE["TRANSITIONS"]}


def test_the_page_is_generated_from_the_table() -> None:
    """Run scripts/phases_page.py after a change to it."""
    assert PAGE["PAGE"].read_text(encoding="utf-8") == PAGE["page"]()


def test_every_phase_is_on_the_page_with_a_way_in_and_a_way_out() -> None:
    """Nobody is left in a phase for ever."""
    ways = [(one, other) for one, other, _ in PAGE["TRANSITIONS"]]
    assert {one for one, _ in ways} == {other for _, other in ways} == set(Phase)

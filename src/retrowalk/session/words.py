"""What the walker is told. Short, because it is spoken to somebody who is busy walking."""

from __future__ import annotations

from typing import Final

from retrowalk.model.plan import Bout, Facing, Gap
from retrowalk.model.reports import Phase
from retrowalk.model.units import Speed, format_duration

_FACES: Final = {Facing.BACKWARD: "facing the rear", Facing.FORWARD: "facing the console"}

PREFLIGHT: Final = "Shoes tied, strap clipped at the back of your waist, space behind you clear. "
STEP_ON_TIMED: Final = "Step on now. Not on? Press: it stops."
STEP_ON_CONFIRMED: Final = "Step on, then say OK."
RAMP_DOWN: Final = "The belt slows down and stops."
COOL_DOWN: Final = "Almost done. Board speed, then the belt stops."
FINISHED: Final = "Done. Stand for ten seconds, onto the side boards, turn around, unclip last."
QUESTION: Final = "How was it? One press: fine. Two: hard. A long one: it hurt."
BROKER_LOST: Final = "The link to home automation is lost. The belt slows down and stops."
TIME_IS_UP: Final = "That is all the time of one session. The belt slows down and stops."
UNANSWERED: Final = "Nobody answered for two minutes: the session is over."
LATCHED: Final = "a stop is latched; see what tripped, mend it, then reset"
GAPS: Final = {Gap.REST: "Rest. Onto the side boards.", Gap.TURN: "Onto the side boards, and turn around."}
PAUSED: Final = "Paused. Onto the side boards."
STARTING: Final = "The belt starts. Stay on the side boards."
START_AT_CONSOLE: Final = "Helper: press start on the console now. Walker: stay on the side boards."

ON_ENTERING: Final = {
    Phase.STARTING: STARTING,
    Phase.WALK: "Walk. Short steps.",
    Phase.SLOWING: RAMP_DOWN,
    Phase.COOL_DOWN: COOL_DOWN,
    Phase.REST: GAPS[Gap.REST],
    Phase.TURN: GAPS[Gap.TURN],
    Phase.PAUSED: PAUSED,
    Phase.STOPPING: "Stopping. Hold on.",
    Phase.TRIPPED: "Stopped. Onto the side boards.",
    Phase.QUESTIONS: FINISHED,
}
"""What is said when a phase begins; what was said before no longer stands."""


def board(bout: Bout, *, first: bool, resumed: bool) -> str:
    """Return the Board prompt: where to stand, which way to face, and what OK will do."""
    opening = PREFLIGHT if first else ""
    what = "go on" if resumed else f"walk {bout.facing.value} for {format_duration(bout.duration_s)}"
    return f"{opening}On the side boards, {_FACES[bout.facing]}, hands light on the handrails: press OK to {what}."


def ramp_ahead(target: Speed) -> str:
    """Return the notice that comes before each ramp."""
    return f"In five seconds: {target}."

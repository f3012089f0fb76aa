"""The alphabet: everything that may happen next, at any time, in any order. Nothing here is well-behaved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from retrowalk.model import numbers as n
from retrowalk.model.intent import Boarding, Proposal
from retrowalk.model.observations import (
    Answer,
    Answered,
    HeartRateSample,
    LinkDown,
    LinkUp,
    MachineEvent,
    MachineStatus,
    MarkerStored,
    Observation,
    StrapLine,
    Telemetry,
    Tick,
    WriteFailed,
    Written,
)
from retrowalk.model.plan import Facing
from retrowalk.model.units import LEVEL, STANDSTILL, Incline, Speed, seconds
from search import quanta
from search.scene import (
    Call,
    Deed,
    Scene,
    close_session,
    open_session,
    reset,
    show_presence,
    stop_by_person,
)

type Calls = Callable[[Scene], Sequence[Call]]
type Pick = Callable[[Scene], Call | None]
type Propose = Callable[[Scene], Proposal]

PACE_NS: Final = 2 * n.TICK_NS  # the longest step that a ramp takes
TALK_NS: Final = seconds(1.4)  # how often those speak who speak, while nothing else happens
OVER: Final = Speed(2000)
GOOD_BPM, SOFT_BPM, HARD_BPM = 110, 125, 142
TOO_FAST: Final = Speed(5000)
TOO_STEEP: Final = Incline(300)


@dataclass(frozen=True, slots=True)
class Move:
    """One letter of the alphabet: the calls that it makes, none where it cannot happen."""

    name: str
    calls: Calls
    meek: bool = False  # it differs from the move before it only in proposing less


# -- what a hostile session may propose


def _boarding(scene: Scene, facing: Facing | None = None, *, age_ns: int = 0, later: int = 1) -> Boarding:
    first = scene.witness.world.plan.bouts[0].facing
    return Boarding(scene.witness.boarding + later, facing or first, scene.now_ns - age_ns)


def _greedy(scene: Scene) -> Proposal:
    return Proposal(_boarding(scene), target=TOO_FAST, incline=TOO_STEEP)


PROPOSALS: Final[dict[str, Propose]] = {
    "nothing": lambda _: Proposal(),
    "all": _greedy,
    "all, turned": lambda scene: Proposal(_boarding(scene, Facing.FORWARD), target=TOO_FAST, incline=TOO_STEEP),
    "a stale boarding": lambda scene: Proposal(
        _boarding(scene, age_ns=n.CONFIRM_EXPIRES_NS + 1), target=TOO_FAST, incline=TOO_STEEP
    ),
    "a boarding of the future": lambda scene: Proposal(
        _boarding(scene, age_ns=-seconds(60)), target=TOO_FAST, incline=TOO_STEEP
    ),
    "the last boarding again": lambda scene: Proposal(_boarding(scene, later=0), target=TOO_FAST, incline=TOO_STEEP),
    "halt": lambda _: Proposal(halt=True),
}

# -- what may be heard, or done by a person


def _hears(observation: Observation) -> Pick:
    return lambda scene: Call(scene.now_ns, observation)


def _while_linked(observation: Observation) -> Pick:
    return lambda scene: Call(scene.now_ns, observation) if scene.witness.linked else None


def _first(deed: Deed) -> Pick:
    return lambda scene: Call(scene.now_ns, first=deed)


def _then(deed: Deed) -> Pick:
    return lambda scene: Call(scene.now_ns, then=deed)


def _tells(speed: Speed | None) -> Pick:
    return lambda scene: Call(scene.now_ns, _frame(scene, speed)) if scene.witness.linked else None


def _frame(scene: Scene, speed: Speed | None, spoken: int = 1) -> Telemetry:
    """The belt's next frame, or the one after `spoken` more; 0: the machine's clock stands."""
    return Telemetry(speed, LEVEL, elapsed_s=(scene.lock.readings.belt.elapsed_s or 0) + spoken)


def _link_up(scene: Scene) -> Call:
    return Call(scene.now_ns, LinkUp(scene.witness.world.machine))


def _closes(scene: Scene) -> Call:
    """A closing edge is presence, too, as the engine has it."""
    edge = scene.lock.readings.strap_closed is False
    return Call(scene.now_ns, StrapLine(closed=True), first=show_presence if edge else None)


def _of_permit(make: Callable[[int], Observation]) -> Pick:
    return lambda scene: Call(scene.now_ns, make(scene.witness.permit[0])) if scene.witness.permit else None


def _of_control(answer: Answer) -> Pick:
    return lambda scene: Call(scene.now_ns, Answered(scene.witness.control, answer)) if scene.witness.control else None


def _of_stop(make: Callable[[int], Observation]) -> Pick:
    return lambda scene: Call(scene.now_ns, make(scene.witness.stops[0])) if scene.witness.stops else None


def _beats(bpm: int) -> Pick:
    def turn(scene: Scene) -> None:
        scene.witness.pulse = bpm

    def pick(scene: Scene) -> Call | None:
        heart = scene.witness.world.settings.heart
        return Call(scene.now_ns, _sample(scene, bpm), first=turn) if heart else None

    return pick


def _sample(scene: Scene, bpm: int, spoken: int = 0) -> HeartRateSample:
    """A pulse that varies by a beat, as a living one does."""
    last = scene.lock.readings.heart._last
    return HeartRateSample(bpm + (spoken + (last is not None and last.bpm == bpm)) % 2)


PICKS: Final[dict[str, Pick]] = {
    "nothing": _hears(Tick()),
    "the strap opens": lambda scene: (
        Call(scene.now_ns, StrapLine(closed=False)) if scene.witness.world.strap_matters else None
    ),
    "the strap closes": lambda scene: _closes(scene) if scene.witness.world.strap_matters else None,
    "the key is pulled": _while_linked(MachineStatus(MachineEvent.STOPPED_BY_KEY)),
    "console: stop": _while_linked(MachineStatus(MachineEvent.STOPPED_BY_USER)),
    "control is lost": _while_linked(MachineStatus(MachineEvent.CONTROL_LOST)),
    "the link comes up": _link_up,
    "the link goes down": _hears(LinkDown("gone")),
    "the belt says zero": _tells(STANDSTILL),
    "the belt says board speed": lambda scene: _tells(scene.witness.world.board_speed)(scene),
    "the belt says too much": _tells(OVER),
    "the belt tells no speed": _tells(None),
    "the permit is answered": _of_permit(lambda number: Answered(number, Answer.SUCCESS)),
    "the permit is refused": _of_permit(lambda number: Answered(number, Answer.FAILED)),
    "the permit is not ours": _of_permit(lambda number: Answered(number, Answer.NOT_PERMITTED)),
    "the permit is not written": _of_permit(lambda number: WriteFailed(number, "stuck")),
    "control is given": _of_control(Answer.SUCCESS),
    "control is refused": _of_control(Answer.NOT_PERMITTED),
    "the stop is written": _of_stop(Written),
    "the stop is not written": _of_stop(lambda number: WriteFailed(number, "stuck")),
    "the heart is calm": _beats(GOOD_BPM),
    "the heart is over soft": _beats(SOFT_BPM),
    "the heart is over hard": _beats(HARD_BPM),
    "the marker is stored": _hears(MarkerStored(ok=True)),
    "the marker fails": _hears(MarkerStored(ok=False)),
    "somebody is there": _first(show_presence),
    "somebody presses STOP": _first(stop_by_person),
    "somebody resets": _then(reset),
    "the session opens": _then(open_session),
    "the session closes": _then(close_session),
    "the loop was late": lambda scene: Call(scene.now_ns, lag_ns=n.LAG_TRIP_NS + 1),
}


def _once(pick: Pick, propose: Propose) -> Calls:
    def calls(scene: Scene) -> Sequence[Call]:
        call = pick(scene)
        return (replace(call, proposal=propose(scene)),) if call else ()

    return calls


# -- time


@dataclass(frozen=True, slots=True)
class Silence:
    """Who speaks while time passes."""

    belt: bool = True
    advances: bool = True  # the machine's own clock
    heart: bool = True

    @property
    def refreshed(self) -> frozenset[str]:
        """The timers that are kept from passing a limit."""
        told = {"frame_ns": self.belt, "heard_ns": self.belt, "elapsed_ns": self.belt and self.advances}
        beats = dict.fromkeys(("good_ns", "_heard_ns", "_changed_ns"), self.heart)
        return frozenset(name for name, kept in (told | beats).items() if kept)

    def observations(self, scene: Scene, spoken: int) -> Iterator[Observation]:
        """Yield what is heard at one moment, after as much of the same."""
        speed = scene.lock.readings.belt.speed or STANDSTILL
        tells = self.belt and scene.witness.linked
        if self.heart and scene.witness.world.settings.heart:
            yield _sample(scene, scene.witness.pulse, spoken - 1)
        yield _frame(scene, speed, spoken if self.advances else 0) if tells else Tick()


ALL_SPEAK, NO_BELT, FROZEN, NO_HEART, NONE_SPEAK = (
    Silence(), Silence(belt=False), Silence(advances=False), Silence(heart=False), Silence(belt=False, heart=False),
)  # fmt: skip


def _passing(who: Silence, target: Speed | None) -> Calls:
    """Time passes until the next timer has passed its next limit."""
    refreshed, proposal = who.refreshed, Proposal(target=target, incline=TOO_STEEP if target else None)

    def calls(scene: Scene) -> Sequence[Call]:
        begun_ns = scene.now_ns
        dues = (age.next_ns(at_ns, begun_ns) for name, age, at_ns in quanta.timers(scene.lock) if name not in refreshed)
        due_ns = min((due for due in dues if due), default=begun_ns)
        times = [*range(begun_ns + TALK_NS, due_ns, TALK_NS), *([due_ns] if due_ns > begun_ns else [])]
        return [
            Call(at_ns, observation, proposal=proposal)
            for spoken, at_ns in enumerate(times, start=1)
            for observation in who.observations(scene, spoken)
        ]

    return calls


def _pacing(target: Speed | None) -> Calls:
    """The shortest time in which a ramp does all that it may at once."""
    return lambda scene: (Call(scene.now_ns + PACE_NS, proposal=Proposal(target=target)),)


_WAITS: Final = {
    "all speak": ALL_SPEAK, "the belt is silent": NO_BELT, "the machine's clock stands": FROZEN,
    "the heart is silent": NO_HEART, "nobody speaks": NONE_SPEAK,
}  # fmt: skip


_GOALS: Final = {"the highest speed": TOO_FAST, "board speed": None}  # the greedy one first


def alphabet() -> tuple[Move, ...]:
    """Return every move; where two do the same, the greedy one comes first."""
    happen = [
        Move(f"{name}; proposed: {what}", _once(PICKS[name], PROPOSALS[what]), meek=what == "nothing")
        for name, what in product(PICKS, ("all", "nothing"))
    ]
    ask = [
        Move(f"proposed: {what}", _once(PICKS["nothing"], PROPOSALS[what]))
        for what in PROPOSALS
        if what not in ("nothing", "all")
    ]
    waits = [
        Move(f"time passes, {who}; target: {goal}", _passing(silence, _GOALS[goal]), meek=goal == "board speed")
        for (who, silence), goal in product(_WAITS.items(), _GOALS)
    ]
    paces = [
        Move(f"0.2 s pass; target: {goal}", _pacing(target), meek=goal == "board speed")
        for goal, target in _GOALS.items()
    ]
    return (*happen, *ask, *waits, *paces)

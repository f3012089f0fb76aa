"""One seed decides everything: the machine, the walker, the program, and all that will happen, each at its time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log
from random import Random
from typing import Final

from retrowalk.model.plan import ABSOLUTE, Bout, Ceiling, Facing, Gap, Interval, Limits, Plan, Stage
from retrowalk.model.settings import BrokerLost, EngineSettings, HeartLimits, StrapTier
from retrowalk.model.units import LEVEL, Incline, Speed
from retrowalk_sim.profiles import profiles
from retrowalk_sim.walker import Fitness
from simulation.happenings import HAPPENINGS
from simulation.plots import PLOTS

SHORT_S: Final = 420.0
LONG_S: Final = 1500.0
AFTERNOON_S: Final = 2900.0
AFTERNOON_WALK_S: Final = 1780
EARLIEST_S: Final = 1.0
CLEAN: Final = 0.12  # shares of the stories
PLOTTED: Final = 0.35
AFTERNOON: Final = 0.006
WELL_BEHAVED: Final = tuple(name for name, profile in profiles().items() if profile.well_behaved)
_BOARD_AND_REST_S: Final = 80.0  # a bout besides its stages: prompt, countdown, stepping on, ramp-down


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that goes wrong, or that somebody does, for `for_s` where it lasts.

    It begins at `at_s`, or right after the first line of the log since then that begins with `awaits`.
    """

    at_s: float
    what: str
    for_s: float = 0.0
    value: float = 0.0
    awaits: str = ""

    def __str__(self) -> str:
        awaits = f", once the log says {self.awaits!r}" if self.awaits else ""
        return f"{self.at_s:8.3f} {self.what} for {self.for_s:.2f} s, value {self.value:.3f}{awaits}"


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody walks."""

    fitness: Fitness
    reading_s: float  # from a prompt to its answer
    willing: bool
    double_presses: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is going to happen. The same story gives the same log, to the byte."""

    seed: int
    machine: str
    known: str  # of the machine: commissioned | unknown | refused
    plan: Plan
    person: Person
    settings: EngineSettings
    broker: bool
    horizon_s: float
    late_s: float  # timers, as a rule
    happenings: tuple[Happening, ...]

    @property
    def clean(self) -> bool:
        """Nothing goes wrong and somebody willing walks on a well-behaved machine: it has to end as planned."""
        possible = self.known == "commissioned" and self.person.willing and not self.person.double_presses
        return possible and self.machine in WELL_BEHAVED and not self.happenings and self.sound

    @property
    def sound(self) -> bool:
        """The settings allow the plan, and the walker's heart stays out of it."""
        settings, fitness = self.settings, self.person.fitness
        if settings.strap is StrapTier.ATTESTED and self.plan.level > 1:
            return False
        if self.plan.limits.session_s < self.expected_s:
            return False
        limits = settings.heart
        return limits is None or fitness.highest_bpm < limits.soft_bpm

    @property
    def expected_s(self) -> float:
        """By when a clean session has ended."""
        gaps = sum(gap.duration_s for gap in self.plan.intervals)
        return 30 + gaps + sum(bout.duration_s + _BOARD_AND_REST_S + self.person.reading_s for bout in self.plan.bouts)


def draw(seed: int, *, short: bool = True) -> Story:
    """Make up the story of `seed`."""
    rng = Random(seed)  # noqa: S311 - repeatable stories, no secrets
    level = rng.choice((0, 0, 1, 1, 2, 3))
    story = Story(
        seed=seed,
        machine=rng.choice(WELL_BEHAVED) if rng.random() < 0.6 else rng.choice(tuple(profiles())),
        known=rng.choices(("commissioned", "unknown", "refused"), (90, 8, 2))[0],
        plan=_plan(rng, level, rng.choices((150, 450), (85, 15))[0] if short else 700),
        person=_person(rng),
        settings=_settings(rng, level),
        broker=rng.random() < 0.35,
        horizon_s=SHORT_S if short else LONG_S,
        late_s=rng.choice((0.0005, 0.001, 0.003, 0.01)),
        happenings=(),
    )
    share = rng.random()
    if share < AFTERNOON:
        return _afternoon(_undisturbed(rng, story))
    if share < AFTERNOON + CLEAN:
        return _undisturbed(rng, story)
    return with_happenings(story, _happenings(rng, story))


def with_happenings(story: Story, happenings: tuple[Happening, ...]) -> Story:
    """Return the same story with other things happening: what shrinking tries."""
    return replace(story, happenings=happenings)


def _happenings(rng: Random, story: Story) -> tuple[Happening, ...]:
    count = rng.choices((1, 2, 3, 4, 6), (30, 30, 20, 12, 8))[0]
    drawn = [_happening(rng, story) for _ in range(count)]
    if rng.random() < PLOTTED:
        drawn += _plot(rng, story)
    return tuple(sorted(drawn, key=lambda happening: happening.at_s))


def _happening(rng: Random, story: Story) -> Happening:
    what = rng.choices(tuple(HAPPENINGS), [happening.weight for happening in HAPPENINGS.values()])[0]
    kind = HAPPENINGS[what]
    at_s = rng.uniform(EARLIEST_S, min(story.expected_s, story.horizon_s * 0.8))
    return _happen(rng, what, at_s, (kind.shortest_s, kind.longest_s))


def _plot(rng: Random, story: Story) -> list[Happening]:
    begins_s = rng.uniform(EARLIEST_S, min(story.expected_s, story.horizon_s) * 0.5)
    parts = rng.choice(tuple(PLOTS.values()))
    return [_happen(rng, p.what, begins_s + p.after_s, (p.shortest_s, p.longest_s), p.awaits) for p in parts]


def _happen(rng: Random, what: str, at_s: float, lasts_s: tuple[float, float], awaits: str = "") -> Happening:
    for_s = exp(rng.uniform(*map(log, lasts_s))) if lasts_s[1] else 0.0
    return Happening(round(at_s, 3), what, round(for_s, 3), round(rng.random(), 6), awaits)


def _undisturbed(rng: Random, story: Story) -> Story:
    """Return a story in which nothing goes wrong, with just the minutes that are planned, and time for all of them."""
    machine, person = rng.choice(WELL_BEHAVED), replace(story.person, willing=True, double_presses=False)
    limits = replace(story.plan.limits, backward_s=_backward_s(story.plan.bouts), session_s=ABSOLUTE.session_s)
    plan = replace(story.plan, limits=limits)
    quiet = replace(story, machine=machine, known="commissioned", person=person, plan=plan)
    return replace(quiet, horizon_s=max(quiet.horizon_s, quiet.expected_s + 1))


def _afternoon(story: Story) -> Story:
    """Return a walk that is paused so often that its caps on minutes are all that ends it."""
    stage = Stage(Speed(80), LEVEL, AFTERNOON_WALK_S)
    plan = replace(story.plan, level=0, bouts=(Bout(Facing.BACKWARD, (stage,)),), intervals=())
    limits = replace(plan.limits, backward_s=ABSOLUTE.backward_s, session_s=ABSOLUTE.session_s)
    pauses = (Happening(90.0, "pauses_often", value=0.9),)
    return replace(story, plan=replace(plan, limits=limits), horizon_s=AFTERNOON_S, happenings=pauses)


def _plan(rng: Random, level: int, longest_s: int) -> Plan:
    up = (10, 10, 15, 20)[level]
    backward = Ceiling(Speed((160, 200, 320, 480)[level]), Incline((0, 0, 30, 50)[level]), up)
    forward = Ceiling(Speed(rng.choice((320, 480))), Incline(50), 20)
    limits = Limits(forward, backward, ABSOLUTE.backward_s, ABSOLUTE.session_s)
    bouts = tuple(_bout(rng, limits, longest_s) for _ in range(rng.choice((1, 1, 2, 3))))
    gaps = (Gap.TURN if one.facing is not other.facing else Gap.REST for one, other in pairwise(bouts))
    intervals = tuple(Interval(gap, rng.choice((0, 5, 15))) for gap in gaps)
    return Plan("seeded", "Seeded", level, bouts, intervals, ("Short steps.",), _minutes(rng, limits, bouts))


def _minutes(rng: Random, limits: Limits, bouts: tuple[Bout, ...]) -> Limits:
    """Return the limits, perhaps with caps on minutes: just what is planned, or less than the session will take."""
    return replace(
        limits,
        backward_s=_backward_s(bouts) if rng.random() < 0.5 else limits.backward_s,
        session_s=rng.randrange(60, 240) if rng.random() < 0.12 else limits.session_s,
    )


def _backward_s(bouts: tuple[Bout, ...]) -> int:
    return sum(bout.duration_s for bout in bouts if bout.facing is Facing.BACKWARD)


def _bout(rng: Random, limits: Limits, longest_s: int) -> Bout:
    """Return a bout whose stages may ask for more than the ceilings allow: it is not theirs to give."""
    facing = Facing.FORWARD if rng.random() < 0.25 else Facing.BACKWARD
    top = limits.ceiling(facing)
    stages = [
        Stage(
            Speed(min(rng.randrange(50, top.speed.centi_kmh + 100, 5), 650)),
            Incline(rng.randrange(0, top.incline.tenths_pct + 20, 5)) if rng.random() < 0.3 else LEVEL,
            rng.randrange(10, longest_s // 2),
        )
        for _ in range(rng.choice((1, 1, 2, 3)))
    ]
    return Bout(facing, tuple(stages))


def _person(rng: Random) -> Person:
    fit = rng.random() < 0.75
    fitness = Fitness(70, 130, 40) if fit else Fitness(80, 185, 18)
    return Person(fitness, round(rng.uniform(1.2, 6.0), 3), rng.random() > 0.03, rng.random() < 0.03)


def _settings(rng: Random, level: int) -> EngineSettings:
    strap = rng.choices((StrapTier.LINE, StrapTier.REPORTED, StrapTier.ATTESTED), (80, 15, 5))[0]
    excused = level <= 1 and rng.random() < 0.2
    return EngineSettings(
        strap=StrapTier.NONE if rng.random() < 0.01 else strap,
        handrails=rng.random() > 0.01,
        heart=None if excused or rng.random() < 0.02 else HeartLimits(soft_bpm=145, hard_bpm=160),
        without_heart_rate=excused,
        remote_start=rng.random() < 0.25,
        separate_ok=rng.random() < 0.2,
        broker_lost=rng.choice((BrokerLost.END_SESSION, BrokerLost.CONTINUE)),
    )

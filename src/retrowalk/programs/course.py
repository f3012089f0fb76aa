"""A program written out: every repetition in order, and the bouts that result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from retrowalk.model.plan import Facing
from retrowalk.programs.program import Group, Program, Rest, Turn, Walk


@dataclass(frozen=True, slots=True)
class Step:
    """One segment of the written-out program; `where` names its place in the file, such as "segment 2.1"."""

    where: str
    segment: Walk | Rest | Turn


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One walking segment of a bout."""

    where: str
    walk: Walk


@dataclass(frozen=True, slots=True)
class DraftBout:
    """Walking segments of one facing with no standstill between them."""

    facing: Facing
    steps: tuple[WalkStep, ...]

    @property
    def where(self) -> str:
        """The place in the file, from the first segment to the last."""
        first, last = self.steps[0].where, self.steps[-1].where
        return first if first == last else f"{first} to {last.removeprefix('segment ')}"

    @property
    def duration_s(self) -> int:
        """Time on the belt."""
        return sum(step.walk.duration for step in self.steps)


def written_out(program: Program) -> tuple[Step, ...]:
    """Write every repetition of `program` out, in the order in which it is walked."""
    return tuple(_steps(program.segment, "segment "))


def _steps(segments: Iterable[Walk | Rest | Turn | Group], prefix: str) -> Iterator[Step]:
    for number, segment in enumerate(segments, 1):
        where = f"{prefix}{number}"
        if isinstance(segment, Rest | Turn):
            yield Step(where, segment)
            continue
        for round_ in range(segment.repeat):
            if round_ and segment.between:
                yield Step(f"{where} between", segment.between)
            if isinstance(segment, Group):
                yield from _steps(segment.segments, f"{where}.")
            else:
                yield Step(where, segment)


def bouts(course: Iterable[Step]) -> tuple[DraftBout, ...]:
    """Join walking segments into bouts: a standstill or a change of facing ends one."""
    drafts = []
    for facing, run in groupby(course, key=lambda step: _facing(step.segment)):
        if facing is not None:
            steps = (WalkStep(step.where, step.segment) for step in run if isinstance(step.segment, Walk))
            drafts.append(DraftBout(facing, tuple(steps)))
    return tuple(drafts)


def standstills(course: Iterable[Step]) -> tuple[Rest | Turn, ...]:
    """Return what lies between the bouts."""
    return tuple(step.segment for step in course if not isinstance(step.segment, Walk))


def _facing(segment: Walk | Rest | Turn) -> Facing | None:
    return segment.facing if isinstance(segment, Walk) else None

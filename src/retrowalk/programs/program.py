"""A program as its file has it: TOML text that became objects, not yet checked against any cap."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from retrowalk.model.plan import Facing
from retrowalk.model.units import LEVEL
from retrowalk.walkers.caps import Level
from retrowalk.walkers.quantities import DurationText, InclineText, SpeedText, refuse_bool

MOST_REPEATS: Final = 60
MOST_SEGMENTS: Final = 200
"""What a program may hold when every repetition is written out; an hour has 180 times twenty seconds."""

STANDARD_CUES: Final = (
    "Rest your hands lightly on the handrails",
    "Short steps",
    "Balls of the feet first, then the heel",
    "Brace your middle, stand upright",
    "Look straight ahead",
)

type WalkKind = Literal["warm_up", "forward", "backward", "cool_down"]
_WALKS: Final = ("warm_up", "forward", "backward", "cool_down")
_KINDS: Final = (*_WALKS, "rest", "turn")

ProgramId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


def _not_empty[T](segments: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse an empty list; pydantic's own check would also count a list whose segments were refused as empty."""
    if not segments:
        raise ValueError("at least one segment has to be written")
    return segments


class _Table(BaseModel):
    """A table of a program file: a misspelt key is refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rest(_Table):
    """The belt stands, the walker stays on the side boards, for at least `duration`."""

    kind: Literal["rest"]
    duration: Annotated[DurationText, Field(gt=0)]


class Turn(_Table):
    """The belt stands, level, and the walker turns around on the side boards; `duration` adds a rest."""

    kind: Literal["turn"]
    duration: DurationText = 0


type Standstill = Annotated[Rest | Turn, Field(discriminator="kind")]


class _Repeated(_Table):
    """Something that is done `repeat` times, with `between` in between."""

    repeat: Annotated[int, BeforeValidator(refuse_bool), Field(ge=1, le=MOST_REPEATS)] = 1
    between: Standstill | None = None

    @model_validator(mode="after")
    def _between_has_sides(self) -> Self:
        if self.between is not None and self.repeat == 1:
            raise ValueError("`between` needs a `repeat` of 2 or more")
        return self


class Walk(_Repeated):
    """The belt runs at `speed` and `incline` for `duration`, the ramp included."""

    kind: WalkKind
    duration: Annotated[DurationText, Field(gt=0)]
    speed: SpeedText
    incline: InclineText = LEVEL

    @property
    def facing(self) -> Facing:
        """The direction in which the walker looks; only `backward` is walked backward."""
        return Facing.BACKWARD if self.kind == "backward" else Facing.FORWARD


class Group(_Repeated):
    """Several segments that are repeated together."""

    segments: Annotated[tuple[Segment, ...], AfterValidator(_not_empty)]


def _tag(value: object) -> str | None:
    """Tell what a segment table is meant to be, so that only that shape's errors are reported."""
    table = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    if "segments" in table:
        return "group"
    kind = table.get("kind")
    if isinstance(kind, str):
        return "walk" if kind in _WALKS else kind if kind in _KINDS else None
    return None


type Segment = Annotated[
    Annotated[Walk, Tag("walk")]
    | Annotated[Rest, Tag("rest")]
    | Annotated[Turn, Tag("turn")]
    | Annotated[Group, Tag("group")],
    Discriminator(
        _tag,
        custom_error_type="kind",
        custom_error_message=f"needs a kind ({', '.join(_KINDS)}) or a list of segments",
    ),
]


class OwnLimits(_Table):
    """Limits of a program's own; they can only narrow those of its level."""

    speed: SpeedText | None = None
    incline: InclineText | None = None
    backward: DurationText | None = None
    session: DurationText | None = None


class Program(_Table):
    """What to walk. Level "clinic" is for programs that a clinician wrote for one walker and supervises."""

    id: ProgramId
    title: Words
    level: Annotated[Level, BeforeValidator(refuse_bool)]
    sources: tuple[Words, ...] = ()
    cues: tuple[Words, ...] = STANDARD_CUES
    clinician: Words | None = None
    supervision: Words | None = None
    limits: OwnLimits = OwnLimits()
    segment: Annotated[tuple[Segment, ...], AfterValidator(_not_empty)]

    @model_validator(mode="after")
    def _clinic_is_signed(self) -> Self:
        if self.level == "clinic" and not (self.clinician and self.supervision):
            raise ValueError('level "clinic" needs `clinician` (who wrote it) and `supervision` (who stands by)')
        if self.level != "clinic" and (self.clinician or self.supervision):
            raise ValueError('`clinician` and `supervision` belong to level "clinic"')
        return self

    @model_validator(mode="after")
    def _can_be_written_out(self) -> Self:
        if (count := sum(map(_count, self.segment))) > MOST_SEGMENTS:
            raise ValueError(f"{count} segments when written out; at most {MOST_SEGMENTS} are read")
        return self


class TemplateSegment(_Table):
    """A segment whose numbers are not written yet."""

    kind: Literal["warm_up", "forward", "backward", "cool_down", "rest", "turn"]


class Template(_Table):
    """The shape of a program without its numbers: to be copied and filled in, never walked."""

    template: Literal[True]
    id: ProgramId
    title: Words
    level: Annotated[Level, BeforeValidator(refuse_bool)]
    sources: tuple[Words, ...] = ()
    cues: tuple[Words, ...] = STANDARD_CUES
    segment: Annotated[tuple[TemplateSegment, ...], AfterValidator(_not_empty)]


def _count(segment: Walk | Rest | Turn | Group) -> int:
    """Count the segments that `segment` becomes when every repetition is written out."""
    if isinstance(segment, Rest | Turn):
        return 1
    once = sum(map(_count, segment.segments)) if isinstance(segment, Group) else 1
    return segment.repeat * once + (segment.repeat - 1 if segment.between else 0)

"""A profile: hearsay about a make or a model. It is believed only where it makes the daemon more careful."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retrowalk.machines.facts import Facts

Text = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class About:
    """Who a treadmill says that it is. Empty = it does not say."""

    name: str = ""
    manufacturer: str = ""
    model: str = ""


class Match(BaseModel):
    """Whom a profile is about: every pattern that is given must fit; * and ? are wild, case does not count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    manufacturer: Text | None = None
    model: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.patterns:
            raise ValueError('write at least one pattern: name = "ABC*", manufacturer or model')
        return self

    @property
    def patterns(self) -> dict[str, str]:
        """The patterns that are given."""
        return {field: pattern for field, pattern in self if pattern is not None}

    def fits(self, about: About) -> bool:
        """Whether this is one of them."""
        return all(
            fnmatchcase(getattr(about, field).casefold(), pattern.casefold())
            for field, pattern in self.patterns.items()
        )


class Profile(BaseModel):
    """One file of config/machines. `seen` says where the hearsay comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    seen: Text
    match: Match
    facts: Facts

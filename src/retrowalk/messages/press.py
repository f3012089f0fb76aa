"""A press of a declared button, as its sender describes it."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from retrowalk.messages.command import LONGEST_COMMAND_BYTES, RefusedMessage, in_seconds, in_words

type Held = Literal["short", "long"]

_BARE: Final[dict[bytes, Held]] = {b"press": "short", b"long": "long"}


class PressMessage(BaseModel):
    """One press: `{"press": "short", "ts": 1767225600.0}`. What else a button tells of itself is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    press: Held = Field(description="How long it was held.")
    ts: float | None = Field(default=None, description="When it was pressed: seconds since 1970, UTC.")
    token: str | None = Field(default=None, max_length=64, description="The token of the newest state, in place of ts.")

    _in_seconds = field_validator("ts", mode="before")(in_seconds)


def parse_press(payload: bytes) -> PressMessage | Held:
    """Read a press; a bare word is returned as its kind. Raises RefusedMessage."""
    if payload in _BARE:
        return _BARE[payload]
    if len(payload) > LONGEST_COMMAND_BYTES:
        raise RefusedMessage(f"{len(payload)} bytes; a press has at most {LONGEST_COMMAND_BYTES}")
    try:
        return PressMessage.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedMessage(in_words(error)) from None

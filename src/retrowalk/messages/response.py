"""The answer to one command."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from retrowalk.messages.stamp import Stamp


class ResponseMessage(BaseModel):
    """Whether a command was taken, and if not, why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(description="The command's id, or one that the daemon gave it; empty when it could not be read.")
    cmd: str = Field(description="The command; empty when it could not be read.")
    ok: bool
    reason: str = Field(description="Why not, for a person; empty when ok.")
    ts: float = Field(description="Seconds since 1970, UTC.")


def response_message(request_id: str, cmd: str, *, ok: bool, reason: str, stamp: Stamp) -> dict[str, Any]:
    """Answer the command `request_id`."""
    return ResponseMessage(id=request_id, cmd=cmd, ok=ok, reason=reason, ts=stamp.ts).model_dump()

"""A command as home automation and the local socket send it, and the request that it becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, field_validator

from retrowalk.model.plan import Plan
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Speed
from retrowalk.programs import ProgramError

LONGEST_COMMAND_BYTES: Final = 1024
LONGEST_NAME: Final = 64
LARGEST_TRIM_KMH: Final = 1.0
LARGEST_NUMBER: Final = 1e6
LATEST_TS: Final = 1e11  # seconds; a time in milliseconds lies beyond it
ANSWERS: Final = ("fine", "hard", "hurt")
COMMANDS: Final = tuple(verb for verb in Verb if verb is not Verb.SHUTDOWN)  # a process ends by signal, not by message

_BARE_STOP: Final = re.compile(rb'\s*"?stop"?\s*', re.IGNORECASE)
_STOP_COMMAND: Final = re.compile(rb'"cmd"\s*:\s*"\s*stop\s*"', re.IGNORECASE)

type PlanFinder = Callable[[str], Plan]
"""Returns the plan of a program id; raises ProgramError, ValueError or LookupError that says why not."""

Command = Annotated[Verb, WithJsonSchema({"type": "string", "enum": [str(verb) for verb in COMMANDS]})]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class RefusedMessage(ValueError):  # noqa: N818 (a refusal is an answer, not a failure)
    """A message that becomes no request. `reason` is for its sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def in_seconds(ts: object) -> object:
    """Refuse a number that is no time in seconds."""
    if isinstance(ts, (int, float)) and not 0 <= ts < LATEST_TS:
        raise ValueError("seconds since 1970 (UTC) are wanted, not milliseconds, and nothing endless")
    return ts


class CommandMessage(BaseModel):
    """One command: `{"cmd": "start", "ts": 1767225600.0}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    cmd: Command = Field(description="What to do.")
    value: str | float | None = Field(
        default=None,
        description="select_program: the program's id; trim: a change in km/h; answer: fine, hard or hurt.",
    )
    ts: float | None = Field(default=None, description="When it was sent: seconds since 1970, UTC.")
    id: Name | None = Field(default=None, description="Chosen by the sender; a repeated id is refused for 60 s.")
    src: Name | None = Field(default=None, description="Who sends it, for the log.")
    token: Name | None = Field(default=None, description="The token of the newest state, in place of ts.")
    prompt: Name | None = Field(default=None, description="confirm: the id of the prompt that is answered.")

    @field_validator("value", mode="before")
    @classmethod
    def _sane(cls, value: object) -> object:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
        if not (number or value is None or isinstance(value, str)):
            raise ValueError(f"a text, or a number between ±{LARGEST_NUMBER:g}, is wanted")
        return value

    _in_seconds = field_validator("ts", mode="before")(in_seconds)

    @field_validator("cmd", mode="before")
    @classmethod
    def _known(cls, cmd: object) -> Verb:
        if cmd in COMMANDS:
            return Verb(str(cmd))
        near = get_close_matches(str(cmd), COMMANDS, 1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(COMMANDS)}"
        raise ValueError(f"unknown command; {hint}")


def is_stop(payload: bytes) -> bool:
    """Tell whether this is a Stop: the bare word, or a `cmd` that says so, whatever else is in it or wrong with it."""
    return bool(_BARE_STOP.fullmatch(payload) or _STOP_COMMAND.search(payload))


def parse_command(payload: bytes) -> CommandMessage:
    """Read one JSON object. Raises RefusedMessage that names every wrong field; never for a Stop."""
    if is_stop(payload):
        return CommandMessage(cmd=Verb.STOP, id=_own_id(payload))
    if len(payload) > LONGEST_COMMAND_BYTES:
        raise RefusedMessage(f"{len(payload)} bytes; a command has at most {LONGEST_COMMAND_BYTES}")
    try:
        return CommandMessage.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedMessage(in_words(error)) from None


def _own_id(payload: bytes) -> str | None:
    """Return the id of a Stop, where it is one."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    own = message.get("id") if isinstance(message, dict) else None
    return own if isinstance(own, str) and 0 < len(own) <= LONGEST_NAME else None


def in_words(error: ValidationError) -> str:
    """Name each wrong field once: a union reports one error for each of its types."""
    fields: dict[str, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        fields.setdefault(str(item["loc"][0]) if item["loc"] else "", item["msg"].removeprefix("Value error, "))
    return "; ".join(f"{field}: {words}" if field else words for field, words in fields.items())


def to_request(message: CommandMessage, origin: Origin, find_plan: PlanFinder) -> Request:
    """Make the engine's request. Raises RefusedMessage: a wrong value, or a program that cannot be walked."""
    if message.prompt is not None and message.cmd is not Verb.CONFIRM:
        raise RefusedMessage(f"{message.cmd} takes no prompt; only confirm does")
    read_value = _VALUE_READERS.get(message.cmd, _no_value)
    details = read_value(message, find_plan)
    return Request(message.cmd, origin, id=message.id or "", prompt_id=message.prompt, **details)


def _program(message: CommandMessage, find_plan: PlanFinder) -> dict[str, Any]:
    if not isinstance(message.value, str):
        raise RefusedMessage("select_program needs the program's id as its value")
    try:
        return {"plan": find_plan(message.value)}
    except (ProgramError, ValueError, LookupError) as error:
        raise RefusedMessage(str(error.args[0]) if error.args else f"no program {message.value!r}") from error


def _trim(message: CommandMessage, _find_plan: PlanFinder) -> dict[str, Any]:
    kmh = message.value
    if not isinstance(kmh, (int, float)) or not 0 < abs(kmh) <= LARGEST_TRIM_KMH:
        raise RefusedMessage(f"trim needs a change of up to ±{LARGEST_TRIM_KMH} km/h as its value, not {kmh!r}")
    return {"trim": Speed.from_kmh(kmh)}


def _answer(message: CommandMessage, _find_plan: PlanFinder) -> dict[str, Any]:
    if message.value not in ANSWERS:
        raise RefusedMessage(f"answer needs one of {', '.join(ANSWERS)} as its value, not {message.value!r}")
    return {"answer": message.value}


def _no_value(message: CommandMessage, _find_plan: PlanFinder) -> dict[str, Any]:
    if message.value is not None:
        raise RefusedMessage(f"{message.cmd} takes no value, not {message.value!r}")
    return {}


def _stop(_message: CommandMessage, _find_plan: PlanFinder) -> dict[str, Any]:
    return {}  # a Stop is never refused for what else is in it


_VALUE_READERS: Final[dict[Verb, Callable[[CommandMessage, PlanFinder], dict[str, Any]]]] = {
    Verb.SELECT_PROGRAM: _program,
    Verb.TRIM: _trim,
    Verb.ANSWER: _answer,
    Verb.STOP: _stop,
}

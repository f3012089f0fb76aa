"""Is a command fresh, and is it the first of its kind? MQTT replays, queues and duplicates; a belt must not."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

from retrowalk.messages import CommandMessage, PressMessage, RefusedMessage, Stamp
from retrowalk.model.units import seconds
from retrowalk.mqtt.tokens import Tokens

OLDEST_S: Final = 5.0
FUTURE_S: Final = 2.0
REMEMBERED_NS: Final = seconds(60)
MOST_REMEMBERED: Final = 500


class Repetition(RefusedMessage):
    """The same message came lately."""


class FreshnessGate:
    """Admits each fresh command once. Reads no clock: time is an argument."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._forget_at: dict[Hashable, int] = {}  # in the order of admission, so also of expiry

    def admit(self, message: CommandMessage, prompt_id: str | None, stamp: Stamp) -> None:
        """Return if `message` may go on; `prompt_id` is the open prompt. Raises RefusedMessage that says why not."""
        self.check_age(message, prompt_id, stamp)
        self.check_first(_marks(message), stamp.monotonic_ns)

    def check_age(self, message: CommandMessage | PressMessage, prompt_id: str | None, stamp: Stamp) -> None:
        """Return if `message` is fresh. Raises RefusedMessage."""
        if message.token is None or not self._tokens.accepts(message.token, prompt_id, stamp.monotonic_ns):
            _check_age(message, stamp.wall_s)

    def check_first(self, marks: Iterable[Hashable], now_ns: int) -> None:
        """Return if none with one of these marks came lately, and remember them. Raises Repetition, RefusedMessage."""
        for key in [key for key, forget_ns in self._forget_at.items() if forget_ns <= now_ns]:
            del self._forget_at[key]
        marks = tuple(marks)
        if any(mark in self._forget_at for mark in marks):
            raise Repetition("duplicate: the same command came within the last 60 s; a new one needs a new ts or id")
        if len(self._forget_at) + len(marks) > MOST_REMEMBERED:
            raise RefusedMessage(f"too many commands: more than {MOST_REMEMBERED} within 60 s")
        self._forget_at |= dict.fromkeys(marks, now_ns + REMEMBERED_NS)


def _check_age(message: CommandMessage | PressMessage, wall_s: float) -> None:
    if message.ts is None:
        missing = "the token is not the current one" if message.token else "neither ts nor token"
        raise RefusedMessage(f"{missing}: send ts (seconds since 1970, UTC) or the token of the newest state")
    age_s = wall_s - message.ts
    if age_s > OLDEST_S:
        raise RefusedMessage(f"stale: sent {age_s:.1f} s ago, at most {OLDEST_S:g} s are allowed")
    if age_s < -FUTURE_S:
        raise RefusedMessage(f"from the future: the sender's clock is {-age_s:.1f} s ahead of the daemon's")


def _marks(message: CommandMessage) -> list[Hashable]:
    """Return what makes this message the same as another: its id, or what it says and when (or with which token)."""
    if message.id is not None:
        return [("id", message.id)]
    return [(message.cmd, message.value, message.ts, None if message.ts is not None else message.token)]

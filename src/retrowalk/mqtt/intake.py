"""What comes from the broker becomes requests and observations, or a refusal with its reason."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import structlog

from retrowalk.messages import (
    CommandMessage,
    Held,
    PressMessage,
    RefusedMessage,
    Stamp,
    parse_command,
    parse_press,
    to_request,
)
from retrowalk.model.observations import ButtonPress, ButtonSource, Observation
from retrowalk.model.plan import Plan
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.mqtt.broker import Incoming
from retrowalk.mqtt.gate import FreshnessGate, Repetition
from retrowalk.mqtt.topics import Topics

MOST_UNANSWERED: Final = 100
LONGEST_RESPONSE_TOPIC: Final = 200
LONGEST_CORRELATION: Final = 256
_HAND_DIGITS: Final = 1  # of a second: nobody presses twice within a tenth

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Where the answer to a command goes besides the common response topic."""

    response_topic: str | None = None
    correlation: bytes | None = None


type Refuser = Callable[[Sender, str, str, str], None]
"""Called with the sender, the command's id, its name and the reason."""


class Intake:
    """Handles one message at a time, at once and without waiting."""

    def __init__(
        self,
        topics: Topics,
        gate: FreshnessGate,
        *,
        submit: Callable[[Request], None],
        observe: Callable[[Observation], None],
        find_plan: Callable[[str], Plan],
        refuse: Refuser,
    ) -> None:
        self._topics = topics
        self._gate = gate
        self._submit = submit
        self._observe = observe
        self._find_plan = find_plan
        self._refuse = refuse
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._numbers = count(1)

    def take(self, message: Incoming, prompt_id: str | None, stamp: Stamp, *, steady: bool = False) -> None:
        """Act on one message; `prompt_id` is the open prompt. A Stop is looked at first and not looked into.

        `steady`: what comes now did not wait at the broker. An undated press counts only then.
        """
        if message.topic == self._topics.stop:
            self._submit(Request(Verb.STOP, Origin.MQTT))
        elif message.topic in self._topics.buttons:
            self._press(message, prompt_id, stamp, steady=steady)
        elif message.topic == self._topics.command:
            self._command(message, prompt_id, stamp)

    def sender_of(self, request_id: str) -> Sender:
        """Return, once, who sent the request that the engine answers now."""
        return self._senders.pop(request_id, Sender())

    def _press(self, message: Incoming, prompt_id: str | None, stamp: Stamp, *, steady: bool) -> None:
        """Pass a press on; one that is late, undated, repeated or odd is not fresh: it still stops a belt, no more."""
        press: PressMessage | Held | None = None
        fresh = False
        try:
            press = parse_press(message.payload)
            if isinstance(press, PressMessage):
                self._gate.check_age(press, prompt_id, stamp)
                if not message.retained:
                    self._gate.check_first([(message.topic, press.press, press.ts, press.token)], stamp.monotonic_ns)
            fresh = not message.retained and (steady or isinstance(press, PressMessage))
        except RefusedMessage as refusal:
            self._refuse(Sender(), "", "press", refusal.reason)
            unlike_a_press = press is None and b'"press"' not in message.payload
            if unlike_a_press or (isinstance(refusal, Repetition) and _is_the_same_one(press)):
                return
        if not fresh:
            log.warning("button_stale", topic=message.topic, retained=message.retained, payload=message.payload[:32])
        held = press.press if isinstance(press, PressMessage) else press
        self._observe(ButtonPress(ButtonSource.DECLARED, held == "long", fresh))

    def _command(self, message: Incoming, prompt_id: str | None, stamp: Stamp) -> None:
        correlation = message.correlation if len(message.correlation or b"") <= LONGEST_CORRELATION else None
        sender = Sender(self._safe(message.response_topic), correlation)
        command: CommandMessage | None = None
        try:
            command = parse_command(message.payload)
            request = self._admit(command, message, prompt_id, stamp)
        except RefusedMessage as refusal:
            self._refuse(sender, (command and command.id) or "", command.cmd if command else "", refusal.reason)
            return
        if request.verb is not Verb.STOP:
            self._remember(request.id, sender)
        log.info("mqtt_command", cmd=str(request.verb), id=request.id, src=command.src)
        self._submit(request)

    def _admit(self, command: CommandMessage, message: Incoming, prompt_id: str | None, stamp: Stamp) -> Request:
        if command.cmd is Verb.STOP:  # never stale, never a duplicate
            return Request(Verb.STOP, Origin.MQTT, id=command.id or "")
        if message.retained:
            raise RefusedMessage("retained: a command is never retained; publish it without the retain flag")
        self._gate.admit(command, prompt_id, stamp)
        request = to_request(command, Origin.MQTT, self._find_plan)
        return request if request.id else replace(request, id=f"mqtt-{next(self._numbers)}")

    def _remember(self, request_id: str, sender: Sender) -> None:
        self._senders[request_id] = sender
        if len(self._senders) > MOST_UNANSWERED:
            self._senders.popitem(last=False)

    def _safe(self, topic: str | None) -> str | None:
        """Drop a response topic that would make the daemon write where its sender may not."""
        if not topic or topic.startswith("$") or not topic.isprintable() or len(topic) > LONGEST_RESPONSE_TOPIC:
            return None
        if any(wildcard in topic for wildcard in "+#"):
            return None
        if topic.startswith(f"{self._topics.response}/"):
            return topic
        return None if topic.split("/")[0] in self._topics.trusted_roots else topic


def _is_the_same_one(press: PressMessage | Held | None) -> bool:
    """Tell whether an equal press is surely no second one: its clock is finer than a hand."""
    return isinstance(press, PressMessage) and press.ts is not None and round(press.ts, _HAND_DIGITS) != press.ts

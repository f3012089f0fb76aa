"""What is told to the broker, and when. Makes messages; sends none."""

from __future__ import annotations

import asyncio
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from retrowalk import __version__
from retrowalk.messages import (
    DiagnosticsMessage,
    Stamp,
    event_message,
    refusal_event,
    response_message,
    state_message,
)
from retrowalk.model.machine import Machine
from retrowalk.model.reports import RUNNING, Reply, Report, State
from retrowalk.model.requests import Origin
from retrowalk.model.units import seconds
from retrowalk.mqtt.broker import Outgoing
from retrowalk.mqtt.discovery import discovery_message
from retrowalk.mqtt.intake import Sender
from retrowalk.mqtt.outbox import Outbox
from retrowalk.mqtt.pace import Pace
from retrowalk.mqtt.settings import MqttSettings
from retrowalk.mqtt.tokens import Tokens
from retrowalk.mqtt.topics import Topics

EXPIRES_S: Final = 10
DIAGNOSTICS_EVERY_NS: Final = seconds(60)


@dataclass(slots=True)
class Health:
    """What the bridge counts, for the diagnostics."""

    connects: int = 0
    commands_refused: int = 0
    commands_dropped: int = 0
    unheard_topics: list[str] = field(default_factory=list)


class Announcer:
    """Turns states, reports and refusals into messages for the outbox."""

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        programs: tuple[str, ...],
        tokens: Tokens,
        stamp: Callable[[], Stamp],
    ) -> None:
        self.health = Health()
        self.outbox = Outbox()
        self.belt_rests = asyncio.Event()  # by the newest state it is not meant to run
        self.belt_rests.set()
        self._settings = settings
        self._topics = topics
        self._programs = programs
        self._tokens = tokens
        self._stamp = stamp
        self._pace = Pace()
        self._newest: State | None = None
        self._link_up: bool | None = None
        self._machine: Machine | None = None
        self._worst_lag_s = 0.0
        self._diagnosed_ns = 0

    @property
    def prompt_id(self) -> str | None:
        """The prompt that is open now."""
        return self._newest.prompt.id if self._newest and self._newest.prompt else None

    def take_state(self, state: State) -> None:
        """Keep the newest state until it is due."""
        self._newest = state
        self._worst_lag_s = max(self._worst_lag_s, state.loop_lag_s)
        self.outbox.put_state(state)
        if state.motion in RUNNING:
            self.belt_rests.clear()
        else:
            self.belt_rests.set()

    def take_report(self, report: Report, sender_of: Callable[[str], Sender]) -> None:
        """Put the event of a report in line; a reply to MQTT also answers its sender."""
        if isinstance(report, Reply) and report.origin is Origin.MQTT:
            self._respond(sender_of(report.request_id), report)
        event = event_message(report, self._stamp())
        if event is not None:
            put = self.outbox.put_answer if isinstance(report, Reply) else self.outbox.put_event
            put(Outgoing(self._topics.event, json.dumps(event)))

    def take_refusal(self, sender: Sender, request_id: str, cmd: str, reason: str) -> None:
        """Answer a command that the engine never sees, and tell everybody."""
        self.health.commands_refused += 1
        stamp = self._stamp()
        self._answer(sender, response_message(request_id, cmd, ok=False, reason=reason, stamp=stamp))
        self.outbox.put_answer(Outgoing(self._topics.event, json.dumps(refusal_event(request_id, cmd, reason, stamp))))

    def greeting(self) -> list[Outgoing]:
        """Return all that is retained, in the order of a fresh connection; `online` is last."""
        discovery = discovery_message(self._settings, self._topics, self._programs)
        newest = [] if self._newest is None else [self._state(self._state_fields(self._newest))]
        self._link_up = bool(self._newest and self._newest.link_up)
        return [
            Outgoing(self._topics.discovery, discovery, retain=True),
            self._link(),
            *newest,
            self._diagnostics(),
            Outgoing(self._topics.status, "online", retain=True),
        ]

    def due(self, state: State) -> list[Outgoing]:
        """Return what `state` changes for the listeners, if it is time."""
        messages = []
        if state.link_up is not self._link_up:
            self._link_up = state.link_up
            messages.append(self._link())
        fields = self._state_fields(state)
        now_ns = self._stamp().monotonic_ns
        if self._pace.is_due(fields, now_ns):
            messages.append(self._state(fields))
        if state.machine != self._machine or now_ns - self._diagnosed_ns >= DIAGNOSTICS_EVERY_NS:
            messages.append(self._diagnostics())
        return messages

    def _respond(self, sender: Sender, reply: Reply) -> None:
        stamp = self._stamp()
        self._answer(
            sender, response_message(reply.request_id, reply.verb, ok=reply.ok, reason=reply.reason, stamp=stamp)
        )

    def _answer(self, sender: Sender, response: dict[str, Any]) -> None:
        topic = sender.response_topic or self._topics.response
        self.outbox.put_answer(
            Outgoing(topic, json.dumps(response), expires_s=EXPIRES_S, correlation=sender.correlation),
        )

    def _state_fields(self, state: State) -> dict[str, Any]:
        stamp = self._stamp()
        token = self._tokens.current(state.prompt.id if state.prompt else None, stamp.monotonic_ns)
        return state_message(state, stamp=stamp, token=token, simulated=self._settings.simulated)

    def _state(self, fields: dict[str, Any]) -> Outgoing:
        return Outgoing(self._topics.state, json.dumps(fields), qos=0, retain=True, expires_s=EXPIRES_S)

    def _link(self) -> Outgoing:
        return Outgoing(self._topics.link, "online" if self._link_up else "offline", retain=True)

    def _diagnostics(self) -> Outgoing:
        machine = self._machine = self._newest.machine if self._newest else None
        worst_lag_s, self._worst_lag_s = self._worst_lag_s, 0.0
        self._diagnosed_ns = self._stamp().monotonic_ns
        message = DiagnosticsMessage(
            version=__version__,
            python=platform.python_version(),
            **_machine_fields(machine),
            loop_lag_worst_s=round(worst_lag_s, 3),
            connects=self.health.connects,
            commands_refused=self.health.commands_refused,
            commands_dropped=self.health.commands_dropped,
            events_dropped=self.outbox.dropped,
            unheard_topics=self.health.unheard_topics,
            programs_offered=list(self._programs),
        )
        return Outgoing(self._topics.diagnostics, message.model_dump_json(), retain=True)


def _machine_fields(machine: Machine | None) -> dict[str, Any]:
    return {
        "machine_name": machine.name if machine else None,
        "machine_address": machine.address if machine else None,
        "machine_slowest_kmh": machine.slowest.kmh if machine else None,
        "machine_fastest_kmh": machine.fastest.kmh if machine else None,
        "machine_step_kmh": machine.step.kmh if machine else None,
        "machine_commissioned": machine.commissioned if machine else None,
    }

"""The bridge between the engine and one broker. It never blocks the one, and outlives the other."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from typing import Final
from zlib import crc32

import structlog

from retrowalk.messages import Stamp
from retrowalk.model.observations import BrokerLink, Observation
from retrowalk.model.plan import Plan
from retrowalk.model.reports import Report, State, Warned
from retrowalk.model.requests import Request
from retrowalk.model.units import seconds
from retrowalk.mqtt.announcer import Announcer
from retrowalk.mqtt.broker import BrokerError, Connection, Incoming, Outgoing, connect, why
from retrowalk.mqtt.gate import FreshnessGate
from retrowalk.mqtt.intake import Intake
from retrowalk.mqtt.pulse import EVERY_S, Pulse
from retrowalk.mqtt.selftest import SelfTest
from retrowalk.mqtt.settings import MqttSettings
from retrowalk.mqtt.tokens import Tokens
from retrowalk.mqtt.topics import Topics

SELF_TEST_S: Final = 2.0
FAREWELL_S: Final = 1.0
SHORT_LIFE_NS: Final = seconds(5)
MOST_SHORT_LIVES: Final = 3
STAYS_AWAY_S: Final = 10.0  # two daemons of one name push each other out: neither must be half there for ever

type Dial = Callable[[MqttSettings, str, Outgoing | None], AbstractAsyncContextManager[Connection]]
"""Connects to a broker under a name, with a will; raises BrokerError or OSError."""

log = structlog.get_logger(__name__)


class MqttBridge:
    """Publishes what it is given, submits what it is sent. `publish*` return at once; `run` does the rest."""

    def __init__(
        self,
        settings: MqttSettings,
        *,
        submit: Callable[[Request], None],
        observe: Callable[[Observation], None],
        find_plan: Callable[[str], Plan],
        programs: tuple[str, ...],
        wall_clock: Callable[[], float] = time.time,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        dial: Dial = connect,
    ) -> None:
        self._settings = settings
        self._dial = dial
        self._topics = Topics.of(settings)
        self._observe = observe
        self._wall_clock = wall_clock
        self._clock_ns = clock_ns
        tokens = Tokens(secrets.token_bytes(16))
        self._announcer = Announcer(settings, self._topics, programs, tokens, self._stamp)
        self._intake = Intake(
            self._topics,
            FreshnessGate(tokens),
            submit=submit,
            observe=observe,
            find_plan=find_plan,
            refuse=self._announcer.take_refusal,
        )
        self._name = f"{settings.base_topic}-{settings.node}"  # always the same: takes a half-dead one over
        self._up: bool | None = None
        self._welcome_ns: int | None = None
        self._short_lives = 0
        self._complaint = ""

    def publish_state(self, state: State) -> None:
        """Take the newest state; it is told on change and once a second."""
        self._announcer.take_state(state)

    def publish(self, report: Report) -> None:
        """Tell what happened, in order; a reply also answers the command that it belongs to."""
        self._announcer.take_report(report, self._intake.sender_of)

    async def run(self) -> None:
        """Stay connected until cancelled; then say `offline` and go."""
        while True:
            try:
                await self._visit()
            except* (BrokerError, OSError, ValueError) as errors:  # the last: a password or a topic that is no text
                self._complain(errors.exceptions[0])
            finally:
                self._tell_engine(up=False)
            await asyncio.sleep(self._stays_away_s())

    async def _visit(self) -> None:
        """Live through one connection. A clean disconnect withdraws the will, so `offline` is said by hand."""
        offline = Outgoing(self._topics.status, "offline", retain=True)
        async with self._dial(self._settings, self._name, offline) as connection:
            try:
                await self._stay(connection)
            finally:
                self._announcer.health.commands_dropped += connection.dropped
                with suppress(BrokerError):
                    await connection.publish(offline, timeout_s=FAREWELL_S)

    async def _stay(self, connection: Connection) -> None:
        birth = asyncio.Event()
        test = SelfTest(self._topics.incoming, secrets.token_hex(16))
        pulse = Pulse(self._topics.beat, secrets.token_hex(8), self._clock_ns())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(connection, test, pulse, birth), name="mqtt read")
            await connection.subscribe((*self._topics.incoming, self._topics.birth))
            self._announcer.health.connects += 1
            await self._test(connection, test)
            await self._greet(connection)
            self._welcome()
            if self._topics.buttons:
                tasks.create_task(self._beat(connection, pulse), name="mqtt pulse")
            tasks.create_task(self._send(connection), name="mqtt send")
            tasks.create_task(self._greet_at_birth(connection, birth), name="mqtt birth")

    async def _beat(self, connection: Connection, pulse: Pulse) -> None:
        """Feel the pulse while it matters: on a belt that is meant to run every press is STOP, however old it is."""
        while True:
            await self._announcer.belt_rests.wait()
            await connection.publish(pulse.beat(self._clock_ns()))
            await asyncio.sleep(EVERY_S)

    async def _read(self, connection: Connection, test: SelfTest, pulse: Pulse, birth: asyncio.Event) -> None:
        async with aclosing(connection.incoming()) as incoming:
            async for message in incoming:
                if test.swallow(message) or pulse.swallow(message, self._clock_ns()):
                    continue
                if message.topic == self._topics.birth and message.payload == b"online":
                    birth.set()
                self._take(message, steady=pulse.is_steady(self._clock_ns()))

    def _take(self, message: Incoming, *, steady: bool) -> None:
        try:
            self._intake.take(message, self._announcer.prompt_id, self._stamp(), steady=steady)
        except Exception:  # whatever a message provokes, the next one may be a Stop
            log.exception("mqtt_message_failed", topic=message.topic)

    async def _test(self, connection: Connection, test: SelfTest) -> None:
        for probe in test.probes():
            await connection.publish(probe)
        unheard = await test.unheard(SELF_TEST_S)
        self._announcer.health.unheard_topics = list(unheard)
        if unheard:
            log.error("mqtt_acl_denies", topics=unheard, remedy="let the daemon read and write its own topics")
            words = f"The broker does not deliver {', '.join(unheard)} to the daemon: check its access list."
            self.publish(Warned("mqtt_acl", words))

    async def _greet(self, connection: Connection) -> None:
        for message in self._announcer.greeting():
            await connection.publish(message)

    async def _greet_at_birth(self, connection: Connection, birth: asyncio.Event) -> None:
        """Home Assistant has started: tell it all again, a little later, each daemon at its own moment."""
        delay_s = 0.1 + 0.4 * crc32(self._topics.status.encode()) / 2**32
        while True:
            await birth.wait()
            await asyncio.sleep(delay_s)
            birth.clear()
            await self._greet(connection)

    async def _send(self, connection: Connection) -> None:
        """Empty the outbox as it fills: events in order, and between any two of them the newest state if it is due."""
        outbox = self._announcer.outbox
        while True:
            event, state = outbox.first_event(), outbox.take_state()
            for message in self._announcer.due(state) if state else ():
                await connection.publish(message)
            if event:
                await connection.publish(event)
                outbox.sent(event)
            elif state is None:
                await outbox.wait()

    def _welcome(self) -> None:
        self._complaint, self._welcome_ns = "", self._clock_ns()
        log.info("mqtt_connected", host=self._settings.host, port=self._settings.port)
        self._tell_engine(up=True)

    def _tell_engine(self, *, up: bool) -> None:
        if self._up is not up:
            self._up = up
            self._observe(BrokerLink(up))

    def _complain(self, error: Exception) -> None:
        """Log a failing broker once a reason, not once a second."""
        reason = why(error)
        if reason != self._complaint:
            log.warning("mqtt_lost", host=self._settings.host, port=self._settings.port, reason=reason)
        self._complaint = reason

    def _stays_away_s(self) -> float:
        """Return for how long to stay away: longer where no connection lasts."""
        if self._welcome_ns is not None:
            short = self._clock_ns() - self._welcome_ns < SHORT_LIFE_NS
            self._short_lives = self._short_lives + 1 if short else 0
            self._welcome_ns = None
        if self._short_lives < MOST_SHORT_LIVES:
            return self._settings.reconnect_s
        self._short_lives = 0
        remedy = f"is another daemon connected as {self._name}? give each a daemon.name of its own"
        log.error("mqtt_never_lasts", host=self._settings.host, port=self._settings.port, remedy=remedy)
        return max(STAYS_AWAY_S, self._settings.reconnect_s)

    def _stamp(self) -> Stamp:
        return Stamp(self._wall_clock(), self._clock_ns())

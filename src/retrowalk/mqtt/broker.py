"""The only door to aiomqtt: one connection, MQTT 5, in plain types.

A new aiomqtt client a connection: a used one replays its old incoming queue, an old "start" among it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import aiomqtt
from aiomqtt.types import PahoSocket
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from retrowalk.messages import is_stop
from retrowalk.mqtt.settings import MqttSettings

BrokerError = aiomqtt.MqttError
"""The connection could not be made, was refused, or is gone."""

MOST_WAITING: Final = 100
LARGEST_PACKET_BYTES: Final = 64 * 1024
_FIRST_REFUSAL_CODE: Final = 0x80
_ON_NEW_SUBSCRIPTION_NEVER: Final = 2  # retained messages are not sent because somebody subscribes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish."""

    topic: str
    payload: str
    qos: int = 1
    retain: bool = False
    expires_s: int | None = None
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message that came."""

    topic: str
    payload: bytes
    retained: bool
    response_topic: str | None
    correlation: bytes | None


class _StopFirst(asyncio.Queue[aiomqtt.Message]):
    """An incoming queue in which a Stop overtakes everything, and a flood drops none but its own kind.

    Commands leave room for buttons, and both for Stops: one is dropped only behind a hundred others.
    """

    dropped = 0
    _queue: deque[aiomqtt.Message]

    def _put(self, item: aiomqtt.Message) -> None:
        topic = item.topic.value
        command = topic.endswith("/cmd")
        stop = topic.endswith("/cmd/stop") or (command and is_stop(item.payload))
        if len(self._queue) >= MOST_WAITING * (3 if stop else 1 if command else 2):
            self.dropped += 1
        elif stop:
            self._queue.appendleft(item)
        else:
            self._queue.append(item)


class _Client(aiomqtt.Client):
    """aiomqtt's client, which writes in the loop's next turn, and watches a socket only while that is full.

    aiomqtt 2.5.1 wakes the loop from without, for each packet, and watches the number of the socket. When the broker
    dies in between, the number is nobody's (an error) or already somebody else's (D-Bus, and the loop spins).
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._thread = threading.get_ident()

    def _on_socket_register_write(self, client: mqtt.Client, userdata: object, sock: PahoSocket) -> None:  # noqa: ARG002
        """Take note that there is something to write. paho calls from the thread that connects, too."""
        here = threading.get_ident() == self._thread
        (self._loop.call_soon if here else self._loop.call_soon_threadsafe)(self._write, client, sock)

    def _write(self, client: mqtt.Client, sock: PahoSocket) -> None:
        try:
            client.loop_write()
        except Exception as error:  # noqa: BLE001 (paho raises what it likes; each means that the connection is gone)
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
            return
        if client.want_write() and sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._write, client, sock)


def why(error: Exception) -> str:
    """Return what the broker said as it hung up, where it said something, else the error's words."""
    return str(error.__cause__ or error)


class Connection:
    """A live connection."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def subscribe(self, topics: Iterable[str]) -> tuple[str, ...]:
        """Subscribe at QoS 1, without what is retained. Returns the topics that the broker refused."""
        options = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=_ON_NEW_SUBSCRIPTION_NEVER)
        wanted = tuple(topics)
        codes = await self._client.subscribe([(topic, options) for topic in wanted])
        values = [code if isinstance(code, int) else code.value for code in codes]
        return tuple(topic for topic, code in zip(wanted, values, strict=True) if code >= _FIRST_REFUSAL_CODE)

    async def publish(self, message: Outgoing, timeout_s: float | None = None) -> None:
        """Publish, and wait until the broker has it (QoS 1). Raises BrokerError."""
        await self._client.publish(
            message.topic,
            message.payload,
            qos=message.qos,
            retain=message.retain,
            properties=_publish_properties(message),
            timeout=timeout_s,
        )

    async def incoming(self) -> AsyncGenerator[Incoming]:
        """Yield what comes, a Stop first, until the connection is gone (BrokerError)."""
        async for message in self._client.messages:
            properties = message.properties
            yield Incoming(
                topic=message.topic.value,
                payload=message.payload,
                retained=message.retain,
                response_topic=getattr(properties, "ResponseTopic", None),
                correlation=getattr(properties, "CorrelationData", None),
            )

    @property
    def dropped(self) -> int:
        """How many incoming messages were too many to read."""
        queue = self._client._queue  # noqa: SLF001 (aiomqtt makes the queue from a type and shows it nowhere)
        return queue.dropped if isinstance(queue, _StopFirst) else 0


@asynccontextmanager
async def connect(settings: MqttSettings, name: str, will: Outgoing | None = None) -> AsyncIterator[Connection]:
    """Connect under the client id `name`. Raises BrokerError, or OSError for a secret that cannot be read.

    Leaving is always a clean disconnect, which withdraws the will.
    """
    client = _Client(
        settings.host,
        settings.port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        username=settings.username,
        password=_password(settings),
        tls_context=ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None,
        will=_will(will) if will else None,
        clean_start=True,
        keepalive=settings.keepalive_s,
        timeout=settings.timeout_s,
        queue_type=_StopFirst,
        properties=_connect_properties(),
    )
    async with client:
        yield Connection(client)


def _password(settings: MqttSettings) -> str | None:
    if settings.password_file is None:
        return None
    return settings.password_file.read_text(encoding="utf-8").strip()


def _connect_properties() -> Properties:
    """Ask the broker to keep back what is larger than any message could be."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types it not
    properties.MaximumPacketSize = LARGEST_PACKET_BYTES
    return properties


def _will(will: Outgoing) -> aiomqtt.Will:
    return aiomqtt.Will(will.topic, will.payload, will.qos, will.retain)


def _publish_properties(message: Outgoing) -> Properties | None:
    if message.correlation is None:
        return _expiring(message.expires_s)
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
    properties.CorrelationData = message.correlation
    if message.expires_s is not None:
        properties.MessageExpiryInterval = message.expires_s
    return properties


@cache
def _expiring(expires_s: int | None) -> Properties | None:
    """Return the properties of most messages, which paho takes long to make and only reads."""
    if expires_s is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
    properties.MessageExpiryInterval = expires_s
    return properties

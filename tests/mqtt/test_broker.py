from __future__ import annotations

import asyncio
import socket

import aiomqtt
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from retrowalk.mqtt.broker import MOST_WAITING, _Client, _StopFirst


def message(topic: str, payload: bytes = b"") -> aiomqtt.Message:
    return aiomqtt.Message(f"retrowalk/lab/{topic}", payload, 1, retain=False, mid=0, properties=None)


def test_a_stop_is_read_before_everything_that_waits() -> None:
    """It overtakes; the others keep their order."""
    queue = _StopFirst()
    for topic in ("cmd", "button/ok", "cmd/stop"):
        queue.put_nowait(message(topic))
    read = [queue.get_nowait().topic.value.removeprefix("retrowalk/lab/") for _ in range(3)]
    assert read == ["cmd/stop", "cmd", "button/ok"]


def test_a_flood_of_commands_costs_commands_and_neither_buttons_nor_stops() -> None:
    """Aiomqtt's own bound would drop the newest, which may be the Stop."""
    queue = _StopFirst()
    for _ in range(MOST_WAITING + 50):
        queue.put_nowait(message("cmd"))
    queue.put_nowait(message("button/ok"))
    queue.put_nowait(message("cmd/stop"))
    assert queue.qsize() == MOST_WAITING + 2
    assert queue.dropped == 50
    assert queue.get_nowait().topic.value.endswith("/cmd/stop")


@pytest.mark.parametrize("payload", [b'{"cmd": "stop"}', b"STOP", b'{"cmd":"stop","id":"x"}'])
def test_a_stop_among_the_commands_is_a_stop(payload: bytes) -> None:
    """It overtakes, and a flood of commands before it does not cost it."""
    queue = _StopFirst()
    for _ in range(MOST_WAITING + 1):
        queue.put_nowait(message("cmd", b'{"cmd": "arm"}'))
    queue.put_nowait(message("cmd", payload))
    assert queue.get_nowait().payload == payload


def test_a_flood_of_stops_costs_memory_only_so_far() -> None:
    """Of what waits at least a hundred are Stops by then: one more says nothing new."""
    queue = _StopFirst()
    for _ in range(2 * MOST_WAITING):
        queue.put_nowait(message("button/ok"))
    for _ in range(5 * MOST_WAITING):
        queue.put_nowait(message("cmd/stop"))
    assert queue.qsize() == 3 * MOST_WAITING
    assert queue.dropped == 4 * MOST_WAITING


def test_a_flood_of_presses_is_bounded_too() -> None:
    """One press that waits is as good as two hundred."""
    queue = _StopFirst()
    for _ in range(3 * MOST_WAITING):
        queue.put_nowait(message("button/ok"))
    assert queue.qsize() == 2 * MOST_WAITING


@pytest.mark.parametrize("kind", [aiomqtt.Client, _Client], ids=["the library's", "ours"])
async def test_a_socket_that_closed_meanwhile_is_not_watched(kind: type[aiomqtt.Client]) -> None:
    """Its number may be another socket's by then. The library's client does watch it: once it does not, ours can go."""
    client, watched = kind("127.0.0.1"), 0
    near, far = socket.socketpair()
    number = near.fileno()
    client._on_socket_register_write(client._client, None, near)
    near.close()
    with socket.socket() as another:
        assert another.fileno() == number
        await asyncio.sleep(0)
        watched = asyncio.get_running_loop().remove_writer(number)
    far.close()
    assert watched == (kind is aiomqtt.Client)


async def test_a_failed_write_ends_the_connection() -> None:
    """Whatever paho raises."""

    class Broken(paho.Client):
        def loop_write(self) -> MQTTErrorCode:
            raise BrokenPipeError

    near, far = socket.socketpair()
    with near, far:
        client = _Client("127.0.0.1")
        client._on_socket_register_write(Broken(CallbackAPIVersion.VERSION2), None, near)
        with pytest.raises(BrokenPipeError):
            await client._disconnected
        asyncio.get_running_loop().remove_writer(near)


async def test_what_a_full_socket_does_not_take_follows_when_it_empties() -> None:
    """Nothing of a long packet is lost, and nothing watches the socket afterwards."""
    long = bytes(4 * 1024 * 1024)
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=far)
        client = _Client("127.0.0.1")
        client._client._sock = near
        client._client._packet_queue(paho.PINGREQ, long, 0, 0)
        assert await asyncio.wait_for(reader.readexactly(len(long)), 5) == long
        assert not asyncio.get_running_loop().remove_writer(near)
        writer.close()

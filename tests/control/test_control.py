from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from retrowalk import control
from retrowalk.control import ControlServer, ask, talk
from retrowalk.model.reports import Reply, State
from retrowalk.model.requests import Origin, Verb

from .conftest import Daemon


async def send(daemon: Daemon, **message: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, daemon.path, message)


async def test_a_command_is_answered_with_its_own_id(daemon: Daemon) -> None:
    """No time is needed: a local socket neither queues nor replays."""
    answer = await send(daemon, cmd="select_program", value="demo", id="mine")
    assert (answer["id"], answer["cmd"], answer["ok"]) == ("mine", "select_program", True)
    (request,) = daemon.requests
    assert (request.verb, request.origin) == (Verb.SELECT_PROGRAM, Origin.SOCKET)


async def test_a_refusal_by_the_engine_has_its_reason(daemon: Daemon) -> None:
    """The reason is the engine's."""
    daemon.ok = False
    assert (await send(daemon, cmd="arm"))["reason"] == "No strap."


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"cmd": "strat"}, "did you mean 'start'?"),
        ({"cmd": "select_program", "value": "x"}, "no such program"),
        ({"cmd": 7}, "unknown command"),
        ({}, "cmd: Field required"),
    ],
)
async def test_a_wrong_message_is_refused_before_the_engine(
    daemon: Daemon, message: dict[str, Any], reason: str
) -> None:
    """As over MQTT, with the same words."""
    answer = await send(daemon, **message)
    assert answer["ok"] is False
    assert reason in answer["reason"]
    assert daemon.requests == []


async def test_an_engine_that_does_not_answer_is_told(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is not left waiting; the request was submitted all the same."""
    monkeypatch.setattr(control, "REPLY_WITHIN_S", 0.05)
    daemon.mute = True
    answer = await send(daemon, cmd="stop")
    assert "did not answer" in answer["reason"]
    assert [request.verb for request in daemon.requests] == [Verb.STOP]


async def test_arming_may_take_its_time(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers when machine and walker are ready, or after 45 s: its client waits for that answer."""
    monkeypatch.setattr(control, "REPLY_WITHIN_S", 0.05)
    daemon.mute = True
    asking = asyncio.create_task(send(daemon, cmd="arm"))
    while not daemon.requests:  # noqa: ASYNC110 (the server has no event for its tests)
        await asyncio.sleep(0.001)
    await asyncio.sleep(2 * control.REPLY_WITHIN_S)
    (request,) = daemon.requests
    daemon.server.publish(Reply(request.id, request.verb, request.origin, ok=False, reason="Nobody is there."))
    assert (await asking)["reason"] == "Nobody is there."


async def test_a_stop_waits_for_no_answer(daemon: Daemon) -> None:
    """On one connection, behind a command that the engine leaves unanswered."""
    daemon.mute = True
    _, writer = await asyncio.open_unix_connection(daemon.path)
    writer.write(b'{"cmd":"arm"}\n{"cmd":"stop"}\n')
    async with asyncio.timeout(control.REPLY_WITHIN_S / 2):
        while len(daemon.requests) < 2:  # noqa: ASYNC110 (the server has no event for its tests)
            await asyncio.sleep(0.001)
    assert [request.verb for request in daemon.requests] == [Verb.ARM, Verb.STOP]
    writer.close()


@pytest.mark.parametrize("line", [b"", b'{"cmd":"watch"}\n', b'{"cmd":"arm"}\n'], ids=["silent", "watching", "asking"])
async def test_a_client_that_hangs_on_does_not_keep_the_daemon_alive(
    tmp_path: Path, full_state: State, line: bytes
) -> None:
    """A server that is told to end hangs up on everybody."""
    daemon = Daemon(tmp_path / "s", full_state, mute=True)
    running = asyncio.create_task(daemon.server.run())
    while not daemon.path.exists():  # noqa: ASYNC110 (a file has no event)
        await asyncio.sleep(0.001)
    reader, writer = await asyncio.open_unix_connection(daemon.path)
    writer.write(line)
    while not daemon.server._clients:  # noqa: ASYNC110 (as above)
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.wait([running], timeout=control.REPLY_WITHIN_S / 2)
    assert running.done()
    await reader.read()
    writer.close()
    assert not daemon.path.exists()


async def test_two_clients_with_the_same_id_get_their_own_answers(daemon: Daemon) -> None:
    """Ids are the clients' business; the engine sees numbers of the server's."""
    answers = await asyncio.gather(send(daemon, cmd="arm", id="1"), send(daemon, cmd="pause", id="1"))
    assert [answer["cmd"] for answer in answers] == ["arm", "pause"]
    assert len({request.id for request in daemon.requests}) == 2


async def test_the_state_is_the_one_of_mqtt_without_its_token(daemon: Daemon) -> None:
    """Nobody needs a token here."""
    answer = await send(daemon, cmd="state")
    assert (answer["state"]["phase"], answer["state"]["token"], answer["state"]["simulated"]) == ("walk", None, True)


async def test_before_the_first_state_there_is_none(daemon: Daemon) -> None:
    """The daemon has just started."""
    daemon.state = None
    assert await send(daemon, cmd="state") == {"state": None}


async def test_watching_follows_the_state(daemon: Daemon, idle_state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line after the other, each the newest."""
    monkeypatch.setattr(control, "WATCH_EVERY_S", 0.01)

    def watch() -> list[str]:
        phases: list[str] = []
        for line in talk(daemon.path, {"cmd": "watch"}):
            phases.append(line["state"]["phase"])
            daemon.state = idle_state
            if phases[-1] == "idle":
                return phases
        return phases

    phases = await asyncio.to_thread(watch)
    assert (phases[0], phases[-1]) == ("walk", "idle")


async def test_a_connection_carries_many_commands(daemon: Daemon) -> None:
    """And blank or broken lines between them are refused, not fatal."""
    reader, writer = await asyncio.open_unix_connection(daemon.path)
    writer.write(b'{"cmd":"arm"}\n\n{"cmd":\n{"cmd":"disarm"}\n')
    answers = [json.loads(await reader.readline()) for _ in range(4)]
    assert sorted((answer["cmd"], answer["ok"]) for answer in answers) == [
        ("", False),
        ("", False),
        ("arm", True),
        ("disarm", True),
    ]
    writer.close()


async def test_a_line_without_end_costs_its_sender_the_connection(daemon: Daemon) -> None:
    """And nobody else anything."""
    reader, writer = await asyncio.open_unix_connection(daemon.path)
    writer.write(b"x" * 10_000)
    assert await reader.read() == b""
    writer.close()
    assert (await send(daemon, cmd="arm"))["ok"] is True


async def test_more_clients_than_places_are_turned_away(daemon: Daemon) -> None:
    """Sixteen watch; the next one is hung up on."""
    clients = [await asyncio.open_unix_connection(daemon.path) for _ in range(control.MOST_CLIENTS)]
    for reader, writer in clients:
        writer.write(b'{"cmd":"state"}\n')
        await reader.readline()
    with pytest.raises(OSError, match=r"hung up|reset|Broken pipe"):
        await send(daemon, cmd="arm")
    for _, writer in clients:
        writer.close()


async def test_the_socket_is_for_the_owner_and_the_group(daemon: Daemon) -> None:
    """Who may open it may command."""
    assert stat.S_IMODE(daemon.path.stat().st_mode) == 0o660


async def test_the_socket_goes_with_its_server(tmp_path: Path) -> None:
    """And a second server on a living one's path is refused; on a dead one's it takes the place."""
    first, second = Daemon(tmp_path / "s"), Daemon(tmp_path / "s")
    running = asyncio.create_task(first.server.run())
    while not first.path.exists():  # noqa: ASYNC110 (a file has no event)
        await asyncio.sleep(0.001)
    with pytest.raises(FileExistsError, match="another daemon"):
        await second.server.run()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not first.path.exists()


async def test_a_socket_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    """After a SIGKILL nobody removed it."""
    path = tmp_path / "s"
    control._listen(path).close()
    assert path.is_socket()
    daemon = Daemon(path)
    running = asyncio.create_task(daemon.server.run())
    answer: dict[str, Any] | None = None
    while answer is None:
        await asyncio.sleep(0.001)
        if not running.done():
            try:
                answer = await send(daemon, cmd="arm")
            except ConnectionRefusedError:
                continue
    assert answer["ok"] is True
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_without_a_daemon_the_client_raises_what_the_system_says(tmp_path: Path) -> None:
    """The command line makes words of it."""
    with pytest.raises(FileNotFoundError):
        ask(tmp_path / "absent", {"cmd": "arm"})


def test_a_reply_to_somebody_else_is_ignored(tmp_path: Path) -> None:
    """Replies to MQTT pass by."""
    server: ControlServer = Daemon(tmp_path / "s").server
    server.publish(Reply("socket-1", Verb.ARM, Origin.MQTT, ok=True, reason=""))
    server.publish(Reply("socket-9", Verb.ARM, Origin.SOCKET, ok=True, reason=""))

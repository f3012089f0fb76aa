from __future__ import annotations

import asyncio
import json
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from retrowalk.control import ControlServer, ask, client, listening, patience, server, talk
from retrowalk.model.reports import Reply, Rung, State, StopStep
from retrowalk.model.requests import Origin, Verb

from .conftest import Daemon

type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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


async def test_every_permissive_is_told_to_whoever_asks(daemon: Daemon) -> None:
    """As it stands, with the state that it stands in; the engine is asked for nothing else."""
    told = (await send(daemon, cmd="explain"))["explain"]
    assert [row["rule"] for row in told["permissives"]] == ["link_down"]
    assert (told["live"], told["simulated"], told["phase"]) == (True, True, "walk")
    assert daemon.requests == []


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
    monkeypatch.setattr(patience, "REPLY_WITHIN_S", 0.05)
    daemon.mute = True
    answer = await send(daemon, cmd="stop")
    assert "did not answer" in answer["reason"]
    assert [request.verb for request in daemon.requests] == [Verb.STOP]


async def test_arming_may_take_its_time(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers when machine and walker are ready, or after 45 s: its client waits for that answer."""
    monkeypatch.setattr(patience, "REPLY_WITHIN_S", 0.05)
    daemon.mute = True
    asking = asyncio.create_task(send(daemon, cmd="arm"))
    while not daemon.requests:  # noqa: ASYNC110 (the server has no event for its tests)
        await asyncio.sleep(0.001)
    await asyncio.sleep(2 * patience.REPLY_WITHIN_S)
    (request,) = daemon.requests
    daemon.server.publish(Reply(request.id, request.verb, request.origin, ok=False, reason="Nobody is there."))
    assert (await asking)["reason"] == "Nobody is there."


async def test_a_stop_waits_for_no_answer(daemon: Daemon) -> None:
    """On one connection, behind a command that the engine leaves unanswered."""
    daemon.mute = True
    _, writer = await asyncio.open_unix_connection(daemon.path)
    writer.write(b'{"cmd":"arm"}\n{"cmd":"stop"}\n')
    async with asyncio.timeout(patience.REPLY_WITHIN_S / 2):
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
    await asyncio.wait([running], timeout=patience.REPLY_WITHIN_S / 2)
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
    assert await send(daemon, cmd="state") == {"state": None, "stops_verified": 0}


async def test_a_stop_can_be_told_from_one_that_was_seen_to_work(daemon: Daemon) -> None:
    """Its answer has the stops that were verified before it, the state those that are by now; no other rung counts."""
    before = (await send(daemon, cmd="stop"))["stops_verified"]
    for rung in Rung:
        if rung is not Rung.VERIFIED:
            daemon.server.publish(StopStep(rung, "user_stop", 0, alarm=False, words=""))
    assert (await send(daemon, cmd="state"))["stops_verified"] == before
    daemon.server.publish(StopStep(Rung.VERIFIED, "user_stop", 0, alarm=False, words=""))
    assert (await send(daemon, cmd="state"))["stops_verified"] == before + 1
    assert (await send(daemon, cmd="stop"))["stops_verified"] == before + 1
    assert "stops_verified" not in await send(daemon, cmd="arm")


async def test_watching_follows_the_state(daemon: Daemon, idle_state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line after the other, each the newest."""
    monkeypatch.setattr(client, "WATCH_EVERY_S", 0.01)

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
    writer.write(b"x" * 40_000)
    assert await reader.read() == b""
    writer.close()
    assert (await send(daemon, cmd="arm"))["ok"] is True


async def test_a_newcomer_gets_the_place_of_the_longest_idle_one(daemon: Daemon) -> None:
    """However many hang on and say nothing: a Stop always finds a place, and who waits for an answer keeps its own."""
    async with connections(daemon, server.MOST_CLIENTS) as clients:
        watching, writer = clients[0]
        writer.write(b'{"cmd":"watch"}\n')
        await watching.readline()
        assert (await send(daemon, cmd="stop"))["ok"] is True
        assert await clients[1][0].read() == b""
        assert await watching.readline()


async def test_many_newcomers_at_once_are_all_heard(daemon: Daemon) -> None:
    """Nobody loses its place before its first line was read."""
    answers = await asyncio.gather(*(send(daemon, cmd="stop") for _ in range(3)))
    async with connections(daemon, 3 * server.MOST_CLIENTS, b"stop\n"):
        while len(daemon.requests) < 3 + 3 * server.MOST_CLIENTS:  # noqa: ASYNC110 (the server has no event for its tests)
            await asyncio.sleep(0.001)
    assert all(answer["ok"] for answer in answers)


async def test_an_idle_client_is_hung_up_on_and_a_watching_one_is_not(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place is for those who ask; half a line is no line."""
    monkeypatch.setattr(client, "IDLE_S", 0.1)
    monkeypatch.setattr(client, "WATCH_EVERY_S", 0.05)
    async with connections(daemon, 2) as ((idle, idle_writer), (watching, watching_writer)):
        idle_writer.write(b'{"cmd":')
        watching_writer.write(b'{"cmd":"watch"}\n')
        assert await idle.read() == b""
        for _ in range(5):
            assert await watching.readline()


async def test_a_client_that_does_not_read_is_dropped_and_costs_next_to_nothing(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of `watch` lines: one watch each, few tasks, and the loop goes on while they pile up."""
    asyncio.get_running_loop().set_debug(False)  # as in the daemon: it is about time here
    monkeypatch.setattr(client, "READS_WITHIN_S", 0.3)
    monkeypatch.setattr(client, "WATCH_EVERY_S", 0.0)
    async with connections(daemon, 4, b'{"cmd":"watch"}\n' * 3000):
        most_tasks, longest_s, began = 0, 0.0, time.monotonic()
        while daemon.server._clients or not most_tasks:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest_s = max(longest_s, time.monotonic() - before)
            most_tasks = max(most_tasks, len(asyncio.all_tasks()))
            assert time.monotonic() - began < 8
    assert most_tasks < 4 * (2 * client.MOST_UNANSWERED + 1)
    assert longest_s < 0.25


async def test_a_stop_is_heard_from_a_client_that_reads_nothing(daemon: Daemon) -> None:
    """Its answers are stuck; its Stop is not."""
    asyncio.get_running_loop().set_debug(False)  # as in the daemon: it is about time here
    async with connections(daemon, 1, b'{"cmd":"state"}\n' * 2000) as ((_, writer),):
        writer.write(b"stop\n")
        async with asyncio.timeout(2):
            while not daemon.requests:  # noqa: ASYNC110 (the server has no event for its tests)
                await asyncio.sleep(0.001)
    assert daemon.requests[0].verb is Verb.STOP


async def test_lines_beyond_a_handful_without_an_answer_are_refused_but_for_a_stop(daemon: Daemon) -> None:
    """A client waits for its answers."""
    daemon.mute = True
    lines = b'{"cmd":"arm"}\n' * (client.MOST_UNANSWERED + 1) + b'{"cmd":"stop"}\n'
    async with connections(daemon, 1, lines) as ((reader, _),):
        assert "busy" in json.loads(await reader.readline())["reason"]
        while daemon.requests[-1].verb is not Verb.STOP:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.001)
    assert len(daemon.requests) == client.MOST_UNANSWERED + 1


async def test_stops_without_end_are_all_submitted_and_pile_nothing_up(daemon: Daemon) -> None:
    """Beyond a bound they are taken without an answer."""
    daemon.mute = True
    async with connections(daemon, 1, b"stop\n" * 200):
        while len(daemon.requests) < 200:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.001)
        assert len(daemon.server._awaited) <= 2 * client.MOST_UNANSWERED


async def test_a_second_watch_on_one_connection_is_refused(daemon: Daemon) -> None:
    """One is enough."""
    async with connections(daemon, 1, b'{"cmd":"watch"}\n' * 2) as ((reader, _),):
        answers = [json.loads(await reader.readline()) for _ in range(2)]
    assert "this connection watches already" in [answer.get("reason") for answer in answers]


@pytest.mark.parametrize("line", [b"[" * 1000, b'{"cmd":{}}', b"\xff", b'{"cmd":' * 150])
async def test_no_line_harms_its_server(daemon: Daemon, line: bytes) -> None:
    """It is refused, and the next one is heard."""
    async with connections(daemon, 1, line + b"\nstop\n") as ((reader, _),):
        assert json.loads(await reader.readline())["ok"] is False
        assert json.loads(await reader.readline())["ok"] is True


@asynccontextmanager
async def connections(daemon: Daemon, number: int, lines: bytes = b"") -> AsyncIterator[list[Connection]]:
    """Open connections that send `lines` and read nothing."""
    clients: list[Connection] = []
    try:
        for _ in range(number):
            reader, writer = await asyncio.open_unix_connection(daemon.path, limit=2000)
            writer.write(lines)
            clients.append((reader, writer))
        yield clients
    finally:
        for _, writer in clients:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_the_socket_is_for_the_owner_and_the_group(daemon: Daemon) -> None:
    """Who may open it may command."""
    assert stat.S_IMODE(daemon.path.stat().st_mode) == 0o660


async def test_the_socket_goes_with_its_server(tmp_path: Path) -> None:
    """And a second server on a living one's path waits; on a dead one's it takes the place."""
    first, second = Daemon(tmp_path / "s"), Daemon(tmp_path / "s")
    running = asyncio.create_task(first.server.run())
    while not first.path.exists():  # noqa: ASYNC110 (a file has no event)
        await asyncio.sleep(0.001)
    with pytest.raises(listening.SocketUnusable, match="another daemon"):
        listening.listen(second.path)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not first.path.exists()


async def test_a_socket_that_cannot_be_made_is_told_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, with what to do; and once the way is clear it serves."""
    monkeypatch.setattr(server, "RETRY_S", 0.01)
    daemon = Daemon(tmp_path / "s")
    daemon.path.mkdir()
    structlog.reset_defaults()
    with capture_logs() as logs:
        running = asyncio.create_task(daemon.server.run())
        await asyncio.sleep(0.1)
        daemon.path.rmdir()
        while not daemon.path.is_socket():  # noqa: ASYNC110 (a file has no event)
            await asyncio.sleep(0.001)
    assert [entry["event"] for entry in logs] == ["control_socket_unusable"]
    assert "is no socket: remove it" in logs[0]["words"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("path", "words"), [("x" * 110, "at most 107"), ("absent/s", "No such file or directory; look after")]
)
def test_why_a_socket_cannot_be_made_is_said_in_words(tmp_path: Path, path: str, words: str) -> None:
    """And where to look."""
    with pytest.raises(listening.SocketUnusable, match=words):
        listening.listen(tmp_path / path)


async def test_a_socket_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    """After a SIGKILL nobody removed it."""
    path = tmp_path / "s"
    listening.listen(path).close()
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
    control: ControlServer = Daemon(tmp_path / "s").server
    control.publish(Reply("socket-1", Verb.ARM, Origin.MQTT, ok=True, reason=""))
    control.publish(Reply("socket-9", Verb.ARM, Origin.SOCKET, ok=True, reason=""))

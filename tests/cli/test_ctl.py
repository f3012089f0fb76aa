from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from retrowalk.cli.ctl import ctl
from retrowalk.control import ControlServer
from retrowalk.model.plan import ABSOLUTE, Plan
from retrowalk.model.reports import Motion, Reply, Rung, State, StopStep
from retrowalk.model.requests import Request, Verb
from retrowalk.model.units import Speed
from states import FULL_STATE, IDLE_STATE
from support.fake_socket import FakeSocket, fake_socket

STOPPING = replace(FULL_STATE, motion=Motion.STOPPING, alarm="no link, pull the cord")


module = sys.modules[ctl.__module__]  # the package has a function of the same name


class Daemon(threading.Thread):
    """A control server on a loop of its own; refuses `start`, takes everything else."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.requests: list[Request] = []
        self.serving = threading.Event()
        self.states = [IDLE_STATE]
        self.verifies = True  # a Stop, once its states have come down to the last one

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.done = asyncio.get_running_loop(), asyncio.Event()
        server = ControlServer(self.path, submit=self._submit, snapshot=self._state, find_plan=self._plan)
        self._server = server
        running = asyncio.create_task(server.run())
        while not self.path.exists():  # noqa: ASYNC110 (a file has no event)
            await asyncio.sleep(0.001)
        self.serving.set()
        await self.done.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _state(self) -> State:
        if len(self.states) > 1:
            return self.states.pop(0)
        if self.verifies and self.requests:
            self.step(Rung.VERIFIED)
        return self.states[0]

    def step(self, rung: Rung) -> None:
        """Tell of a step of the stop ladder."""
        self._server.publish(StopStep(rung, "user_stop", 0, alarm=False, words=""))

    def _submit(self, request: Request) -> None:
        self.requests.append(request)
        ok = request.verb is not Verb.START
        self._server.publish(Reply(request.id, request.verb, request.origin, ok=ok, reason="" if ok else "No strap."))

    def _plan(self, program: str) -> Plan:
        return Plan(program, "", 0, (), (), (), ABSOLUTE)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Run a daemon's socket."""
    daemon = Daemon(tmp_path / "control.sock")
    daemon.start()
    assert daemon.serving.wait(5)
    yield daemon
    daemon.loop.call_soon_threadsafe(daemon.done.set)
    daemon.join(5)


type Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Return a function that runs `ctl` with arguments."""
    app = typer.Typer()
    app.command(context_settings={"ignore_unknown_options": True})(ctl)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_command_that_is_taken_exits_well(daemon: Daemon, run: Run) -> None:
    """And says so."""
    result = run("Arm", "--socket", daemon.path)
    assert (result.exit_code, result.output) == (0, "arm: ok\n")
    assert [request.verb for request in daemon.requests] == [Verb.ARM]


def test_a_stop_is_followed_until_the_belt_stands(daemon: Daemon, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken is not done: what alarms on the way is told, and the end of it."""
    monkeypatch.setattr(module, "ASKS_EVERY_S", 0.01)
    daemon.states = [STOPPING, STOPPING, replace(STOPPING, alarm=None), IDLE_STATE]
    result = run("stop", "--socket", daemon.path)
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == ["no link, pull the cord", "the belt stands, verified"]
    assert [request.verb for request in daemon.requests] == [Verb.STOP]


def test_a_stop_that_is_not_seen_to_work_exits_5(daemon: Daemon, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the words of the alarm, and what a person does."""
    monkeypatch.setattr(module, "ASKS_EVERY_S", 0.01)
    monkeypatch.setattr(module, "STANDS_WITHIN_S", 0.1)
    daemon.states = [STOPPING]
    result = run("stop", "--socket", daemon.path)
    assert result.exit_code == 5
    assert "no link, pull the cord" in result.output
    assert "NOT CONFIRMED" in result.output


@pytest.mark.parametrize("last", [IDLE_STATE, replace(FULL_STATE, motion=Motion.STANDSTILL, alarm=None)])
@pytest.mark.parametrize("rung", [Rung.NO_STANDSTILL, Rung.TAKEN_AS_STANDING])
def test_a_stop_that_is_over_and_was_not_verified_is_not_called_so(
    daemon: Daemon, run: Run, monkeypatch: pytest.MonkeyPatch, last: State, rung: Rung
) -> None:
    """Given up, or taken on somebody's word: the state looks as after a good one. An earlier success is no help."""
    monkeypatch.setattr(module, "ASKS_EVERY_S", 0.01)
    daemon.loop.call_soon_threadsafe(daemon.step, Rung.VERIFIED)
    assert run("arm", "--socket", daemon.path).exit_code == 0  # so that it was heard
    daemon.verifies, daemon.states = False, [STOPPING, last]
    daemon.loop.call_soon_threadsafe(daemon.step, rung)
    result = run("stop", "--socket", daemon.path)
    assert result.exit_code == 5
    assert "verified" not in result.output
    assert "NOT CONFIRMED: the stop is over, and the belt was not seen to stand" in result.output
    assert "pull the cord" in result.output
    assert "retrowalk stop" in result.output


@pytest.mark.parametrize(("verb", "hint"), [("sotp", "did you mean 'stop'?"), ("xyzzy", "known: select_program, arm")])
def test_an_unknown_verb_exits_2_with_those_that_there_are(daemon: Daemon, run: Run, verb: str, hint: str) -> None:
    """And the nearest one; the daemon is not asked."""
    result = run(verb, "--socket", daemon.path)
    assert result.exit_code == 2
    assert hint in result.output
    assert daemon.requests == []


def _hang_up_twice(listener: socket.socket) -> None:
    for _ in range(2):
        listener.accept()[0].close()


def test_a_daemon_that_runs_and_does_not_answer_is_not_called_absent(tmp_path: Path, run: Run) -> None:
    """It hangs up on everybody; a Stop is tried twice."""
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(tmp_path / "s"))
        stuck.listen()
        hanging_up = threading.Thread(target=_hang_up_twice, args=(stuck,))
        hanging_up.start()
        result = run("stop", "--socket", tmp_path / "s")
        hanging_up.join(5)
    assert result.exit_code == 3
    assert "runs, but is busy or stuck" in result.output
    assert "no daemon answers" not in result.output


ODD = [b'{"state": {"pha', b"\xff\xfe\n", b"[1]\n", b"{}\n", b'{"ok": 1}\n', b'{"ok": false}\n', b"[" * 99_999 + b"\n"]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[FakeSocket]:
    """Serve what the test puts into `answers`."""
    with fake_socket(tmp_path / "odd.sock") as server:
        yield server


@pytest.mark.parametrize("verb", ["state", "arm", "stop"])
@pytest.mark.parametrize("answer", [*ODD, b'{"ok": false, "reason": "\\ud800"}\n'])
def test_an_odd_answer_is_told_in_a_sentence(
    odd: FakeSocket, run: Run, tmp_path: Path, verb: str, answer: bytes
) -> None:
    """Cut off, no text, no object, nothing in it: what to do instead is said, and a Stop is not called done."""
    odd.answers = [answer]
    result = run(verb, "--socket", tmp_path / "odd.sock")
    assert (result.exit_code, type(result.exception)) == (3, SystemExit)
    assert "runs, but it answers in a way that cannot be understood" in result.output
    assert "pull the cord" in result.output
    assert "retrowalk stop" in result.output


@pytest.mark.parametrize("answer", [*ODD, b'{"ok": true}\n', b'{"state": 7}\n'])
def test_a_stop_that_is_taken_and_then_answered_oddly_is_not_confirmed(
    odd: FakeSocket, run: Run, tmp_path: Path, answer: bytes
) -> None:
    """Exit 5: nobody saw the belt stand."""
    odd.answers = [b'{"ok": true, "stops_verified": 0}\n', answer]
    result = run("stop", "--socket", tmp_path / "odd.sock")
    assert (result.exit_code, type(result.exception)) == (5, SystemExit)
    assert "cannot be understood" in result.output
    assert "pull the cord" in result.output
    assert "retrowalk stop" in result.output


@pytest.mark.parametrize("state", [b"null", b"{}", b'{"motion": ["idle"], "alarm": 7}'])
def test_a_state_that_says_little_confirms_nothing(
    odd: FakeSocket, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: bytes
) -> None:
    """Before there is one, or with none of what was expected in it."""
    monkeypatch.setattr(module, "ASKS_EVERY_S", 0.01)
    monkeypatch.setattr(module, "STANDS_WITHIN_S", 0.1)
    odd.answers = [b'{"ok": true, "stops_verified": 0}\n', b'{"stops_verified": 1, "state": ' + state + b"}\n"]
    result = run("stop", "--socket", tmp_path / "odd.sock")
    assert (result.exit_code, type(result.exception)) == (5, SystemExit)
    assert "NOT CONFIRMED" in result.output


def test_values_and_prompts_reach_the_engine(daemon: Daemon, run: Run) -> None:
    """A program's id, a signed number, the id of a prompt."""
    run("select_program", "demo", "--socket", daemon.path)
    run("trim", "--socket", daemon.path, "--", "-0.2")
    run("confirm", "--prompt", "p3", "--socket", daemon.path)
    program, trim, confirm = daemon.requests
    assert program.plan is not None
    assert program.plan.program == "demo"
    assert trim.trim == Speed(-20)
    assert confirm.prompt_id == "p3"


def test_a_refusal_exits_4_with_its_reason(daemon: Daemon, run: Run) -> None:
    """By the engine, or before it."""
    refused = run("start", "--socket", daemon.path)
    unknown = run("trim", "much", "--socket", daemon.path)
    assert (refused.exit_code, unknown.exit_code) == (4, 4)
    assert "refused: No strap." in refused.output
    assert "trim needs a change" in unknown.output


def test_the_state_is_printed_as_json(daemon: Daemon, run: Run) -> None:
    """For people and for jq."""
    daemon.states = [FULL_STATE]
    result = run("state", "--socket", daemon.path)
    assert '"phase": "walk"' in result.output


def test_without_a_daemon_it_says_how_to_stop_the_belt(tmp_path: Path, run: Run) -> None:
    """Exit 3, and the command that needs no daemon."""
    result = run("stop", "--socket", tmp_path / "absent")
    assert result.exit_code == 3
    assert "no daemon answers" in result.output
    assert "retrowalk stop" in result.output


def test_the_configuration_names_the_socket(daemon: Daemon, run: Run, tmp_path: Path) -> None:
    """And a broken one is refused."""
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nruntime_dir = "{tmp_path}"\n[heart_rate]\nenabled = false\n[walker]\nheart_rate = "none"\n'
    )
    assert run("arm", "--config", config).exit_code == 0
    config.write_text("[x]\n")
    assert run("arm", "--config", config).exit_code == 2


def test_a_password_that_only_the_daemon_may_read_keeps_no_stop_from_its_treadmill(
    daemon: Daemon, run: Run, tmp_path: Path
) -> None:
    """The configuration is looked into for the socket, and for nothing else."""
    config = tmp_path / "c.toml"
    config.write_text(
        f'[daemon]\nruntime_dir = "{tmp_path}"\n[heart_rate]\nenabled = false\n[walker]\nheart_rate = "none"\n'
        '[mqtt]\nusername = "me"\npassword_file = "absent"\n'
    )
    result = run("stop", "--config", config)
    assert [request.verb for request in daemon.requests] == [Verb.STOP]
    assert (result.exit_code, "may not be the one" in result.output) == (0, False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A configuration that is refused."""
    config = tmp_path / "c.toml"
    config.write_text("[x]\n")
    return config


def test_a_stop_goes_out_with_a_broken_configuration(
    daemon: Daemon, run: Run, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the usual socket, and it says so; whether that treadmill was meant nobody knows, so it does not exit 0."""
    monkeypatch.setattr(module, "DEFAULT_SOCKET", daemon.path)
    result = run("stop", "--config", broken)
    assert [request.verb for request in daemon.requests] == [Verb.STOP]
    assert result.exit_code == 2
    assert f"stopping the treadmill of {daemon.path}, which may not be the one that you mean" in result.output
    assert "the belt stands, verified" in result.output


def test_a_broken_configuration_does_not_leave_somebody_who_wants_a_stop_without_a_word(
    run: Run, broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a daemon that is not there: exit 3, and what stops the belt without either."""
    monkeypatch.setattr(module, "DEFAULT_SOCKET", tmp_path / "absent")
    result = run("stop", "--config", broken)
    assert result.exit_code == 3
    assert "pull the cord" in result.output
    assert "retrowalk stop" in result.output

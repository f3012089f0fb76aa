from __future__ import annotations

import asyncio
import io
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from brokers import Broker, broker, running_broker
from retrowalk.cli import watch as watching
from retrowalk.cli.watch_view import line, screen
from retrowalk.messages import state_message
from retrowalk.model.reports import State
from retrowalk.mqtt import MqttBridge, MqttSettings
from states import FULL_STATE, IDLE_STATE, STAMP

__all__ = ["broker"]


def message(state: State, **changes: Any) -> dict[str, Any]:
    return state_message(state, stamp=STAMP, token=None, simulated=False) | changes


def drawn(state: dict[str, Any] | str | None) -> str:
    console = Console(file=io.StringIO(), width=100, height=30, color_system=None)
    console.print(screen(state))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_session_shows_what_matters_on_a_screen_of_100_by_30() -> None:
    """Phase, program, figures, limits, time left, faults with what to do; nothing wraps and nothing overflows."""
    text = drawn(message(FULL_STATE, alarm=None))
    for fragment in ("WALK", "First steps", "1.6 km/h", "120", "140", "closed", "2 of 6", "123 m", "33 %"):
        assert fragment in text
    assert "It slows down." in text
    lines = text.splitlines()
    assert len(lines) <= 31
    assert {len(row) for row in lines} <= {0, 100}


def test_only_the_word_simulated_is_on_yellow_ground() -> None:
    """The treadmill's name beside it is green, and can be read."""
    console = Console(file=io.StringIO(), width=100, height=30, force_terminal=True, color_system="standard")
    console.print(screen(message(FULL_STATE, simulated=True)))
    assert isinstance(console.file, io.StringIO)
    assert re.findall(r"\x1b\[[\d;]*\b43m([^\x1b]*)", console.file.getvalue()) == [" SIMULATED "]


def test_one_thing_is_said_at_a_time_the_most_urgent_first() -> None:
    """Alarm before trip before question before cue."""
    urgent = {"alarm": "Hold on", "trip_words": "The strap was pulled.", "prompt_text": "Press", "cue": "Short steps"}
    for gone, shown in enumerate(urgent.values()):
        text = drawn(message(FULL_STATE, **dict(list(urgent.items())[gone:]), **dict.fromkeys(list(urgent)[:gone])))
        assert " ".join(shown.upper()) in text


def test_a_trip_comes_with_what_a_person_can_do() -> None:
    """The remedy stands below it."""
    assert "Clip it, then reset." in drawn(message(FULL_STATE))


def test_a_simulation_says_so_in_every_form() -> None:
    """On the screen and in the line."""
    state = message(FULL_STATE, simulated=True)
    assert "SIMULATED" in drawn(state)
    assert line(state).startswith("SIMULATED | walk")


def test_no_state_says_who_is_away() -> None:
    """Silence is never shown as the last state."""
    assert "the daemon or the broker is away" in drawn(None)
    assert "the daemon or the broker is away" in line(None)


@given(
    st.dictionaries(st.sampled_from(sorted(message(FULL_STATE))), st.none()), st.sampled_from([FULL_STATE, IDLE_STATE])
)
def test_any_value_may_be_missing(unknown: dict[str, None], state: State) -> None:
    """Unknown is drawn as unknown, for every combination."""
    drawn(message(state, **unknown))
    line(message(state, **unknown))


def test_an_empty_or_foreign_state_is_drawn_too() -> None:
    """An older daemon has fewer fields."""
    assert "no program" in drawn({})
    assert line({}).startswith("–")


def test_words_are_shown_as_they_are() -> None:
    """Square brackets are not markup."""
    faults = [{"rule": "x", "kind": "stop", "words": "[red]odd[/red] [", "remedy": "[/]"}]
    assert "[red]odd[/red] [" in drawn(message(FULL_STATE, faults=faults))


def bridge_to(port: int) -> MqttBridge:
    def nothing(_item: object) -> Any: ...

    settings = MqttSettings(node="lab", host="127.0.0.1", port=port)
    return MqttBridge(settings, submit=nothing, observe=nothing, find_plan=nothing, programs=())


async def test_a_pipe_gets_a_line_for_each_change(broker: Broker) -> None:
    """Real broker, real bridge: the lines follow what is published, and repeat nothing."""
    bridge, console = bridge_to(broker.port), Console(file=io.StringIO(), width=40)
    settings = MqttSettings(node="lab", host="127.0.0.1", port=broker.port)
    tasks = [asyncio.create_task(bridge.run()), asyncio.create_task(watching.follow(settings, console))]
    assert isinstance(console.file, io.StringIO)
    lines: list[str] = []
    async with asyncio.timeout(10):
        for state in itertools.cycle([FULL_STATE, FULL_STATE, IDLE_STATE]):
            bridge.publish_state(state)
            await asyncio.sleep(0.02)
            lines = console.file.getvalue().splitlines()
            if len({text.split(" | ")[0] for text in lines} & {"walk", "idle"}) == 2:
                break
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(one != other for one, other in itertools.pairwise(lines))


async def test_silence_is_told(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker without a daemon yields nothing but None."""
    monkeypatch.setattr(watching, "STALE_S", 0.05)
    states = watching.states(MqttSettings(node="lab", host="127.0.0.1", port=broker.port))
    assert await anext(states) is None
    await states.aclose()


async def test_a_broker_that_refuses_or_is_not_there_is_told_with_its_words(tmp_path: Path) -> None:
    """Whoever has no password looks at the password first, and not at the daemon."""
    with running_broker(tmp_path, "allow_anonymous false") as broker:
        settings = MqttSettings(node="lab", host="127.0.0.1", port=broker.port)
        refused = await anext(states := watching.states(settings))
        await states.aclose()
    gone = await anext(states := watching.states(settings))
    await states.aclose()
    assert "Not authorized" in line(refused)
    assert line(gone) == f"no state: the broker at 127.0.0.1:{settings.port}: [Errno 111] Connection refused"
    assert line(gone) in drawn(gone)


def test_what_is_no_state_is_none() -> None:
    """Whoever else writes to the topic."""
    assert watching._state(b"{") is watching._state(b"[]") is None
    assert watching._state(json.dumps({"phase": "idle"}).encode()) == {"phase": "idle"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[mqtt]\nprot = 1\n", "did you mean port?"),
        ("[heart_rate]\nenabled=false\n[mqtt]\nenabled=false\n", "nothing to watch"),
    ],
)
def test_a_configuration_without_a_broker_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Exit 2, with what is wrong."""
    path = tmp_path / "c.toml"
    path.write_text(text)
    app = typer.Typer()
    app.command()(watching.watch)
    result = CliRunner().invoke(app, ["--config", str(path)])
    assert result.exit_code == 2
    assert words in result.output

from __future__ import annotations

import time

import pytest
from rich.console import Console

from retrowalk_sim.live_view import order_for, picture
from retrowalk_sim.stage import Order, Stage
from retrowalk_sim.treadmill import Treadmill


@pytest.mark.parametrize(
    ("order", "witnessed"),
    [
        ({"do": "pull_strap"}, "strap_pulled"),
        ({"do": "clip_strap"}, "strap_clipped"),
        ({"do": "pull_key"}, "key_pulled"),
        ({"do": "press", "key": "stop"}, "pressed stop"),
        ({"do": "move_by_hand", "kmh": 2}, "moved_by_hand 2.00"),
        ({"do": "take_control"}, "control_taken"),
        ({"do": "fault", "name": "silence"}, "fault silence on"),
        ({"do": "fault", "name": "runaway_kmh", "on": False}, "fault runaway_kmh off"),
        ({"do": "heart_fault", "name": "dropout"}, "fault dropout on"),
        ({"do": "heart_fault", "name": "artefact_bpm", "value": 40}, "fault artefact_bpm on"),
        ({"do": "walker", "step": "step_on"}, "stepped_on"),
        ({"do": "walker", "step": "fall"}, "fell"),
    ],
)
def test_an_order_is_carried_out_now(order: Order, witnessed: str) -> None:
    """Each is witnessed, at the monotonic time at which it was given."""
    stage = Stage(Treadmill(), heart_rate=True)
    before_s = time.monotonic()
    stage.do(order)
    event = stage.treadmill.witness[0]
    assert f"{event.what} {event.detail}".strip() == witnessed
    assert before_s <= event.at_s <= time.monotonic()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"do": "dance"}, "'dance' cannot be done; choose from pull_strap"),
        ({}, "None cannot be done"),
        ({"do": "press"}, "'press' lacks or misuses 'key'"),
        ({"do": "press", "key": "turbo"}, "no button"),
        ({"do": "move_by_hand", "kmh": None}, "'move_by_hand' lacks or misuses"),
        ({"do": "fault", "name": "gremlins"}, "choose from lose_indications"),
        ({"do": "heart_fault", "name": "dropout"}, "--heart-rate adds one"),
        ({"do": "walker", "step": "jump"}, "a walker can step: step_on"),
    ],
)
def test_an_order_that_makes_no_sense_says_what_would(order: Order, words: str) -> None:
    """The error names the culprit and the choices; nothing has happened."""
    stage = Stage(Treadmill())
    with pytest.raises(ValueError, match=words):
        stage.do(order)
    assert [event.what for event in stage.treadmill.witness if event.what != "pressed"] == []


def test_losing_the_link_by_order() -> None:
    """The treadmill is out of range for the time asked."""
    stage = Stage(Treadmill())
    stage.do({"do": "lose_link", "for_s": 5})
    assert not stage.treadmill.connectable


@pytest.mark.parametrize("key", list("skb+-wl q"))
def test_every_key_of_the_live_view_is_an_order_and_its_own_opposite(key: str) -> None:
    """Pressed twice, strap, key and walker are as they were; the picture shows what is true."""
    stage = Stage(Treadmill())
    console = Console(width=100, record=True)
    pictures = []
    for _ in range(3):
        with console.capture() as shown:
            console.print(picture(stage))
        pictures.append([line for line in shown.get().splitlines() if line.startswith(("strap", "console", "walker"))])
        order = order_for(key, stage)
        assert order is not None
        if order["do"] != "quit":
            stage.do(order)
    assert (pictures[0] != pictures[1]) is (key in "skbw")
    assert (pictures[0] == pictures[2]) is (key != "b")


def test_any_other_key_is_nothing() -> None:
    """No order, no harm."""
    assert order_for("x", Stage(Treadmill())) is None

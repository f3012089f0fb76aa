from __future__ import annotations

import pytest

from mqtt_lab import Engine, find_plan
from retrowalk.messages import Stamp
from retrowalk.model.observations import ButtonPress, ButtonSource
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.broker import Incoming
from retrowalk.mqtt.gate import MOST_REMEMBERED, FreshnessGate
from retrowalk.mqtt.intake import MOST_UNANSWERED, Intake, Sender
from retrowalk.mqtt.tokens import Tokens
from retrowalk.mqtt.topics import Topics

STAMP = Stamp(1000.0, 0)
TOKENS = Tokens(b"")
TOKEN = TOKENS.current(None, 0)
COUNTS, STOPS_ONLY = ButtonPress(ButtonSource.DECLARED), ButtonPress(ButtonSource.DECLARED, fresh=False)


class Desk:
    """An intake, what it submitted, and whom it refused."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.refused: list[Sender] = []
        self.intake = Intake(
            Topics.of(MqttSettings(node="lab", declared_buttons=("ok",))),
            FreshnessGate(TOKENS),
            submit=self.engine.take,
            observe=self.engine.take,
            find_plan=find_plan,
            refuse=lambda sender, _id, _cmd, _reason: self.refused.append(sender),
        )

    def press(self, payload: str, stamp: Stamp = STAMP) -> ButtonPress | None:
        """Send one press; return what the engine was told of it."""
        before = len(self.engine.told)
        self.intake.take(Incoming("retrowalk/lab/button/ok", payload.encode(), False, None, None), None, stamp)
        told = self.engine.told[before:]
        assert all(isinstance(item, ButtonPress) for item in told)
        return next((item for item in told if isinstance(item, ButtonPress)), None)

    def send(self, payload: str, response_topic: str | None = None, correlation: bytes | None = None) -> None:
        """Send one command."""
        message = Incoming("retrowalk/lab/cmd", payload.encode(), False, response_topic, correlation)
        self.intake.take(message, None, STAMP)


@pytest.mark.parametrize(
    ("topic", "kept"),
    [
        ("my/answers", True),
        ("retrowalk/lab/response/me", True),
        ("retrowalk/lab/state", False),
        ("retrowalk/other/cmd/stop", False),
        ("homeassistant/x", False),
        ("$SYS/x", False),
        ("a/+/b", False),
        ("a/#", False),
        ("a\x00b", False),
        ("a" * 201, False),
        ("", False),
    ],
)
def test_a_response_topic_is_used_only_where_it_harms_nobody(topic: str, kept: bool) -> None:
    """Neither where others trust the daemon, nor where the broker would hang up on it."""
    desk = Desk()
    desk.send("{}", topic)
    assert desk.refused == [Sender(topic if kept else None)]


def test_long_correlation_data_is_dropped() -> None:
    """It would be stored and sent back."""
    desk = Desk()
    desk.send("{}", "my/answers", b"x" * 300)
    assert desk.refused == [Sender("my/answers")]


def test_senders_of_unanswered_commands_are_remembered_up_to_a_bound() -> None:
    """An engine that answers nothing costs no memory."""
    desk = Desk()
    for number in range(MOST_UNANSWERED + 1):
        desk.send(f'{{"cmd":"arm","ts":1000,"id":"{number}"}}', f"answers/{number}")
    assert desk.intake.sender_of("0") == Sender()
    assert desk.intake.sender_of("1") == Sender("answers/1")
    assert desk.intake.sender_of("1") == Sender()


def test_what_comes_on_no_topic_of_ours_is_nothing() -> None:
    """A subscription that was too wide does no harm."""
    desk = Desk()
    desk.intake.take(Incoming("retrowalk/lab/other", b"stop", False, None, None), None, STAMP)
    assert desk.engine.told == []
    assert desk.refused == []


def test_a_press_among_too_many_commands_can_still_stop() -> None:
    """Somebody else's stuck automation is no reason for a belt to run on."""
    desk = Desk()
    for number in range(MOST_REMEMBERED):
        desk.send(f'{{"cmd":"pause","ts":1000,"id":"{number}"}}')
    assert desk.refused == []
    assert desk.press('{"press":"short","ts":1000.25}') == STOPS_ONLY
    assert desk.refused == [Sender()]


@pytest.mark.parametrize("dated", ['"ts":1000', '"ts":1000.5', f'"token":"{TOKEN}"'], ids=["whole", "half", "token"])
def test_a_second_press_that_looks_like_the_first_can_still_stop(dated: str) -> None:
    """OK, and at once a press in panic: a coarse clock, or one token, tells them not apart."""
    desk = Desk()
    assert desk.press(f'{{"press":"short",{dated}}}') == COUNTS
    assert desk.press(f'{{"press":"short",{dated}}}') == STOPS_ONLY
    assert desk.refused == [Sender()]


def test_a_press_that_is_delivered_twice_is_one() -> None:
    """Where the clock is finer than a hand: the second delivery must not stop the belt that the first one started."""
    desk = Desk()
    assert desk.press('{"press":"short","ts":1000.25}') == COUNTS
    assert desk.press('{"press":"short","ts":1000.25}') is None
    assert desk.press('{"press":"short","ts":1000.26}') == COUNTS


def test_a_late_press_can_still_stop_however_its_name_is_written() -> None:
    """JSON may write a letter as its number."""
    assert Desk().press('{"\\u0070ress":"short","ts":900}') == STOPS_ONLY

from __future__ import annotations

import pytest

from mqtt_lab import Engine, find_plan
from retrowalk.messages import Stamp
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.broker import Incoming
from retrowalk.mqtt.gate import FreshnessGate
from retrowalk.mqtt.intake import MOST_UNANSWERED, Intake, Sender
from retrowalk.mqtt.tokens import Tokens
from retrowalk.mqtt.topics import Topics

STAMP = Stamp(1000.0, 0)


class Desk:
    """An intake, what it submitted, and whom it refused."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.refused: list[Sender] = []
        self.intake = Intake(
            Topics.of(MqttSettings(node="lab")),
            FreshnessGate(Tokens(b"")),
            submit=self.engine.take,
            observe=self.engine.take,
            find_plan=find_plan,
            refuse=lambda sender, _id, _cmd, _reason: self.refused.append(sender),
        )

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

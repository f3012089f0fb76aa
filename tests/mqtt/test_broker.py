from __future__ import annotations

import aiomqtt

from retrowalk.mqtt.broker import MOST_WAITING, _StopFirst


def message(topic: str) -> aiomqtt.Message:
    return aiomqtt.Message(f"retrowalk/lab/{topic}", b"", 1, retain=False, mid=0, properties=None)


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


def test_a_flood_of_presses_is_bounded_too() -> None:
    """One press that waits is as good as two hundred."""
    queue = _StopFirst()
    for _ in range(3 * MOST_WAITING):
        queue.put_nowait(message("button/ok"))
    assert queue.qsize() == 2 * MOST_WAITING

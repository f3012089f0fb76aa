"""Publishes well-formed commands at a steady rate until it is killed: PORT TOPIC RATE_PER_S. A process of its own."""

from __future__ import annotations

import json
import sys
import time
from itertools import count
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

_BURST_S: Final = 0.01


def main(port: int, topic: str, rate_per_s: int) -> None:
    """Publish commands that are fresh, unique and out of place: each is read, refused with a reason and answered."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    due_s, numbers = time.monotonic(), count()
    while True:
        for _ in range(round(rate_per_s * _BURST_S)):
            client.publish(topic, json.dumps({"cmd": "arm", "ts": time.time(), "id": f"flood-{next(numbers)}"}))
        due_s += _BURST_S
        time.sleep(max(0.0, due_s - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

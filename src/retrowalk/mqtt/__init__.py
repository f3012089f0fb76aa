"""MQTT 5: state and events for home automation, commands from it. Reaches the belt only by the engine's requests."""

from __future__ import annotations

from retrowalk.mqtt.bridge import MqttBridge
from retrowalk.mqtt.settings import MqttSettings

__all__ = ["MqttBridge", "MqttSettings"]

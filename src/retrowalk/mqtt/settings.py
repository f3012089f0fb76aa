"""What the configuration decides for the bridge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """One broker, and the names under which this daemon is known there."""

    node: str
    host: str = "localhost"
    port: int = 1883
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None  # given: TLS, with this authority alone
    base_topic: str = "retrowalk"
    discovery_prefix: str = "homeassistant"
    declared_buttons: tuple[str, ...] = ()
    simulated: bool = False
    keepalive_s: int = 5
    timeout_s: float = 5.0
    reconnect_s: float = 1.0

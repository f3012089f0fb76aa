"""What the configuration decides for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StrapTier(StrEnum):
    """How the daemon learns that the safety strap was pulled."""

    LINE = "line"  # a strap line of its own (GPIO or simulated): all levels
    REPORTED = "reported"  # the machine was seen to report its key: all levels
    ATTESTED = "attested"  # commissioning saw the key cut the belt: levels 0 and 1
    NONE = "none"  # backward walking is refused


@dataclass(frozen=True, slots=True)
class HeartLimits:
    """Heart-rate limits of one walker, bpm."""

    soft_bpm: int
    hard_bpm: int


class BrokerLost(StrEnum):
    """What a session does when the MQTT broker goes away."""

    CONTINUE = "continue"
    END_SESSION = "end_session"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The engine's settings. The defaults are the most careful ones."""

    strap: StrapTier = StrapTier.NONE
    handrails: bool = False
    heart: HeartLimits | None = None
    without_heart_rate: bool = False  # the walker acknowledged walking without a heart-rate strap (levels 0 and 1)
    remote_start: bool = False  # a confirm without a presence source may start the belt
    declared_button: bool = False
    separate_ok: bool = False  # OK and STOP are different inputs, so stepping on is confirmed instead of timed
    broker_lost: BrokerLost = BrokerLost.END_SESSION
    relay: bool = False  # there is a cut-off relay in the treadmill's safety-key loop

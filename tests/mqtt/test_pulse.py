from __future__ import annotations

import pytest

from retrowalk.model.units import seconds
from retrowalk.mqtt import pulse
from retrowalk.mqtt.broker import Incoming, Outgoing
from retrowalk.mqtt.pulse import Pulse

BEGUN_NS, NONCE = seconds(100), "0123456789abcdef"


def back(beat: Outgoing | str) -> Incoming:
    payload = beat if isinstance(beat, str) else beat.payload
    return Incoming("beat", payload.encode(), retained=False, response_topic=None, correlation=None)


@pytest.mark.parametrize("sent", ["9" * 5000, "9" * 40, str(BEGUN_NS + seconds(60)), "-1", "", "²"])
def test_a_forged_beat_proves_nothing_and_breaks_nothing(sent: str) -> None:
    """Whoever may read the topic knows the nonce: a time that is still to come, or no time at all, is not taken."""
    heart = Pulse("beat", NONCE, BEGUN_NS)
    now_ns = BEGUN_NS + pulse.DOUBT_NS
    assert heart.swallow(back(f"{NONCE} {sent}"), now_ns)
    assert not heart.is_steady(now_ns)


def test_the_way_is_open_once_a_beat_came_back_in_time() -> None:
    """And no longer when it stays away, or comes late."""
    heart = Pulse("beat", NONCE, BEGUN_NS)
    now_ns = BEGUN_NS + pulse.DOUBT_NS
    heart.swallow(back(heart.beat(now_ns)), now_ns)
    assert heart.is_steady(now_ns + pulse.LATE_NS)
    assert not heart.is_steady(now_ns + pulse.LATE_NS + 1)
    heart.swallow(back(heart.beat(now_ns)), now_ns + pulse.LATE_NS + 1)
    assert not heart.is_steady(now_ns + pulse.LATE_NS + 2)

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


@pytest.mark.parametrize(("rest_ns", "doubted"), [(pulse.LATE_NS, False), (pulse.LATE_NS + 1, True)])
def test_the_first_beats_after_a_rest_prove_nothing_yet(rest_ns: int, doubted: bool) -> None:
    """A broker that hung in the rest hands on what waited in its own order: a young beat, then a press from before."""
    heart = Pulse("beat", NONCE, BEGUN_NS)
    before_ns = BEGUN_NS + pulse.DOUBT_NS
    heart.swallow(back(heart.beat(before_ns)), before_ns)
    again_ns = before_ns + rest_ns
    heart.swallow(back(heart.beat(again_ns)), again_ns)
    assert heart.is_steady(again_ns) is not doubted
    later_ns = again_ns + pulse.LATE_NS
    heart.swallow(back(heart.beat(later_ns)), later_ns)
    assert heart.is_steady(again_ns + pulse.DOUBT_NS - 1) is not doubted
    assert heart.is_steady(again_ns + pulse.DOUBT_NS)

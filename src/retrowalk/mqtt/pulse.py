"""Is the way through the broker open? The daemon sends itself a message twice a second, and sees how old it comes back.

What comes from a broker comes in order: a press that waited behind a stall comes after a pulse that is late, or after
none for a while. Nobody knows then how long it waited. The same goes for the first moments after a rest: a broker that
hung meanwhile may hand on a young pulse ahead of an old press.
"""

from __future__ import annotations

from typing import Final

from retrowalk.model.units import seconds
from retrowalk.mqtt.broker import Incoming, Outgoing

EVERY_S: Final = 0.5
LATE_NS: Final = seconds(1.5)
DOUBT_NS: Final = seconds(2)
_LONGEST: Final = 64


class Pulse:
    """The pulse of one connection. Time is monotonic ns, and only the daemon's own."""

    def __init__(self, topic: str, nonce: str, now_ns: int) -> None:
        self._topic = topic
        self._nonce = nonce
        self._heard_ns: int | None = None  # when the newest one that came back was sent
        self._doubted_until_ns = now_ns + DOUBT_NS  # a fresh connection may deliver what waited for it

    def beat(self, now_ns: int) -> Outgoing:
        """Return the next one to send."""
        return Outgoing(self._topic, f"{self._nonce} {now_ns}", qos=0, expires_s=5)

    def swallow(self, message: Incoming, now_ns: int) -> bool:
        """Take note of one that came back; tell whether `message` is on its topic, where nothing else belongs."""
        if message.topic != self._topic:
            return False
        nonce, _, sent = message.payload[:_LONGEST].partition(b" ")
        if nonce == self._nonce.encode() and sent.isdigit() and int(sent) <= now_ns:  # whoever reads one can forge one
            former_ns, self._heard_ns = self._heard_ns, int(sent)
            rested = former_ns is not None and self._heard_ns - former_ns > LATE_NS
            if rested or now_ns - self._heard_ns > LATE_NS:
                self._doubted_until_ns = now_ns + DOUBT_NS
        return True

    def is_steady(self, now_ns: int) -> bool:
        """Tell whether what comes now was sent just now, as far as the broker and the way from it are concerned."""
        return self._heard_ns is not None and now_ns - self._heard_ns <= LATE_NS and now_ns >= self._doubted_until_ns

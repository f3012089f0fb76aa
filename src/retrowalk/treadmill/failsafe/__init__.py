"""The Stop of last resort, in another process than the daemon: raw D-Bus, no bleak, as little code as can be.

bluetoothd keeps a treadmill's link when its client dies, and the belt runs on. Whoever comes next can write over the
same link. It is dropped here only if it was made here and the belt was seen to stand, or if no Stop gets through.
"""

from __future__ import annotations

from retrowalk.treadmill.failsafe.belts import stop_belts
from retrowalk.treadmill.failsafe.stopper import Verdict

__all__ = ["Verdict", "stop_belts"]

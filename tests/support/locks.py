"""Who waits for a lock, as the kernel tells it."""

from __future__ import annotations

import re
from pathlib import Path


def waits_for_a_lock(process: int) -> bool:
    """Tell whether the kernel lists a process behind the holder of a lock that both may not have."""
    return re.search(rf"-> FLOCK +ADVISORY +READ +{process} ", Path("/proc/locks").read_text()) is not None

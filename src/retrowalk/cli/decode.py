"""`retrowalk decode`: frames from a bug report, in words."""

from __future__ import annotations

import json
import sys

from retrowalk.decode import decode_line


def decode() -> None:
    """Read lines "CHAR HEX" (such as "2acd 8c05…") and print one JSON object a line. Never fails."""
    for line in sys.stdin.buffer:
        print(json.dumps(decode_line(line.decode("utf-8", errors="replace"))), flush=True)

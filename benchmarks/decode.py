"""How fast frames become observations: a treadmill frame with many fields, as busy machines send it."""

from __future__ import annotations

from time import thread_time

from retrowalk.treadmill.frames import read_treadmill_data

FRAME = bytes.fromhex("8c055000e803000a0000001400c8000a5a3c00")
ROUNDS = 50_000


def measure() -> dict[str, float]:
    """Return decoded frames a second on one core."""
    begun = thread_time()
    for _ in range(ROUNDS):
        read_treadmill_data(FRAME)
    return {"decode_frames_per_s": ROUNDS / (thread_time() - begun)}

"""A bare bleak client in a process of its own: connects, starts the belt, tells each frame's arrival, and stays."""

from __future__ import annotations

import asyncio
import sys
import time

from bleak import BleakClient, BleakScanner

from retrowalk_sim.treadmill import CONTROL_POINT, TREADMILL_DATA

REQUEST_CONTROL = b"\x00"
START = b"\x07"
ANSWER_S = 10.0


def say(*words: object) -> None:
    """Write a line to whoever started this process."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def main(address: str) -> None:
    """Hold the treadmill at `address` until killed."""
    device = await BleakScanner.find_device_by_address(address, timeout=30)
    if device is None:
        raise SystemExit(f"no device at {address}")
    answers: asyncio.Queue[bytes] = asyncio.Queue()
    async with BleakClient(device) as client:
        await client.start_notify(CONTROL_POINT, lambda _, answer: answers.put_nowait(bytes(answer)))
        await client.start_notify(TREADMILL_DATA, lambda *_: say("frame", time.monotonic()))
        for request in (REQUEST_CONTROL, START):
            await client.write_gatt_char(CONTROL_POINT, request, response=True)
            async with asyncio.timeout(ANSWER_S):
                await answers.get()
        say("started")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

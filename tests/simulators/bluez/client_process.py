"""A bleak client in a process of its own, to be killed: connects, listens, says so, and stays."""

import asyncio
import signal
import sys

from bleak import BleakClient, BleakScanner


async def main(address: str, uuid: str) -> None:
    """Hold a link with a listener until killed."""
    device = await BleakScanner.find_device_by_address(address, timeout=5)
    if device is None:
        raise SystemExit(f"no device at {address}")
    async with BleakClient(device) as client:
        await client.start_notify(uuid, lambda _characteristic, _value: None)
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts us in the background has it ignored
    asyncio.run(main(*sys.argv[1:]))

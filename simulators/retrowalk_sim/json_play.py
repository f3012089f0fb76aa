"""The simulator for another process: witness events out, orders in, one JSON object a line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from functools import partial

from retrowalk_sim.stage import Order, Stage
from retrowalk_sim.witness import Witness


def emit(what: str, facts: Mapping[str, str], at_s: float | None = None) -> None:
    """Write one event; times are those of CLOCK_MONOTONIC, so that other processes can compare."""
    event = {"at_s": time.monotonic() if at_s is None else at_s, "what": what, **facts}
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def play(stage: Stage) -> None:
    """Write what is witnessed and carry out what is read, until "quit" or the end of the input."""
    for device in stage.devices:
        device.witness.on_event = partial(_tell, device.advertisement.name)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while (line := await reader.readline()) and (order := _parse(line)).get("do") != "quit":
            _carry_out(stage, order)
    finally:
        transport.close()


def _tell(device: str, event: Witness) -> None:
    emit(event.what, {"detail": event.detail, "device": device}, event.at_s)


def _parse(line: bytes) -> Order:
    try:
        order = json.loads(line)
    except ValueError:
        order = None
    return order if isinstance(order, dict) else {"do": line.decode(errors="replace").strip()}


def _carry_out(stage: Stage, order: Order) -> None:
    try:
        stage.do(order)
    except ValueError as error:
        emit("misunderstood", {"detail": str(error)})

"""Which transport carries what."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from bumble.hci import HCI_Reset_Command
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink

from retrowalk_sim.gatt import Peripheral
from retrowalk_sim.hci.air import Air
from retrowalk_sim.hci.peer import Peer

VIRTUAL: Final = ("vhci", "pty")
"""At the far end is another Bluetooth stack: it drives an emulated controller, on the air with the devices."""


@asynccontextmanager
async def serve(peripherals: Sequence[Peripheral], transports: str) -> AsyncIterator[None]:
    """Put devices on the air. `transports`: a virtual one, or a real controller a device, comma-separated.

    Raises ValueError when there are fewer controllers than devices, and what Bumble raises for an unusable one; an
    ExceptionGroup, and cancels whoever is in here, when a device dies of an error.
    """
    async with AsyncExitStack() as stack:
        if transports.split(":", maxsplit=1)[0] in VIRTUAL:
            peers = await _emulated(stack, peripherals, transports)
        else:
            peers = await _real(stack, peripherals, transports.split(","))
        await stack.enter_async_context(_alive(peers))
        yield


@asynccontextmanager
async def _alive(peers: Sequence[Peer]) -> AsyncIterator[None]:
    """Let peers live meanwhile. One that dies ends it: an ExceptionGroup has its error."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as living:
        running = [living.create_task(peer.run(), name=peer.peripheral.advertisement.name) for peer in peers]
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised below, as it is
            failure = error
        for task in running:
            task.cancel()
    if failure is not None:
        raise failure


async def _emulated(stack: AsyncExitStack, peripherals: Sequence[Peripheral], transport: str) -> list[Peer]:
    air, peers = Air(), []
    for peripheral in peripherals:
        controller = air.controller(peripheral.advertisement.address)
        host = Host(controller, AsyncPipeSink(controller))
        peers.append(Peer(peripheral, host, partial(air.lose, controller)))
    far_end = await stack.enter_async_context(await open_transport(transport))
    air.adapter(far_end.source, far_end.sink)
    return peers


async def _real(stack: AsyncExitStack, peripherals: Sequence[Peripheral], transports: list[str]) -> list[Peer]:
    """Untested here. A reset silences a controller: the central notices by its own supervision timeout."""
    if len(transports) < len(peripherals):
        raise ValueError(f"{len(peripherals)} devices need as many controllers: usb:0,usb:1 …")
    peers = []
    for peripheral, transport in zip(peripherals, transports, strict=False):
        near_end = await stack.enter_async_context(await open_transport(transport))
        host = Host(near_end.source, near_end.sink)
        peers.append(Peer(peripheral, host, partial(_reset, host)))
    return peers


def _reset(host: Host) -> None:
    host.send_hci_packet(HCI_Reset_Command())

"""The air between emulated controllers: Bumble's own, with its faults worked around, and with radio silence."""

# mypy: disable-error-code="import-not-found, misc"
from __future__ import annotations

import asyncio
from typing import Final, override

from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.hci import Address, HCI_ErrorCode, LeFeatureMask
from bumble.link import LocalLink
from bumble.transport.common import TransportSink, TransportSource

SUPERVISION_S: Final = 0.42  # what Linux asks for
UNDER_WAY_S: Final = 0.01  # what was said before still arrives
_MISSING: Final = LeFeatureMask.LL_PRIVACY | LeFeatureMask.LE_EXTENDED_ADVERTISING
_HOST: Final = "00:00:5E:00:53:00"


class Air(LocalLink):
    """Carries data between the controllers on it, but to and from the silent ones."""

    def __init__(self) -> None:
        super().__init__()
        self._silent: set[Controller] = set()

    def adapter(self, source: TransportSource, sink: TransportSink) -> Controller:
        """Return the controller that another Bluetooth stack drives over a transport."""
        return self._modest(Controller("adapter", source, sink, self, _HOST))

    def controller(self, address: str) -> Controller:
        """Return a controller for a device with a public address."""
        return self._modest(Controller(address, link=self, public_address=address))

    @staticmethod
    def _modest(controller: Controller) -> Controller:
        """Claim no feature that Bumble only half emulates: Linux would use it, and find no device."""
        controller.le_features &= ~_MISSING
        return controller

    @override
    def send_acl_data(
        self, sender_controller: Controller, destination_address: Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Send from the address of the connection. Bumble takes the random one, which nobody here connected to."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection and receiver and not self._silent & {sender_controller, receiver}:
            loop = asyncio.get_running_loop()
            loop.call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def lose(self, controller: Controller) -> None:
        """Let nothing pass to and from `controller` any more; both ends notice after the supervision timeout."""
        loop = asyncio.get_running_loop()
        loop.call_later(UNDER_WAY_S, self._silent.add, controller)
        loop.call_later(UNDER_WAY_S + SUPERVISION_S, self._notice, controller)

    def _notice(self, controller: Controller) -> None:
        self._silent.discard(controller)
        for ours in list(controller.le_connections.values()):
            peer = self.find_le_controller(ours.peer_address)
            theirs = peer.le_connections.get(ours.self_address) if peer else None
            if peer and theirs:
                peer.on_le_disconnected(theirs, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
            controller.on_le_disconnected(ours, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

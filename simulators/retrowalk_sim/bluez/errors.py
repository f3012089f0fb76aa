"""The errors of org.bluez, worded as bluetoothd words them, because bleak reads the words."""

from __future__ import annotations

from typing import Final

from retrowalk_sim.gatt import AttError

UNLIKELY: Final = 0x0E
"""What bluetoothd answers for a request that the link took with it."""


class BluezError(Exception):
    """A D-Bus error reply: `name` and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


def bluez_error(kind: str, text: str) -> BluezError:
    """Return org.bluez.Error.`kind`."""
    return BluezError(f"org.bluez.Error.{kind}", text)


def failed(text: str) -> BluezError:
    """Return the error that bluetoothd gives for nearly everything."""
    return bluez_error("Failed", text)


def in_progress() -> BluezError:
    """Return the error that bleak answers with patience: it asks again every 10 ms."""
    return bluez_error("InProgress", "In Progress")


def not_supported() -> BluezError:
    """Return the error for an operation that the characteristic does not have."""
    return bluez_error("NotSupported", "Operation is not supported")


def not_ready() -> BluezError:
    """Return the error of an adapter without power."""
    return bluez_error("NotReady", "Resource Not Ready")


_WORDED: Final = {
    0x02: ("NotPermitted", "Read not permitted"),
    0x03: ("NotPermitted", "Write not permitted"),
    0x05: ("NotPermitted", "Not paired"),
    0x06: ("NotSupported", "Operation is not supported"),
    0x07: ("InvalidArguments", "Invalid offset"),
    0x08: ("NotAuthorized", "Operation Not Authorized"),
    0x0C: ("NotPermitted", "Not paired"),
    0x0D: ("InvalidArguments", "Invalid Length"),
    0x0F: ("NotPermitted", "Not paired"),
}


def from_att(error: AttError) -> BluezError:
    """Return what bluetoothd makes of an ATT error response."""
    kind, text = _WORDED.get(error.code, ("Failed", f"Operation failed with ATT error: 0x{error.code:02x}"))
    return bluez_error(kind, text)

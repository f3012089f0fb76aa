"""What goes wrong with Bluetooth, in words for a person."""

from __future__ import annotations

from typing import Final

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
)

_UNAVAILABLE: Final = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "there is no Bluetooth adapter",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "the Bluetooth adapter does not speak Bluetooth LE",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "the Bluetooth adapter is switched off",
}
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (BleakDeviceNotFoundError, "the device went out of range while connecting"),
    (TimeoutError, "the device did not answer in time"),
    (FileNotFoundError, "there is no D-Bus system bus: is the service dbus running?"),
    (ConnectionError, "the D-Bus system bus does not answer"),
)


def in_words(error: Exception) -> str:
    """Say for a person what went wrong with Bluetooth."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _UNAVAILABLE.get(error.reason, "Bluetooth is not available")
    if isinstance(error, BleakGATTProtocolError):
        return "the device refused: " + str(error.args[1]).removeprefix("GATT Protocol Error: ")
    if isinstance(error, BleakDBusError):
        return f"Bluetooth: {error.dbus_error_details or error.dbus_error}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    return str(error) or type(error).__name__


def no_bluetooth(error: Exception) -> bool:
    """Whether `error` means that this computer has no working Bluetooth at all."""
    return isinstance(error, (BleakBluetoothNotAvailableError, FileNotFoundError, ConnectionError))

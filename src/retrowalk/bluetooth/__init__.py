"""The door to Bluetooth: finding devices, connecting with a fresh client, connecting again, and words for failures."""

from bleak import BleakClient

from retrowalk.bluetooth.keeper import Held, Keeper
from retrowalk.bluetooth.radio import Bluetooth, NotFound, Sought, Wire
from retrowalk.bluetooth.words import in_words, no_bluetooth

__all__ = ["BleakClient", "Bluetooth", "Held", "Keeper", "NotFound", "Sought", "Wire", "in_words", "no_bluetooth"]

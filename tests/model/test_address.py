from __future__ import annotations

import pytest

from retrowalk.model.address import sound_address


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("AA:BB:CC:DD:EE:FF", "AA:BB:CC:DD:EE:FF"),
        ("aa:bb:cc:dd:ee:0f", "AA:BB:CC:DD:EE:0F"),
        ("AA:BB:CC:DD:EE", None),
        ("AA:BB:CC:DD:EE:FF:00", None),
        ("AA-BB-CC-DD-EE-FF", None),
        ("AA:BB:CC:DD:EE:FG", None),
        ("AA:BB:CC:DD:EE:FF\n", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_an_address_is_six_pairs_of_hex_digits(told: object, address: str | None) -> None:
    """In upper case, as bluetoothd tells it; whatever else it was, it is none."""
    assert sound_address(told) == address

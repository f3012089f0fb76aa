"""One treadmill, one daemon of this machine."""

from __future__ import annotations

import pytest

from retrowalk.treadmill.claim import Claim, Claimed

ADDRESS = "02:00:00:00:C1:A1"


def test_a_second_claim_is_refused_until_the_first_is_released() -> None:
    """Whatever the daemons are called, and in whichever case the address is written."""
    first, second = Claim(), Claim()
    first.take(ADDRESS)
    with pytest.raises(Claimed, match=ADDRESS.lower()):
        second.take(ADDRESS.lower())
    first.release()
    second.take(ADDRESS)
    second.release()


def test_a_lost_link_keeps_its_claim() -> None:
    """Taking again what is held is nothing new."""
    claim = Claim()
    claim.take(ADDRESS)
    claim.take(ADDRESS)
    claim.release()

"""Waiting for person and machine."""

from __future__ import annotations

import pytest

from retrowalk.model import numbers as n
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.session.arming import Arming, hopeless, reasons
from support.session_bench import fault

ARM = Request(Verb.ARM, Origin.MQTT)


def test_reasons_say_what_is_wrong_and_what_helps() -> None:
    """One after the other; nothing for nothing."""
    assert reasons([fault("a"), fault("b")]) == "a is broken (mend it); b is broken (mend it)"
    assert reasons([]) == ""


def test_a_latched_stop_is_named_first() -> None:
    """Nothing else can be mended before it."""
    assert reasons([fault("a"), fault("latched")]).startswith("latched is broken")


def test_hopeless_is_what_no_waiting_clears() -> None:
    """The rest may clear."""
    assert [f.rule for f in hopeless([fault("a"), fault("b", waits=False)])] == ["b"]


@pytest.mark.parametrize(("after_ns", "over"), [
    (n.AUTO_DISARM_NS - 1, False), (n.AUTO_DISARM_NS, False), (n.AUTO_DISARM_NS + 1, True),
])  # fmt: skip
def test_waiting_ends_after_45_seconds(after_ns: int, over: bool) -> None:
    """With what was still missing; where nothing is missing it is not over."""
    arming = Arming(ARM, 0)
    assert (arming.refusal([fault()], after_ns) is not None) is over
    assert arming.refusal([], after_ns) is None


def test_what_is_hopeless_ends_the_wait_at_once() -> None:
    """And names only that."""
    assert Arming(ARM, 0).refusal([fault("a"), fault("b", waits=False)], 0) == "b is broken (mend it)"


def test_all_ready_but_the_person() -> None:
    """Then arming was good, and somebody is waited for, who also puts strap and key in."""
    assert Arming.only_awaits_presence([fault("absent")])
    assert Arming.only_awaits_presence([
        fault(rule) for rule in ("absent", "strap_open", "strap_unsettled", "strap_unproven", "key_unconfirmed")
    ])  # fmt: skip
    assert not Arming.only_awaits_presence([fault("absent"), fault("link_down")])

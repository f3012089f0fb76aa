"""Each reader of outside bytes takes damaged and arbitrary input: nothing comes out of it but what it declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS, Target

EXAMPLES = 60


@st.composite
def damaged(draw: st.DrawFn, target: Target) -> bytes:
    """A sound input that was cut, doubled or overwritten in places; or anything."""
    whole = draw(st.sampled_from(target.seeds) | st.binary(max_size=64))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(whole)))
        end = draw(st.integers(start, min(len(whole), start + 30)))
        words = st.sampled_from(target.words).map(str.encode) if target.words else st.nothing()
        whole = whole[:start] + draw(words | st.binary(max_size=8) | st.just(whole[start:end] * 2)) + whole[end:]
    return whole


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_comes_out_but_what_is_declared(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """A target raises for findings alone."""
    TARGETS[name].feed(data.draw(damaged(TARGETS[name])), tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_sound_inputs_are_taken(tmp_path: Path, name: str) -> None:
    """What the fuzzer starts from reaches the readers."""
    for seed in TARGETS[name].seeds:
        TARGETS[name].feed(seed, tmp_path)

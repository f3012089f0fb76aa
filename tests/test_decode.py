"""The contract of `retrowalk decode`: one dict per line, never an exception."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.decode import DECODERS, decode_line


def test_a_readable_line_gives_fields_and_warnings() -> None:
    """`char` and `ok` first, absent fields left out, warnings always there; hex may contain spaces."""
    assert decode_line("2ACD 00 00 50 00\n") == {
        "char": "2acd",
        "ok": True,
        "more_data": False,
        "speed_kmh": 0.8,
        "warnings": [],
    }


def test_contact_unknown_is_told_as_null() -> None:
    """A strap that cannot tell is not a strap that has no contact."""
    assert decode_line("2a37 0048")["contact"] is None


@pytest.mark.parametrize("line", ["", "2acd", "2acd 0g", "2acd 0400", "9999 00", "2ad9 80", "2ada 02"])
def test_an_unreadable_line_gives_an_error(line: str) -> None:
    """Empty, not hex, cut short or unknown: `ok` false and a reason."""
    decoded = decode_line(line)
    assert decoded["ok"] is False
    assert decoded["error"]


@given(st.one_of(st.text(), st.builds("{} {}".format, st.sampled_from(sorted(DECODERS)), st.binary().map(bytes.hex))))
def test_any_line_gives_json(line: str) -> None:
    """Whatever is typed, the answer is one JSON object."""
    assert isinstance(json.loads(json.dumps(decode_line(line)))["ok"], bool)

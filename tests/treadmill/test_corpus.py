"""The decoders against frames that real machines sent, decoded independently from the specification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from retrowalk.decode import DECODERS, decode_line

CORPUS: Final = Path(__file__).parents[3] / "shared" / "frames" / "frames.jsonl"
NAMES: Final = {
    "avg_speed_kmh": "average_speed_kmh",
    "elev_gain_pos_m": "elevation_gain_pos_m",
    "elev_gain_neg_m": "elevation_gain_neg_m",
    "vendor_steps": "steps",
    "min_kmh": "min",
    "max_kmh": "max",
    "step_kmh": "step",
    "min_pct": "min",
    "max_pct": "max",
    "step_pct": "step",
    "contact_detected": "contact",
    "status_name": "status",
    "name": "status",
    "request_name": "request",
    "result_name": "result",
    "result": "result_code",
}
OWN_NAMES: Final = {
    "2ad3": {"status": "status_code"},
    "2ad9": {"name": "request"},
}
NOT_FIELDS: Final = frozenset(
    ["flags", "present", "extra_hex", "decodable", "malformed", "why", "kind", "contact_supported", "oddity", "string"]
)
NO_ELEVATION: Final = {3276.7, 6553.5}  # 0x7fff and 0xffff, which the decoder takes for "not available"


@pytest.fixture(scope="module")
def corpus() -> list[dict[str, Any]]:
    """Every frame with an expectation and a decoder."""
    if not CORPUS.exists():
        pytest.skip("the frames of real machines are not here (../shared/frames)")
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    return [row for row in rows if "expect" in row and row["char"] in DECODERS]


def disagreements(row: dict[str, Any], decoded: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {field: (expected, decoded)} where the two differ."""
    names = NAMES | OWN_NAMES.get(row["char"], {})
    expected = {key: value for key, value in row["expect"].items() if key not in NOT_FIELDS}
    if row["char"] == "2ad9":
        expected.pop("opcode")  # decoded as `request_opcode`, with the direction told by `result`
    pairs = {key: (value, decoded.get(names.get(key, key))) for key, value in expected.items()}
    return {key: (want, got) for key, (want, got) in pairs.items() if _plain(want) != _plain(got)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def test_every_frame_that_can_be_read_is_read_alike(corpus: list[dict[str, Any]]) -> None:
    """All agree but five elevations, where the corpus takes the maker's "not available" for 3 and 6 km of descent."""
    differing = {}
    for row in corpus:
        decoded = decode_line(f"{row['char']} {row['hex']}")
        if decoded["ok"] and (differences := disagreements(row, decoded)):
            differing[row["id"]] = differences
    assert all(set(found) == {"elev_gain_neg_m"} for found in differing.values()), differing
    assert {want for found in differing.values() for want, _ in found.values()} <= NO_ELEVATION
    assert len(differing) == 5


def test_unreadable_is_what_no_tolerant_receiver_can_read(corpus: list[dict[str, Any]]) -> None:
    """Exactly the frames that the corpus calls undecodable are refused, and nothing else that is merely malformed."""
    refused = {row["id"] for row in corpus if not decode_line(f"{row['char']} {row['hex']}")["ok"]}
    assert refused == {row["id"] for row in corpus if row["expect"].get("decodable") is False}

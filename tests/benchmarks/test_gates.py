"""Gates judge ratios within one run, and a Stop that never came fails them."""

from __future__ import annotations

import pytest
from benchmarks.gates import GATES, Gate, complaints, said

FINE: dict[str, float | None] = dict.fromkeys((name for gate in GATES for name in (gate.figure, gate.reference)), 1.0)


def test_equal_figures_pass() -> None:
    """A daemon as quick as bleak alone has nothing to answer for."""
    assert complaints(FINE) == []


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.figure)
def test_each_gate_closes_just_above_its_factor(gate: Gate) -> None:
    """At the factor it is open, above it the complaint names both figures."""
    assert gate.complaint({gate.figure: gate.factor * 2, gate.reference: 2.0}) is None
    words = gate.complaint({gate.figure: gate.factor * 2 + 0.01, gate.reference: 2.0})
    assert words is not None
    assert gate.figure in words
    assert gate.reference in words


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.figure)
def test_a_stop_that_never_came_fails(gate: Gate) -> None:
    """So does one that nothing can be compared with."""
    assert "never" in (gate.complaint({gate.figure: None, gate.reference: 1.0}) or "")
    assert gate.complaint({gate.figure: 1.0, gate.reference: None}) is not None


def test_figures_are_said_shortly() -> None:
    """Two decimals at most, and no zeros that mean nothing."""
    assert [said(value) for value in (None, 1234.0, 0.126, 2.5)] == ["never", "1,234", "0.13", "2.5"]

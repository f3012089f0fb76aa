"""The page of figures says what was measured, where and when."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.report import page

FIGURES = {
    "handle_p50_us": 12.5,
    "strap_to_stop_process_ms": 3.0,
    "stop_idle_p50_ms": 0.5,
    "stop_idle_p99_ms": 1.5,
    "bare_stop_idle_p50_ms": 0.25,
    "bare_stop_idle_p99_ms": 1.25,
    "pyftms_stop_idle_p50_ms": 2.0,
    "pyftms_stop_idle_p99_ms": None,
    "bare_stop_request_first_p50_ms": 30.0,
    "bare_stop_request_first_p99_ms": 40.0,
}


def test_each_condition_is_a_row_and_every_other_figure_too() -> None:
    """One column a way; a way that knows no such condition has a dash, a Stop that never came says so."""
    lines = page(FIGURES, datetime(2026, 1, 2, tzinfo=UTC), "2 cores, virtual").splitlines()
    assert "| idle | 0.5 | 1.5 | 0.25 | 1.25 | 2 | never |" in lines
    assert "| request first | – | – | 30 | 40 | – | – |" in lines
    assert "| handle_p50_us | 12.5 |" in lines
    assert "| strap_to_stop_process_ms | 3 |" in lines
    assert lines[2].startswith("2026-01-02, 2 cores, virtual.")


def test_a_page_tells_of_gates_that_fail() -> None:
    """It is as honest about them as the command's exit status."""
    assert "\n- stop_idle_p99_ms is 1.5: more than 1.5 times bare_stop_idle_p99_ms, 0.5\n" in page(
        FIGURES | {"bare_stop_idle_p99_ms": 0.5}, datetime(2026, 1, 2, tzinfo=UTC), "a computer"
    )

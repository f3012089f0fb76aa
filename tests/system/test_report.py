from __future__ import annotations

from pathlib import Path

from system.report import table

VERDICTS = """<testsuites><testsuite>
<testcase name="test_killed"/>
<testcase name="test_writing[True]"/><testcase name="test_writing[False]"><failure>no</failure></testcase>
</testsuite></testsuites>"""
LATER = """<testsuites><testsuite><testcase name="test_reboot"><skipped/></testcase></testsuite></testsuites>"""
FIGURES = """{"scenario": "test_killed", "stop_s": 1.5}
{"scenario": "test_killed", "stop_s": 2.5}
{"scenario": "test_killed", "stop_s": 1.0}
{"scenario": "a_bare_write", "stop_s": 0.25}
"""


def test_a_run_is_told_as_a_table(tmp_path: Path) -> None:
    """Verdicts of all files, the worst first among repeated ones; median and worst of the figures; figures without."""
    (tmp_path / "verdicts.xml").write_text(VERDICTS)
    (tmp_path / "verdicts-reboot.xml").write_text(LATER)
    (tmp_path / "figures.jsonl").write_text(FIGURES)
    rows = [line.split() for line in table(tmp_path)[1:]]
    assert rows == [
        ["reboot", "skipped"],
        ["killed", "ok", "stop", "1.50", "/", "2.50"],
        ["writing", "FAILED", "1/2"],
        ["a_bare_write", "stop", "0.25"],
    ]


def test_a_run_that_came_to_nothing_has_an_empty_table(tmp_path: Path) -> None:
    """No files, no rows, no error."""
    assert len(table(tmp_path)) == 1

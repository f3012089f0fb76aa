from __future__ import annotations

import asyncio
import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissioning.ground import Helper, commissioned
from commissioning.hands import HANDS
from retrowalk.app import commission as shell
from retrowalk.app.commission import RecordNotKept, SessionLeftOpen, _kept, commission, record_of
from retrowalk.app.compose import AlreadyRunning, FolderUnusable, make_folders, only_one
from retrowalk.commissioning import Findings, Procedure, Verdict
from retrowalk.config import Config, DaemonTable
from retrowalk.machines import Machines
from retrowalk_sim.treadmill import Treadmill
from virtual_time import run

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Folders of its own."""
    return Config(daemon=DaemonTable(runtime_dir=tmp_path / "run", state_dir=tmp_path / "state"))


async def test_a_session_that_did_not_end_is_a_persons_to_reset(config: Config) -> None:
    """No link, no START; it says what to do."""
    make_folders(config)
    (config.state_dir / "session-marker").write_text('{"address": "", "latch": "strap_open"}')
    with pytest.raises(SessionLeftOpen, match=r"\(strap_open\): start the daemon"):
        await commission(config, Helper(Treadmill()))


async def test_a_daemon_that_runs_keeps_its_treadmill(config: Config) -> None:
    """They share a lock."""
    make_folders(config)
    with only_one(config.runtime_dir / "lock"), pytest.raises(AlreadyRunning):
        await commission(config, Helper(Treadmill()))


def test_the_record_makes_the_machine_a_commissioned_one() -> None:
    """What was found is what the daemon will trust, with its date, firmware and figures."""
    report = run(commissioned("slow-belt", **HANDS))
    record = record_of(report.findings, report.verdict, NOON)
    assert record is not None
    assert (record.date, record.firmware, record.make) == (NOON, "1.0", "retrowalk-sim slow-belt")
    known = Machines(records=(record,)).expected(record.address)
    assert known.commissioned
    assert known.value("run_down_s") == pytest.approx(5.6 / 0.25, abs=0.6)
    assert len(record.figures.run_downs) == 3


def test_a_refusal_is_kept_too() -> None:
    """The machine is not commissioned, and the reason is there for `check`."""
    report = run(commissioned("mph-unseen"))
    record = record_of(report.findings, report.verdict, NOON)
    assert record is not None
    assert not Machines(records=(record,)).expected(record.address).commissioned
    assert "it takes km/h for mph" in record.reasons[0]


def test_a_procedure_that_fails_itself_stops_the_belt_and_leaves_the_link_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A precomputed Stop is written; exit 5 after a second, with the marker there for the failsafe."""

    def fail(_self: Procedure) -> None:
        raise RuntimeError("a mistake of ours")

    def break_it(_helper: Helper) -> str:
        asyncio.get_running_loop().call_later(5.0, monkeypatch.setattr, Procedure, "_go_on", fail)
        return ""

    report = run(commissioned("ideal", ENTER_starts_it=break_it))
    assert report.left == [5]
    assert report.marker is not None
    started = next(event for event in report.treadmill.witness.of("written") if event.detail == "07")
    assert [event for event in report.treadmill.witness.of("written", "0801") if event.at_s > started.at_s]


async def test_a_folder_that_takes_no_record_is_told_before_anything_is_tried(config: Config) -> None:
    """And not when a belt has run for minutes for nothing."""
    make_folders(config)
    config.records_dir.write_text("in the way")
    with pytest.raises(FolderUnusable, match="a record could not be kept"):
        await commission(config, Helper(Treadmill()))


@pytest.mark.parametrize("says", [{}, {"does the belt stand": "no"}], ids=["passed", "refused"])
def test_a_record_that_cannot_be_written_is_told_and_an_older_one_blesses_no_refused_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: dict[str, str]
) -> None:
    """The disk is full at the end: what was refused now must not go on as what once passed."""
    procedure = Procedure()
    report = run(commissioned("ideal", **says))
    procedure._desk.findings, procedure._verdict = report.findings, report.verdict
    assert report.findings.machine
    older = tmp_path / f"{report.findings.machine.address.replace(':', '-')}.toml"
    older.write_text("passed = true")

    def full(_path: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shell, "write_durably", full)
    with pytest.raises(RecordNotKept, match=f"{report.verdict}, but .*No space left on device"):
        _kept(tmp_path, procedure)
    assert older.exists() is (report.verdict is Verdict.PASSED)


@pytest.mark.parametrize("verdict", [Verdict.ABANDONED, Verdict.NO_MACHINE, None])
def test_what_was_not_finished_leaves_a_former_record_alone(verdict: Verdict | None) -> None:
    """Nothing is written."""
    assert record_of(Findings(), verdict, NOON) is None

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.machines import Figures, Record, record_path
from support.machines import record


def test_what_is_written_is_what_is_read() -> None:
    """Figures, pairs and all."""
    written = record(slowest_kmh=0.8, units="km/h").model_copy(
        update={"figures": Figures(run_downs=((0.8, 1.0), (5.6, 7.4)), real_per_told=0.995), "skipped": ("console",)}
    )
    assert Record.model_validate(tomllib.loads(written.to_toml())) == written


@given(st.text())
def test_no_name_of_a_machine_breaks_the_file(name: str) -> None:
    """Quotes, line ends, emoji, control characters."""
    name = name.encode("utf-8", "ignore").decode()
    text = record().model_copy(update={"name": name}).to_toml()
    assert tomllib.loads(text)["name"] == name.replace("\x7f", "")


@pytest.mark.parametrize(
    ("address", "firmware", "holds"),
    [("own", "1.0", True), ("own", "1.1", False), ("own", "", False), ("00:00:00:00:00:00", "1.0", False)],
)
def test_it_holds_for_its_machine_as_it_was(address: str, firmware: str, holds: bool) -> None:
    """Another address or another firmware is another machine."""
    mine = record()
    assert mine.holds_for(mine.address.lower() if address == "own" else address, firmware) is holds


def test_each_machine_has_a_file_of_its_own() -> None:
    """Named after its address, without colons."""
    assert record_path(Path("x"), "aa:bb:cc:dd:ee:ff") == Path("x/AA-BB-CC-DD-EE-FF.toml")

from __future__ import annotations

import pytest

from retrowalk.cli import _COMMANDS, main

PROGRAMS = ("list", "show", "check", "plot")
COMMANDS = [[name] for name in _COMMANDS if name != "programs"] + [["programs", name] for name in PROGRAMS]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_ends_with_an_example_of_it(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One that can be pasted: it begins with the command."""
    try:
        status = main([*command, "--help"])
    except SystemExit as left:
        status = int(left.code or 0)
    shown = capsys.readouterr().out
    assert status == 0
    last = shown.rstrip().splitlines()[-1].strip()
    assert "retrowalk " + " ".join(command) in last


def test_brackets_are_shown_as_they_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A table of the configuration is no markup."""
    main(["programs", "show", "--help"])
    assert "[walker] table" in capsys.readouterr().out

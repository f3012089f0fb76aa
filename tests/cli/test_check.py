from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from retrowalk.cli.check import check
from retrowalk.machines import Facts
from support.machines import record

SHIPPED = Path(__file__).parents[2] / "config" / "retrowalk.toml"
SOUND = '[heart_rate]\nenabled = false\n[walker]\nheart_rate = "none"\n'
ABLE = '[mqtt]\ndeclared_buttons = ["ok"]\n[session]\nhandrails = true\n[strap]\ntier = "reported"\n'


def run(path: Path) -> Result:
    app = typer.Typer()
    app.command()(check)
    return CliRunner().invoke(app, ["--config", str(path)])


def test_the_shipped_configuration_passes_and_tells_what_is_careful() -> None:
    """Exit 0; the warnings say what will still be refused."""
    result = run(SHIPPED)
    assert result.exit_code == 0, result.output
    assert "backward walking will be refused" in result.output
    assert "no session will open" in result.output
    assert "✓ first-20s" not in result.output


def test_the_configuration_for_the_simulator_opens_first_steps_there_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the README tells it."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/tmp/sim-bus")
    result = run(SHIPPED.with_name("simulator.toml"))
    assert result.exit_code == 0, result.output
    assert "✓ first-20s" in result.output
    monkeypatch.delenv("DBUS_SYSTEM_BUS_ADDRESS")
    assert run(SHIPPED.with_name("simulator.toml")).exit_code == 2


def test_every_problem_is_a_line_and_the_exit_is_2(tmp_path: Path) -> None:
    """With file and key."""
    path = tmp_path / "c.toml"
    path.write_text("[mqtt]\nport = 0\nprot = 1\n")
    result = run(path)
    assert result.exit_code == 2
    assert result.output.count("✗") == 2
    assert "mqtt.prot: there is no such key" in result.output


def test_a_bad_program_of_ones_own_is_told_and_the_exit_is_2(tmp_path: Path) -> None:
    """The others are still listed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bad.toml").write_text('id = "bad"\n')
    path = tmp_path / "c.toml"
    path.write_text(SOUND + ABLE + '[programs]\nfolder = "mine"\n')
    result = run(path)
    assert result.exit_code == 2
    assert "bad.toml" in result.output
    assert "✓ first-20s" in result.output


def test_a_program_that_this_walker_may_not_walk_is_no_error(tmp_path: Path) -> None:
    """It is listed with the reason."""
    path = tmp_path / "c.toml"
    path.write_text(SOUND + ABLE)
    result = run(path)
    assert result.exit_code == 0
    assert "runner-ladder: it is for level 3, and this walker is at level 0" in result.output
    assert "✓ first-20s" in result.output


def test_an_authority_without_a_certificate_is_worth_a_second_thought(tmp_path: Path) -> None:
    """The daemon would look for a broker to trust, and find none, for ever."""
    (tmp_path / "ca.crt").write_text("none yet\n")
    path = tmp_path / "c.toml"
    path.write_text(SOUND + ABLE.replace("[mqtt]\n", '[mqtt]\nca_file = "ca.crt"\n'))
    assert "! mqtt.ca_file has no certificate: no broker is trusted" in run(path).output


@pytest.mark.parametrize(("day", "told"), [("2026-01-31", False), ("2999-01-31", True)])
def test_a_clinician_who_was_consulted_tomorrow_is_worth_a_second_thought(tmp_path: Path, day: str, told: bool) -> None:
    """A slip of the pen; the daemon itself believes no calendar."""
    path = tmp_path / "c.toml"
    path.write_text(SOUND + f"clinician_consulted = {day}\n" + ABLE)
    result = run(path)
    assert result.exit_code == 0
    assert (f"! walker.clinician_consulted is {day}, and today is 20" in result.output) is told


def test_what_is_known_of_the_treadmill_is_told_with_its_source(tmp_path: Path) -> None:
    """Measured values, and defaults for the rest."""
    known = record("ideal", run_down_s=7.4, safety_key="reported", cord_reversed="pulls the key")
    result = run(with_record(tmp_path, known.to_toml()))
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "Stop to standstill, s 7.4 commissioned 2026-01-31" in lines
    assert "fastest speed, km/h 6 careful default" in lines
    assert "not commissioned" not in result.output


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passed": False, "reasons": ("it does not stop",)}, "commissioning refused the treadmill: it does not stop"),
        ({"facts": Facts(safety_key="cuts, not reported")}, "commissioning did not see the safety key reported"),
        ({"facts": Facts(safety_key="reported")}, "nobody tried the safety cord standing reversed"),
        ({"facts": Facts(link_loss="belt runs on")}, "when the link is lost the belt runs on"),
    ],
)
def test_what_commissioning_found_is_told(tmp_path: Path, change: dict[str, object], words: str) -> None:
    """Where it matters to what the configuration says."""
    assert words in run(with_record(tmp_path, record("ideal").model_copy(update=change).to_toml())).output


def test_a_record_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """The file, what is wrong, and exit 2; the treadmill is not commissioned."""
    result = run(with_record(tmp_path, "format = 1\npassed = 7\n"))
    assert result.exit_code == 2
    assert "passed = 7" in result.output
    assert "not commissioned" in result.output


def with_record(folder: Path, text: str) -> Path:
    (folder / "state" / "machines").mkdir(parents=True)
    (folder / "state" / "machines" / "one.toml").write_text(text)
    path = folder / "treadmill.toml"
    path.write_text(f'{SOUND}{ABLE}[daemon]\nstate_dir = "state"\n')
    return path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[session]\nremote_start = true", "a message alone may start the belt"),
        ('[mqtt]\ndeclared_buttons = ["ok"]', "pretend to stand there"),
        ('[mqtt]\nenabled = false\ndeclared_buttons = ["ok"]', "or MQTT is off: no session will open"),
        ("level = 2", "walker.level is 2: only levels 0 and 1 can be opened with a declared button"),
        ("level = 2", "walker.level is 2: levels 2 and 3 need heart-rate limits"),
        (
            'level = 2\n[strap]\ntier = "attested"',
            'walker.level is 2: strap.tier "attested" is good for levels 0 and 1',
        ),
        ('[daemon]\nname = "lab"', "retrowalk@lab reads /etc/retrowalk/lab.toml"),
    ],
)
def test_what_deserves_a_second_thought_is_told(tmp_path: Path, line: str, words: str) -> None:
    """It is allowed, and it is said."""
    path = tmp_path / "c.toml"
    path.write_text(f"{SOUND}{line}\n")
    result = run(path)
    assert result.exit_code == 0
    assert words in result.output

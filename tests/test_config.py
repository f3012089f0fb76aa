from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from retrowalk.config import Config, ConfigError, is_system_bus, load_config, read_config
from retrowalk.machines import record_path
from retrowalk.model.settings import BrokerLost, HeartLimits, StrapTier
from support.machines import record

SHIPPED = Path(__file__).parents[1] / "config" / "retrowalk.toml"
PRIVATE_BUS = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/tmp/private-bus"}
WITHOUT_STRAP = '[heart_rate]\nenabled = false\n[walker]\nheart_rate = "none"\n'


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Return a function that writes a configuration."""

    def write(text: str) -> Path:
        path = tmp_path / "retrowalk.toml"
        path.write_text(text)
        return path

    return write


def problems_of(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_config(path, environ or {})
    return [str(problem) for problem in error.value.problems]


def test_the_shipped_file_is_the_defaults_but_for_the_heart_rate_that_somebody_must_decide() -> None:
    """What the annotated file writes is what a missing key means."""
    config = load_config(SHIPPED, {})
    assert config.heart_rate.enabled is False
    assert config.walker.heart_rate == "none"
    default = Config()
    for table in set(Config.model_fields) - {"heart_rate", "walker"}:
        assert getattr(config, table) == getattr(default, table), table


def test_the_shipped_file_explains_every_key() -> None:
    """Each key of each table stands there, set or commented out."""
    tables = re.split(r"^\[(\w+)\]", SHIPPED.read_text(), flags=re.MULTILINE)[1:]
    written = {
        name: set(re.findall(r"^(?:# )?([a-z_]+) = ", text, re.MULTILINE))
        for name, text in zip(tables[::2], tables[1::2], strict=True)
    }
    expected = {name: set(_fields(field.annotation)) for name, field in Config.model_fields.items()}
    assert written == expected


def _fields(table: object) -> list[str]:
    assert isinstance(table, type)
    assert issubclass(table, BaseModel)
    return list(table.model_fields)


def test_every_error_is_told_at_once_with_key_value_and_what_would_be_right(write: Any) -> None:
    """Nobody fixes a file one run at a time."""
    path = write(
        '[mqtt]\nport = 70000\nprot = 1\n[strap]\ntier = "gpio"\n[treadmill]\naddress = "here"\nrun_down_s = -1\n'
        '[walker]\nlevel = 4\ncomfortable_pace = "fast"\n[sesion]\n[session]\nhandrails = "yes"\n'
    )
    problems = problems_of(path)
    assert len(problems) == 9
    text = "\n".join(problems)
    for fragment in (
        "mqtt.port = 70000: Input should be less than or equal to 65535",
        "mqtt.prot: there is no such key; did you mean port?",
        'strap.tier = "gpio": this version reads no GPIO yet',
        'treadmill.address = "here": write six pairs of hex digits, as in AA:BB:CC:DD:EE:FF',
        "treadmill.run_down_s: is measured now",
        "walker.level = 4: Input should be 0, 1, 2 or 3",
        "walker.comfortable_pace = \"fast\": 'fast' is not a speed; write",
        "sesion: there is no such key; did you mean session?",
        'session.handrails = "yes"',
    ):
        assert fragment in text


def test_a_key_like_no_other_lists_the_known_ones(write: Any) -> None:
    """Where nothing is near, everything is named."""
    (problem,) = problems_of(write("[log]\nxyz = 1\n"))
    assert problem == "log.xyz: there is no such key; known: level, format"


@pytest.mark.parametrize(("content", "words"), [(b"[mqtt", "is not TOML"), (b"\xff", "cannot be read")])
def test_a_file_that_is_no_toml_is_told_with_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    """The line and column come from the parser."""
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    (problem,) = problems_of(path)
    assert words in problem


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    """With the system's own words."""
    (problem,) = problems_of(tmp_path / "absent.toml")
    assert "No such file" in problem


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('[daemon]\nname = "My Treadmill"', 'daemon.name = "My Treadmill": write 1 to 32 of a-z 0-9 _ -'),
        ('[mqtt]\nbase_topic = "a/#"', 'mqtt.base_topic = "a/#": write words with / between them'),
        ('[mqtt]\nbase_topic = "a\\n"', 'mqtt.base_topic = "a\\n": write words'),
        ('[treadmill]\nadapter = "usb"', 'treadmill.adapter = "usb": write "hci0"'),
        ("[mqtt]\nport = true", "mqtt.port = true: write a whole number, without quotes"),
        ('[mqtt]\nport = "1883"', 'mqtt.port = "1883": write a whole number, without quotes'),
        ('[mqtt]\ndeclared_buttons = "ok"', 'mqtt.declared_buttons = "ok": write a list, as in ["ok"]'),
        ("[mqtt]\nhost = 1", "mqtt.host = 1: write a text, in quotes"),
        ("[mqtt]\nca_file = 1", "mqtt.ca_file = 1: write a path, in quotes"),
        ('[session]\nhandrails = "yes"', 'session.handrails = "yes": write true or false, without quotes'),
        ('[mqtt]\ndeclared_buttons = ["OK"]', 'mqtt.declared_buttons.0 = "OK": write 1 to 32'),
    ],
)
def test_a_text_of_the_wrong_form_is_told_as_it_is_written_and_how_to_write_it(
    write: Any, line: str, words: str
) -> None:
    """No regular expressions, no Python."""
    (problem,) = problems_of(write(f"{WITHOUT_STRAP}{line}\n"))
    assert problem.startswith(words)


@pytest.mark.parametrize("value", ['"31.1.2026"', "5.5", "2026-01-31T10:00:00"])
def test_a_date_is_told_how_to_be_written(write: Any, value: str) -> None:
    """As it stands in the shipped file."""
    (problem,) = problems_of(write(f"{WITHOUT_STRAP}clinician_consulted = {value}\n"))
    assert problem.endswith(": write a date without quotes, as in 2026-01-31")


def test_a_table_that_is_none_is_told(write: Any) -> None:
    """A key where its heading should be."""
    assert problems_of(write("mqtt = 1\n")) == [
        "mqtt = 1: write a table: its name in [ ] on a line of its own, its keys below"
    ]


PATHS = [
    "daemon.runtime_dir",
    "daemon.state_dir",
    "strap.socket",
    "mqtt.password_file",
    "mqtt.ca_file",
    "programs.folder",
]


@pytest.mark.parametrize("key", PATHS)
def test_a_path_that_no_file_can_have_is_told(write: Any, key: str) -> None:
    """Whoever opens it would fail without a word that helps."""
    table, name = key.split(".")
    (problem,) = problems_of(write(f'{WITHOUT_STRAP}[{table}]\n{name} = "a\\u0000b"\n'))
    assert problem == f'{key} = "a\\u0000b": write a path without the character NUL (\\u0000)'


def test_every_path_is_looked_at() -> None:
    """A new one, too."""
    tables = {name: field.annotation for name, field in Config.model_fields.items()}
    found = [
        f"{table}.{name}"
        for table, model in tables.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
        if "Path" in str(field.annotation)
    ]
    assert sorted(found) == sorted(PATHS)


@pytest.mark.parametrize("key", ["password_file", "ca_file"])
@pytest.mark.parametrize("name", ["x" * 300, "/" + "y/" * 3000], ids=["name", "path"])
def test_a_file_whose_name_is_too_long_is_one_that_cannot_be_read(write: Any, key: str, name: str) -> None:
    """As is one in a folder that lets nobody in."""
    (problem,) = problems_of(write(f'{WITHOUT_STRAP}[mqtt]\nusername = "me"\n{key} = "{name}"\n'))
    assert problem.startswith(f"mqtt.{key} = ")
    assert problem.endswith("a file that the daemon can read is expected")


def test_an_address_may_be_written_in_small_letters(write: Any) -> None:
    """It is compared in capitals."""
    config = load_config(write(WITHOUT_STRAP + '[treadmill]\naddress = "aa:bb:cc:dd:ee:0f"\n'), {})
    assert config.treadmill.address == "AA:BB:CC:DD:EE:0F"


def test_a_pipe_a_device_and_a_huge_file_are_told_and_not_waited_for(tmp_path: Path) -> None:
    """Whatever stands at that path."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_text("# " * 200_000)
    assert problems_of(tmp_path / "pipe") == ["file: cannot be read: it is no regular file"]
    assert problems_of(Path("/dev/zero")) == ["file: cannot be read: it is no regular file"]
    assert problems_of(tmp_path / "huge") == ["file: cannot be read: it is larger than 256 KiB"]


def test_toml_that_is_nested_too_deep_is_told(write: Any) -> None:
    """The parser gives up; so do we, with a sentence."""
    (problem,) = problems_of(write("a = " + "[" * 50_000))
    assert problem.startswith("file: is not TOML")


def test_the_engine_gets_careful_settings_by_default(write: Any) -> None:
    """No strap, no handrails, no remote start: nothing backward is walked."""
    settings = load_config(write(WITHOUT_STRAP), {}).engine_settings()
    assert settings.strap is StrapTier.NONE
    assert (settings.handrails, settings.remote_start, settings.declared_button) == (False, False, False)
    assert settings.broker_lost is BrokerLost.END_SESSION
    assert settings.without_heart_rate is True


def test_the_engine_gets_what_was_configured(write: Any) -> None:
    """Limits from the walker, buttons from MQTT, the tier from the strap."""
    path = write(
        '[strap]\ntier = "reported"\n[session]\nhandrails = true\nseparate_ok = true\n'
        '[mqtt]\ndeclared_buttons = ["ok"]\n'
        '[walker]\nheart_rate = "limits"\nheart_rate_soft_bpm = 110\nheart_rate_hard_bpm = 130\n'
    )
    settings = load_config(path, {}).engine_settings()
    assert settings.strap is StrapTier.REPORTED
    assert settings.heart == HeartLimits(110, 130)
    assert settings.declared_button is settings.handrails is settings.separate_ok is True


@pytest.mark.parametrize(
    ("policy", "local", "lost"),
    [
        ("auto", "", BrokerLost.END_SESSION),
        ("auto", "local_stop = true", BrokerLost.END_SESSION),
        ("auto", "local_cues = true", BrokerLost.END_SESSION),
        ("auto", "local_stop = true\nlocal_cues = true", BrokerLost.CONTINUE),
        ("end_session", "local_stop = true\nlocal_cues = true", BrokerLost.END_SESSION),
        ("continue", "", BrokerLost.CONTINUE),
    ],
)
def test_auto_goes_on_without_broker_only_with_stop_and_cues_at_hand(
    write: Any, policy: str, local: str, lost: BrokerLost
) -> None:
    """Either one alone is not enough."""
    path = write(f'{WITHOUT_STRAP}[mqtt]\nbroker_lost = "{policy}"\n[session]\n{local}\n')
    assert load_config(path, {}).engine_settings().broker_lost is lost


def test_the_bridge_gets_its_settings_and_paths(write: Any, tmp_path: Path) -> None:
    """Relative files are beside the configuration; a password may come from systemd's credentials."""
    (tmp_path / "ca.crt").touch()
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "pw").write_text("x")
    path = write(
        WITHOUT_STRAP
        + '[daemon]\nname = "lab"\n[mqtt]\nport = 8883\nusername = "rw"\npassword_file = "pw"\nca_file = "ca.crt"\n'
    )
    settings = load_config(path, {"CREDENTIALS_DIRECTORY": str(credentials)}).mqtt_settings()
    assert settings is not None
    assert (settings.node, settings.port, settings.simulated) == ("lab", 8883, False)
    assert settings.password_file == credentials / "pw"
    assert settings.ca_file == tmp_path / "ca.crt"
    assert any("mqtt.password_file" in problem for problem in problems_of(path))


def test_mqtt_can_be_off(write: Any) -> None:
    """The local socket is enough."""
    config = load_config(write(WITHOUT_STRAP + '[mqtt]\nenabled = false\ndeclared_buttons = ["ok"]\n'), {})
    assert config.mqtt_settings() is None
    assert config.engine_settings().declared_button is False


def test_the_treadmill_gets_its_record(write: Any, tmp_path: Path) -> None:
    """What commissioning measured reaches the link, from the state folder."""
    known = record("ideal", run_down_s=7.0)
    (tmp_path / "state" / "machines").mkdir(parents=True)
    record_path(tmp_path / "state" / "machines", known.address).write_text(known.to_toml())
    path = write(WITHOUT_STRAP + f'[daemon]\nstate_dir = "state"\n[treadmill]\naddress = "{known.address}"\n')
    settings = load_config(path, {}).treadmill_settings()
    assert settings.machines.records == (known,)
    assert settings.expected.value("run_down_s") == 7.0


@pytest.mark.parametrize(
    "line", ["run_down_s = 7", "start_delay_s = 5", "commissioned = true", "silent_after_stop = false"]
)
def test_what_was_written_by_hand_once_is_measured_now(write: Any, line: str) -> None:
    """An old configuration is told what to do instead."""
    (problem,) = problems_of(write(f"{WITHOUT_STRAP}[treadmill]\n{line}\n"), {})
    assert problem.startswith(
        f"treadmill.{line.split(maxsplit=1)[0]}: is measured now: delete this line, and run `retrowalk com"
    )


def test_directories_are_named_after_the_daemon(write: Any) -> None:
    """Two daemons never share a socket or a marker."""
    config = load_config(write(WITHOUT_STRAP + '[daemon]\nname = "lab"\n'), {})
    assert config.control_socket == Path("/run/retrowalk/lab/control.sock")
    assert config.state_dir == Path("/var/lib/retrowalk/lab")


SIMULATED = WITHOUT_STRAP + '[strap]\ntier = "simulated"\nsocket = "/tmp/strap.sock"\n'


def test_a_simulated_strap_is_refused_on_the_system_bus(write: Any) -> None:
    """A forgotten simulator must not stand in for a strap on a real treadmill."""
    (problem,) = problems_of(write(SIMULATED))
    assert 'strap.tier = "simulated": is refused on the system bus' in problem
    config = load_config(write(SIMULATED), PRIVATE_BUS)
    assert config.simulated
    assert config.engine_settings().strap is StrapTier.LINE


def test_whoever_talks_to_a_daemon_needs_neither_its_secrets_nor_its_bus(write: Any, tmp_path: Path) -> None:
    """A stop over the local socket must not fail for a password that only root may read."""
    login = '[mqtt]\nusername = "me"\npassword_file = "absent"\n'
    path = write(f'{SIMULATED}{login}[daemon]\nruntime_dir = "run"\n')
    assert len(problems_of(path)) == 2
    assert read_config(path, {}).control_socket == tmp_path / "run" / "control.sock"


@pytest.mark.parametrize(
    ("address", "is_system"),
    [
        (None, True),
        ("", True),
        ("unix:path=/run/dbus/system_bus_socket", True),
        ("unix:path=/var/run/dbus/system_bus_socket,guid=00", True),
        ("unix:path=/run/dbus/../dbus/system_bus_socket", True),
        ("unix:path=/tmp/x;unix:path=/run/dbus/system_bus_socket", True),
        ("unix:path=/tmp/private-bus", False),
        ("unix:abstract=/tmp/dbus-x", False),
    ],
)
def test_the_system_bus_is_known_by_any_of_its_names(address: str | None, is_system: bool) -> None:
    """Unset means the default; a list of addresses counts if one of them is it."""
    assert is_system_bus(address) is is_system


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (WITHOUT_STRAP + '[strap]\ntier = "simulated"\n', "strap.socket"),
        (WITHOUT_STRAP + '[strap]\nsocket = "x"\n', "strap.socket"),
        ("", "heart_rate.enabled"),
        (
            (
                '[heart_rate]\nenabled = false\n[walker]\nheart_rate = "limits"\n'
                "heart_rate_soft_bpm = 110\nheart_rate_hard_bpm = 130\n"
            ),
            "heart_rate.enabled",
        ),
        (WITHOUT_STRAP + '[mqtt]\nca_file = "absent.crt"\n', "mqtt.ca_file"),
        (WITHOUT_STRAP + '[mqtt]\npassword_file = "absent"\n', "mqtt.username"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(write: Any, text: str, key: str) -> None:
    """Each is fine alone; together they would not do what they seem to say."""
    assert any(problem.startswith(key) for problem in problems_of(write(text), PRIVATE_BUS))


def test_relative_paths_lie_beside_the_file(write: Any, tmp_path: Path) -> None:
    """Wherever the daemon is started from; absolute paths stay."""
    text = '[programs]\nfolder = "mine"\n[daemon]\nruntime_dir = "run"\nstate_dir = "/elsewhere"\n'
    config = load_config(write(WITHOUT_STRAP + text), {})
    assert config.programs.folder == tmp_path / "mine"
    assert (config.runtime_dir, config.state_dir) == (tmp_path / "run", Path("/elsewhere"))

"""The configuration: one TOML file, checked whole before anybody stands on a belt.

ConfigError   carries every problem of the file at once
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

from retrowalk.files import read_small
from retrowalk.machines import load_machines, shipped_machines
from retrowalk.model.address import ADDRESS
from retrowalk.model.settings import BrokerLost, EngineSettings, StrapTier
from retrowalk.mqtt import MqttSettings
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk.walkers import Walker

_SYSTEM_BUS_SOCKETS: Final = frozenset({"/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"})

DEFAULT_CONFIG: Final = Path("/etc/retrowalk/treadmill.toml")
LARGEST_FILE_BYTES: Final = 256 * 1024


def _like(pattern: str, words: str) -> AfterValidator:
    """Accept a text that fits `pattern`, and ask for `words` otherwise."""

    def fitting(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(words)
        return value

    return AfterValidator(fitting)


def _nameable(path: Path) -> Path:
    """Accept a path that a file can have."""
    if "\0" in str(path):
        raise ValueError("write a path without the character NUL (\\u0000)")
    return path


Address = Annotated[
    str,
    AfterValidator(str.upper),
    _like(ADDRESS, "write six pairs of hex digits, as in AA:BB:CC:DD:EE:FF"),
]
Adapter = Annotated[str, _like("hci[0-9]+", 'write "hci0", "hci1" …')]
Name = Annotated[
    str,
    _like("[a-z0-9][a-z0-9_-]{0,31}", "write 1 to 32 of a-z 0-9 _ -, a letter or a digit first"),
]
Place = Annotated[Path, AfterValidator(_nameable)]
Topic = Annotated[
    str,
    _like(r"[^+#/$\s]+(/[^+#/\s]+)*", 'write words with / between them, as in "home/retrowalk"; no + # $ or spaces'),
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its key path, what is there, and what would be accepted."""

    key: str
    value: object
    words: str

    def __str__(self) -> str:
        there = "" if self.value is None else f" = {_as_toml(self.value)}"
        return f"{self.key}{there}: {self.words}"


class ConfigError(Exception):
    """The file cannot be used. `problems` has all of its errors."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path = path
        self.problems = problems


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DaemonTable(_Table):
    """Which daemon this is, and where it keeps what."""

    name: Name = "treadmill"
    runtime_dir: Place | None = None
    state_dir: Place | None = None


class TreadmillTable(_Table):
    """Which treadmill. What it does is measured, and kept in its record."""

    address: Address | None = None
    name: str | None = None
    adapter: Adapter | None = None


class HeartRateTable(_Table):
    """Which heart-rate strap."""

    enabled: StrictBool = True
    address: Address | None = None
    name: str | None = None


class StrapTable(_Table):
    """How the daemon learns that the safety strap was pulled."""

    tier: Literal["reported", "attested", "simulated", "none"] = "none"
    socket: Place | None = None

    @field_validator("tier", mode="before")
    @classmethod
    def _not_yet(cls, tier: object) -> object:
        if tier == "gpio":
            raise ValueError('this version reads no GPIO yet; "reported" or "attested" use the treadmill\'s own key')
        return tier


class MqttTable(_Table):
    """Which broker."""

    enabled: StrictBool = True
    host: Annotated[str, Field(min_length=1)] = "localhost"
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = 1883
    username: str | None = None
    password_file: Place | None = None
    ca_file: Place | None = None
    base_topic: Topic = "retrowalk"
    discovery_prefix: Topic = "homeassistant"
    declared_buttons: tuple[Name, ...] = ()
    broker_lost: Literal["auto", "continue", "end_session"] = "auto"


class SessionTable(_Table):
    """What stands around the treadmill."""

    handrails: StrictBool = False
    remote_start: StrictBool = False
    separate_ok: StrictBool = False
    local_stop: StrictBool = False
    local_cues: StrictBool = False


class ProgramsTable(_Table):
    """Where programs of one's own are."""

    folder: Place | None = None


class LogTable(_Table):
    """How much is logged, and how it looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Config(_Table):
    """The whole file. Every table may be absent: its defaults are the careful ones."""

    daemon: DaemonTable = DaemonTable()
    treadmill: TreadmillTable = TreadmillTable()
    heart_rate: HeartRateTable = HeartRateTable()
    strap: StrapTable = StrapTable()
    walker: Walker = Walker()
    mqtt: MqttTable = MqttTable()
    session: SessionTable = SessionTable()
    programs: ProgramsTable = ProgramsTable()
    log: LogTable = LogTable()

    @property
    def runtime_dir(self) -> Path:
        """Where the local socket and the lock are; gone with the machine."""
        return self.daemon.runtime_dir or Path("/run/retrowalk") / self.daemon.name

    @property
    def state_dir(self) -> Path:
        """Where the session marker is; it must outlive a power cut."""
        return self.daemon.state_dir or Path("/var/lib/retrowalk") / self.daemon.name

    @property
    def control_socket(self) -> Path:
        """The local socket of `retrowalk ctl`."""
        return self.runtime_dir / "control.sock"

    @property
    def simulated(self) -> bool:
        """Whether the strap line is a simulator's."""
        return self.strap.tier == "simulated"

    def engine_settings(self) -> EngineSettings:
        """Return what the engine needs to know."""
        return EngineSettings(
            strap=StrapTier.LINE if self.simulated else StrapTier(self.strap.tier),
            handrails=self.session.handrails,
            heart=self.walker.heart_limits(),
            without_heart_rate=self.walker.without_heart_rate,
            remote_start=self.session.remote_start,
            declared_button=self.mqtt.enabled and bool(self.mqtt.declared_buttons),
            separate_ok=self.session.separate_ok,
            broker_lost=self._broker_lost(),
        )

    def mqtt_settings(self) -> MqttSettings | None:
        """Return the bridge's settings, or None when MQTT is off."""
        if not self.mqtt.enabled:
            return None
        shared = self.mqtt.model_dump(exclude={"enabled", "broker_lost"})
        return MqttSettings(node=self.daemon.name, simulated=self.simulated, **shared)

    @property
    def records_dir(self) -> Path:
        """Where the records of commissioned treadmills are."""
        return self.state_dir / "machines"

    def treadmill_settings(self) -> TreadmillSettings:
        """Return which treadmill to look for, and what is known of it. Reads the profiles and the records."""
        machines = load_machines(shipped_machines(), self.records_dir)
        return TreadmillSettings(self.treadmill.address, self.treadmill.name, machines)

    def _broker_lost(self) -> BrokerLost:
        if self.mqtt.broker_lost != "auto":
            return BrokerLost(self.mqtt.broker_lost)
        local = self.session.local_stop and self.session.local_cues
        return BrokerLost.CONTINUE if local else BrokerLost.END_SESSION


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read `path`, and check it with the files and the bus that it needs. Raises ConfigError."""
    config = read_config(path, environ)
    if problems := tuple(_contradictions(config, environ)):
        raise ConfigError(path, problems)
    return config


def read_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check `path` alone: enough for whoever talks to a daemon, and may see neither its secrets nor its bus.

    Relative paths in it are beside it, or in systemd's credentials. Raises ConfigError.
    """
    try:
        raw = tomllib.loads(read_small(path, LARGEST_FILE_BYTES))
    except OSError as error:
        raise ConfigError(path, (Problem("file", None, f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            path, (Problem("file", None, f"cannot be read: it is not UTF-8 ({error.reason})"),)
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(path, (Problem("file", None, f"is not TOML: {error}"),)) from error
    try:
        return _anchored(Config.model_validate(raw), path.parent, environ)
    except ValidationError as error:
        raise ConfigError(path, tuple(_problem(details) for details in error.errors(include_url=False))) from error


def is_system_bus(address: str | None) -> bool:
    """Tell whether a D-Bus address (as in DBUS_SYSTEM_BUS_ADDRESS) means the machine's real Bluetooth."""
    if not address:
        return True
    options = address.replace(";", ",").replace(":", ",").split(",")
    sockets = [option.removeprefix("path=") for option in options if option.startswith("path=")]
    return any(os.path.realpath(socket) in _SYSTEM_BUS_SOCKETS or socket in _SYSTEM_BUS_SOCKETS for socket in sockets)


_BESIDE_THE_FILE: Final = (
    ("daemon", "runtime_dir"),
    ("daemon", "state_dir"),
    ("strap", "socket"),
    ("mqtt", "ca_file"),
    ("programs", "folder"),
)


def _anchored(config: Config, folder: Path, environ: Mapping[str, str]) -> Config:
    """Make relative paths absolute: beside the file, and secrets in systemd's LoadCredential where it is used."""
    credentials = Path(environ.get("CREDENTIALS_DIRECTORY", folder))
    for table, key, base in (
        *((table, key, folder) for table, key in _BESIDE_THE_FILE),
        ("mqtt", "password_file", credentials),
    ):
        values = getattr(config, table)
        if (path := getattr(values, key)) is not None:
            config = config.model_copy(update={table: values.model_copy(update={key: base.absolute() / path})})
    return config


def _contradictions(config: Config, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what each table allows and the tables together do not."""
    strap, mqtt, walker = config.strap, config.mqtt, config.walker
    if strap.tier == "simulated" and strap.socket is None:
        yield Problem("strap.socket", None, "the simulated strap line needs the path of its socket")
    if strap.tier == "simulated" and is_system_bus(environ.get("DBUS_SYSTEM_BUS_ADDRESS")):
        words = (
            "is refused on the system bus, where a real treadmill may be; "
            "use a real tier there, or set DBUS_SYSTEM_BUS_ADDRESS to the simulator's bus"
        )
        yield Problem("strap.tier", strap.tier, words)
    if strap.tier != "simulated" and strap.socket is not None:
        yield Problem("strap.socket", str(strap.socket), 'belongs to tier = "simulated" alone')
    if config.heart_rate.enabled and walker.heart_rate not in ("limits", "age"):
        words = 'write walker.heart_rate = "limits" or "age", or heart_rate.enabled = false'
        yield Problem("heart_rate.enabled", value=True, words=f"a strap without limits stops nobody; {words}")
    if not config.heart_rate.enabled and walker.heart_rate in ("limits", "age"):
        words = 'the limits need a strap; to walk without one, write walker.heart_rate = "none" (levels 0 and 1)'
        yield Problem("heart_rate.enabled", value=False, words=words)
    if mqtt.enabled and mqtt.password_file and not _readable(mqtt.password_file):
        yield Problem("mqtt.password_file", str(mqtt.password_file), "a file that the daemon can read is expected")
    if mqtt.enabled and mqtt.ca_file and not _readable(mqtt.ca_file):
        yield Problem("mqtt.ca_file", str(mqtt.ca_file), "a file that the daemon can read is expected")
    if mqtt.password_file and not mqtt.username:
        yield Problem("mqtt.username", None, "a password needs a user name")


def _readable(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except OSError:  # its folder lets nobody in, or no file can have such a name
        return False


def _problem(details: ErrorDetails) -> Problem:
    key = ".".join(str(part) for part in details["loc"]) or "file"
    if details["type"] == "extra_forbidden":
        return Problem(key, None, _unknown_key(details["loc"]))
    value = details["input"]
    words = _WRITE.get(details["type"]) or details["msg"].removeprefix("Value error, ")
    return Problem(key, None if isinstance(value, dict) else value, words)


_A_DATE: Final = "write a date without quotes, as in 2026-01-31"
_WRITE: Final[Mapping[str, str]] = {
    "bool_type": "write true or false, without quotes",
    "date_from_datetime_inexact": _A_DATE,
    "date_from_datetime_parsing": _A_DATE,
    "date_type": _A_DATE,
    "int_type": "write a whole number, without quotes",
    "model_type": "write a table: its name in [ ] on a line of its own, its keys below",
    "path_type": "write a path, in quotes",
    "string_type": "write a text, in quotes",
    "tuple_type": 'write a list, as in ["ok"]',
}


def _as_toml(value: object, longest: int = 80) -> str:
    """Write a value as it stands in the file."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= longest else text[:longest] + "…"


_MEASURED: Final = "is measured now: delete this line, and run `retrowalk commission` on the empty belt"
_GONE: Final[Mapping[tuple[int | str, ...], str]] = {
    ("treadmill", key): _MEASURED
    for key in ("run_down_s", "start_delay_s", "starts_at_console_only", "silent_after_stop", "commissioned")
}


def _unknown_key(location: tuple[int | str, ...]) -> str:
    if location in _GONE:
        return _GONE[location]
    known = list(_table_at(location[:-1]).model_fields)
    near = get_close_matches(str(location[-1]), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return f"there is no such key; {hint}"


def _table_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    table: Any = Config
    for part in location:
        table = table.model_fields[part].annotation
    return table if isinstance(table, type) and issubclass(table, BaseModel) else Config

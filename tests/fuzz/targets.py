"""Each reader of bytes from outside, as a function that raises for findings alone; what it declares is no finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.line_protocol import talk
from mqtt_lab import find_plan
from retrowalk.cli.traces import read_address
from retrowalk.config import ConfigError, load_config
from retrowalk.decode import DECODERS, decode_line
from retrowalk.frames import FrameUnreadable
from retrowalk.machines import BadFile, Facts, Profile, Record, shipped_machines
from retrowalk.machines.knowledge import know
from retrowalk.machines.library import read
from retrowalk.marker import MARKER_NAME, SessionMarker
from retrowalk.messages import RefusedMessage, Stamp, parse_command, parse_press, to_request
from retrowalk.model.requests import Origin
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.broker import Incoming
from retrowalk.mqtt.gate import FreshnessGate
from retrowalk.mqtt.intake import Intake
from retrowalk.mqtt.tokens import Tokens
from retrowalk.mqtt.topics import Topics
from retrowalk.programs import shipped_programs
from retrowalk.programs.errors import PlanRefused, Refusal
from retrowalk.programs.planning import plan_for
from retrowalk.programs.program import Program
from retrowalk.programs.reading import read_program
from retrowalk.walkers import LevelLocked, Walker
from support.machines import record

STAMP: Final = Stamp(1_767_225_600.0, 10**12)
_JSON_WORDS: Final = (
    '"cmd"',
    '"stop"',
    '"press"',
    '"ts"',
    "1767225600",
    '"id"',
    '"token"',
    '"value"',
    "1e309",
    "\\u0000",
)
_TOML_WORDS: Final = (
    "\n[",
    "[[",
    "]]",
    "= ",
    '"""',
    "\\u",
    "nan",
    "inf",
    "true",
    "1979-05-27T07:32:00Z",
    "0x",
    "1e999",
)

type Feed = Callable[[bytes, Path], None]
"""Give bytes to a reader; a file, where it needs one, is made in the folder."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: `feed` it; `seeds` are sound inputs, `words` are pieces of them."""

    feed: Feed
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = ()


def _frame(char: str) -> Target:
    def feed(data: bytes, _: Path) -> None:
        with suppress(FrameUnreadable):
            DECODERS[char](data)
        if char == "2acd":
            with suppress(FrameUnreadable):
                DECODERS[char](data, as_far_as_sound=True)  # type: ignore[call-arg]  # as the link reads it

    seeds = ("8c055000e803000a0000001400c8000a5a3c00", "00005000", "800801", "0500640a00", "169c2c0180020003", "")
    return Target(feed, tuple(map(bytes.fromhex, seeds)))


def _decode(data: bytes, _: Path) -> None:
    json.dumps(decode_line(data.decode(errors="replace")))


def _command(data: bytes, _: Path) -> None:
    with suppress(RefusedMessage):
        to_request(parse_command(data), Origin.SOCKET, find_plan)


def _press(data: bytes, _: Path) -> None:
    with suppress(RefusedMessage):
        parse_press(data)


class _Desk:
    """An intake and those who hear of it; it is kept, so that an input meets what former ones left."""

    def __init__(self) -> None:
        settings = MqttSettings(node="lab", declared_buttons=("ok",))
        topics = Topics.of(settings)
        self.topics = (topics.command, topics.stop, *topics.buttons, "elsewhere")
        self.acted = 0
        self.intake = Intake(
            topics,
            FreshnessGate(Tokens(b"")),
            submit=self._act,
            observe=self._act,
            find_plan=find_plan,
            refuse=lambda _sender, _id, _cmd, reason: _say(reason),
        )

    def _act(self, _: object) -> None:
        self.acted += 1

    def take(self, data: bytes, _: Path) -> None:
        """The first byte chooses the topic and the flags; the rest, up to a tab, is the response topic."""
        kind, rest = data[:1] or b"\0", data[1:]
        answer_to, _tab, payload = rest.partition(b"\t")
        topic = self.topics[kind[0] % len(self.topics)]
        message = Incoming(topic, payload, bool(kind[0] & 64), answer_to.decode(errors="replace"), answer_to)
        acted = self.acted
        self.intake.take(message, None, STAMP, steady=bool(kind[0] & 128))
        if topic == self.topics[1] and self.acted == acted:
            raise AssertionError("a Stop was not passed on")


def _say(reason: str) -> None:
    if not reason:
        raise AssertionError("a refusal without a reason")


def _filed(name: str, feed: Callable[[Path], None]) -> Feed:
    def write_and_feed(data: bytes, folder: Path) -> None:
        file = folder / name
        file.write_bytes(data)
        feed(file)

    return write_and_feed


def _config(file: Path) -> None:
    try:
        config = load_config(file, {})
    except ConfigError as error:
        _say(str(error))
        return
    config.engine_settings()
    config.mqtt_settings()


def _program(file: Path) -> None:
    found = read_program(file)
    if isinstance(found, Refusal):
        _say(str(found))
    elif isinstance(found, Program):
        with suppress(PlanRefused, LevelLocked):
            plan_for(found, Walker())


def _machine(kind: type[Profile | Record]) -> Callable[[Path], None]:
    def feed(file: Path) -> None:
        found = read(file, kind)
        if isinstance(found, BadFile):
            _say(str(found))
        elif isinstance(found, Record):
            know(Facts(), None, found).rows()
        else:
            know(Facts(), found, None).rows()

    return feed


def _marker(file: Path) -> None:
    read_address(file)
    marker = SessionMarker(file.parent, lambda _: None)
    if marker.cause() is None:
        raise AssertionError("a marker that is there is no marker")


_CONFIG: Final = Path(__file__).parents[2] / "config"
_CONFIGS: Final = (
    b"""\
[walker]
level = 0
heart_rate = "limits"
heart_rate_soft_bpm = 120
heart_rate_hard_bpm = 140
[strap]
tier = "attested"
[mqtt]
declared_buttons = ["ok"]
base_topic = "a/b"
""",
    b'[treadmill]\naddress = "00:00:5E:00:53:01"\nadapter = "hci0"\n[heart_rate]\nenabled = false\n',
)


def _files(folder: Path) -> tuple[bytes, ...]:
    return tuple(file.read_bytes() for file in sorted(folder.glob("*.toml")))


_COMMANDS: Final = (
    b'{"cmd": "start", "ts": 1767225600.0, "id": "a"}',
    b'{"cmd": "select_program", "value": "demo", "ts": 1767225600}',
    b'{"cmd": "trim", "value": -0.3, "token": "0123456789abcdef", "src": "x"}',
    b'{"cmd": "confirm", "prompt": "p1"}',
    b"stop",
)
_PRESSES: Final = (b'{"press": "long", "ts": 1767225600.0}', b"press", b'{"press": "short", "token": "0123"}')

TARGETS: Final = {
    **{char: _frame(char) for char in DECODERS},
    "decode": Target(_decode, (b"2acd 8c05 5000", b"0x2AD9 800801"), tuple(DECODERS)),
    "command": Target(_command, _COMMANDS, _JSON_WORDS),
    "press": Target(_press, _PRESSES, _JSON_WORDS),
    "intake": Target(
        _Desk().take,
        tuple(bytes([kind]) + b"my/answers\t" + said for said in (*_COMMANDS, *_PRESSES) for kind in (0, 1, 194)),
        _JSON_WORDS,
    ),
    "socket": Target(
        talk, (*_COMMANDS, b'{"cmd": "watch"}\n{"cmd": "state"}\n{"cmd": "explain"}\nstop\n'), _JSON_WORDS
    ),
    "config": Target(_filed("config.toml", _config), _files(_CONFIG) + _CONFIGS, _TOML_WORDS),
    "program": Target(_filed("program.toml", _program), _files(shipped_programs()), _TOML_WORDS),
    "profile": Target(_filed("profile.toml", _machine(Profile)), _files(shipped_machines()), _TOML_WORDS),
    "record": Target(_filed("record.toml", _machine(Record)), (record().to_toml().encode(),), _TOML_WORDS),
    "marker": Target(
        _filed(MARKER_NAME, _marker), (b'{"address": "00:00:5E:00:53:01", "latch": "strap_open"}', b"{}"), _JSON_WORDS
    ),
}

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.messages import CommandMessage, RefusedMessage, parse_command, to_request
from retrowalk.model.plan import ABSOLUTE, Plan
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Speed

PLAN = Plan("demo", "Demo", 0, (), (), (), ABSOLUTE)


def find_plan(program: str) -> Plan:
    if program != "demo":
        raise LookupError(f"no program {program!r}; known: demo")
    return PLAN


def request_of(payload: bytes) -> Request:
    return to_request(parse_command(payload), Origin.MQTT, find_plan)


@pytest.mark.parametrize(
    ("payload", "request_"),
    [
        (b'{"cmd":"arm","ts":1800000000}', Request(Verb.ARM, Origin.MQTT)),
        (b'{"cmd":"confirm","id":"a1","prompt":"p3"}', Request(Verb.CONFIRM, Origin.MQTT, "a1", prompt_id="p3")),
        (b'{"cmd":"select_program","value":"demo"}', Request(Verb.SELECT_PROGRAM, Origin.MQTT, plan=PLAN)),
        (b'{"cmd":"trim","value":-0.3}', Request(Verb.TRIM, Origin.MQTT, trim=Speed(-30))),
        (b'{"cmd":"answer","value":"hard"}', Request(Verb.ANSWER, Origin.MQTT, answer="hard")),
        (b'{"cmd":"stop","value":17}', Request(Verb.STOP, Origin.MQTT)),
    ],
)
def test_a_command_becomes_the_request_that_it_says(payload: bytes, request_: Request) -> None:
    """Each kind of value lands in the field of the request that is its own."""
    assert request_of(payload) == request_


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "Invalid JSON"),
        (b"[]", "Input should be an object"),
        (b"\xff\xfe", "Invalid JSON"),
        (b"{}", "cmd: Field required"),
        (b'{"cmd":"strat"}', "cmd: unknown command; did you mean 'start'?"),
        (b'{"cmd":"shutdown"}', "cmd: unknown command"),
        (b'{"cmd":"xyzzy"}', "known: select_program, arm, start"),
        (b'{"cmd":["arm"]}', "cmd: unknown command"),
        (b'{"cmd":"arm","speed":9}', "speed: Extra inputs"),
        (b'{"cmd":"arm","ts":"now"}', "ts: Input should be a valid number"),
        (b'{"cmd":"arm","ts":NaN}', "ts: seconds since 1970"),
        (b'{"cmd":"arm","ts":1e308}', "ts: seconds since 1970"),
        (b'{"cmd":"arm","ts":-1e308}', "ts: seconds since 1970"),
        (b'{"cmd":"arm","ts":1800000000000}', "not milliseconds"),
        (b'{"cmd":"trim","value":NaN}', "value: a text, or a number between"),
        (b'{"cmd":"trim","value":1e999}', "value: a text, or a number between"),
        (b'{"cmd":"trim","value":' + b"9" * 500 + b"}", "value: a text, or a number between"),
        (b'{"cmd":"arm","id":""}', "id: String should have at least 1 character"),
        (b'{"cmd":"arm","value":true}', "value: "),
        (b'{"cmd":"arm","src":"' + b"x" * 1024 + b'"}', "bytes; a command has at most 1024"),
        (b'{"cmd":"arm","value":"demo"}', "arm takes no value"),
        (b'{"cmd":"arm","prompt":"p1"}', "arm takes no prompt"),
        (b'{"cmd":"select_program"}', "needs the program's id"),
        (b'{"cmd":"select_program","value":"nope"}', "no program 'nope'; known: demo"),
        (b'{"cmd":"trim","value":"up"}', "trim needs a change"),
        (b'{"cmd":"trim","value":0}', "trim needs a change"),
        (b'{"cmd":"trim","value":1.01}', "up to ±1.0 km/h"),
        (b'{"cmd":"answer","value":"meh"}', "fine, hard, hurt"),
    ],
)
def test_a_wrong_command_is_refused_with_what_is_wrong(payload: bytes, reason: str) -> None:
    """The reason names the field, and what would be right."""
    with pytest.raises(RefusedMessage) as refusal:
        request_of(payload)
    assert reason in refusal.value.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"stop",
        b" STOP\r\n",
        b'"Stop"',
        b'{"cmd":"stop","id":7}',
        b'{"cmd":"stop","id":""}',
        b'{"cmd": "Stop", "speed": 9, "ts": "yesterday"}',
        b'{"cmd":"STOP","src":"' + b"x" * 2000 + b'"}',
        b'{"cmd":"stop",}',
        b'{"cmd" : "stop"',
        b'{"id":"1","cmd":"stop","ts":NaN,"value":1e999}',
    ],
)
def test_a_stop_is_never_refused_for_what_else_is_in_it(payload: bytes) -> None:
    """Wrong types, unknown keys, another case, no JSON at all: a hand in a hurry wrote it."""
    assert request_of(payload).verb is Verb.STOP


def test_a_stop_keeps_an_id_that_is_one() -> None:
    """Its answer carries it."""
    assert parse_command(b'{"cmd":"Stop","id":"a1","more":1}').id == "a1"


def test_a_text_that_quotes_a_stop_is_none() -> None:
    """What is said about a Stop inside another command stops nothing."""
    assert request_of(b'{"cmd":"arm","src":"\\"cmd\\":\\"stop\\""}').verb is Verb.ARM


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_bytes_at_all_do_anything_but_be_refused(payload: bytes) -> None:
    """Garbage raises RefusedMessage and nothing else."""
    with pytest.raises(RefusedMessage):
        parse_command(payload)


@given(st.sampled_from([verb for verb in Verb if verb is not Verb.SHUTDOWN]))
def test_every_command_but_shutdown_can_be_sent(verb: Verb) -> None:
    """A process is ended by a signal; everything else has a message."""
    assert parse_command(f'{{"cmd":"{verb}"}}'.encode()) == CommandMessage(cmd=verb)

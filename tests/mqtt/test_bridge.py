from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

import virtual_time
from brokers import Broker, running_broker
from mqtt_lab import ROOT, Engine, Lab, Stranger, make_bridge, running, stranger_at
from retrowalk.model.observations import BrokerLink, ButtonPress, ButtonSource
from retrowalk.model.reports import RUNNING, Cue, Motion, Phase, Reply, State
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.units import Speed, seconds
from retrowalk.mqtt import bridge as bridge_module
from retrowalk.mqtt import pulse
from retrowalk.mqtt.broker import Connection, Outgoing
from states import IDLE_STATE

STOP = Request(Verb.STOP, Origin.MQTT)


async def test_a_fresh_connection_tells_everything_in_order_and_online_last(lab: Lab) -> None:
    """Discovery, link, state, diagnostics, online: whoever sees `online` can trust all the rest."""
    await lab.stranger.text("status", "online")
    topics = [m.topic.value for m in lab.stranger.heard if m.retain]
    device = "homeassistant/device/retrowalk_lab/config"
    order = [device, f"{ROOT}/link", f"{ROOT}/state", f"{ROOT}/diagnostics", f"{ROOT}/status"]
    assert topics[:5] == order


async def test_the_state_expires_when_nobody_renews_it(lab: Lab) -> None:
    """A retained state of a dead daemon must not look alive: the broker forgets it after 10 s."""
    await lab.stranger.json("state", phase="idle")
    message = next(m for m in lab.stranger.heard if m.topic.value == f"{ROOT}/state")
    assert 0 < getattr(message.properties, "MessageExpiryInterval", 0) <= 10


async def test_a_fresh_command_reaches_the_engine_and_its_reply_the_sender(lab: Lab) -> None:
    """The reply goes to the response topic of MQTT 5, with the sender's correlation data."""
    payload = json.dumps({"cmd": "select_program", "value": "demo", "ts": time.time(), "id": "q1"})
    await lab.stranger.send("cmd", payload, ResponseTopic="my/answers", CorrelationData=b"\x07")
    await lab.engine.until(lambda: bool(lab.engine.requests))
    request = lab.engine.requests[0]
    assert (request.verb, request.id, request.plan and request.plan.program) == (Verb.SELECT_PROGRAM, "q1", "demo")

    lab.bridge.publish(Reply("q1", Verb.SELECT_PROGRAM, Origin.MQTT, ok=True, reason=""))
    answer = await lab.stranger.until(
        lambda: next((m for m in lab.stranger.heard if m.topic.value == "my/answers"), None)
    )
    assert json.loads(answer.payload)["ok"] is True
    assert getattr(answer.properties, "CorrelationData", None) == b"\x07"


async def test_a_command_without_id_is_given_one_and_answered(lab: Lab) -> None:
    """Home Assistant's buttons send none; the common response topic carries the daemon's."""
    await lab.stranger.command("arm")
    await lab.engine.until(lambda: bool(lab.engine.requests))
    request = lab.engine.requests[0]
    lab.bridge.publish(Reply(request.id, Verb.ARM, Origin.MQTT, ok=False, reason="No strap."))
    assert (await lab.stranger.json("response", id=request.id))["reason"] == "No strap."
    assert (await lab.stranger.json("event", event_type="command_rejected"))["id"] == request.id


@pytest.mark.parametrize("topic", ["retrowalk/other/cmd/stop", "homeassistant/status", "a/+/b", "$SYS/x"])
async def test_the_daemon_writes_nowhere_that_its_sender_chooses_badly(lab: Lab, topic: str) -> None:
    """A response topic under trusted roots is ignored: the answer goes to the common one."""
    payload = json.dumps({"cmd": "nonsense"})
    try:
        await lab.stranger.send("cmd", payload, ResponseTopic=topic)
    except Exception as error:  # noqa: BLE001 (a client or broker that refuses such a topic is fine too)
        pytest.skip(f"cannot even be sent: {error}")
    await lab.stranger.json("response", ok=False)
    assert topic not in [m.topic.value for m in lab.stranger.heard]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (lambda: '{"cmd":', "Invalid JSON"),
        (lambda: json.dumps({"cmd": "dance", "ts": time.time()}), "unknown command"),
        (lambda: json.dumps({"cmd": "start"}), "neither ts nor token"),
        (lambda: json.dumps({"cmd": "start", "token": "0" * 16}), "token is not the current one"),
        (lambda: json.dumps({"cmd": "start", "ts": time.time() - 60}), "stale: sent 6"),
        (lambda: json.dumps({"cmd": "start", "ts": time.time() + 60}), "s ahead of the daemon"),
        (lambda: json.dumps({"cmd": "start", "ts": time.time(), "src": "x" * 2000}), "a command has at most 1024"),
        (lambda: json.dumps({"cmd": "select_program", "ts": time.time(), "value": "x"}), "no program 'x'"),
    ],
    ids=["broken", "unknown", "undated", "old-token", "stale", "future", "oversize", "program"],
)
async def test_a_command_that_cannot_be_trusted_is_refused_aloud(lab: Lab, payload: object, reason: str) -> None:
    """The sender is answered, everybody is told, the engine hears nothing."""
    assert callable(payload)
    await lab.stranger.send("cmd", payload())
    response = await lab.stranger.json("response", ok=False)
    event = await lab.stranger.json("event", event_type="command_rejected")
    assert reason in response["reason"]
    assert event["reason"] == response["reason"]
    assert lab.engine.requests == []


async def test_a_retained_start_is_refused(lab: Lab) -> None:
    """It would be replayed to whoever subscribes next."""
    await lab.stranger.send("cmd", json.dumps({"cmd": "start", "ts": time.time()}), retain=True)
    assert "retained" in (await lab.stranger.json("response", ok=False))["reason"]
    assert lab.engine.requests == []


async def test_a_retained_start_that_waits_at_the_broker_is_never_delivered(broker: Broker) -> None:
    """A fresh connection asks for nothing retained: what follows arrives, the old start does not."""
    engine = Engine()
    async with stranger_at(broker.port) as stranger:
        await stranger.send("cmd", json.dumps({"cmd": "start", "ts": time.time() + 1}), retain=True)
        async with running(make_bridge(engine, broker.port)):
            await engine.until_told(BrokerLink(up=True))
            await stranger.send("cmd/stop", "")
            await engine.until_told(STOP)
            assert engine.requests == [STOP]
            assert stranger.texts("response") == []


async def test_the_same_command_twice_is_one_command(lab: Lab) -> None:
    """A duplicate delivery is refused, whether it is known by its id or by its time."""
    payload = json.dumps({"cmd": "arm", "ts": time.time()})
    await lab.stranger.send("cmd", payload)
    await lab.stranger.send("cmd", payload)
    assert "duplicate" in (await lab.stranger.json("response", ok=False))["reason"]
    assert [request.verb for request in lab.engine.requests] == [Verb.ARM]


async def test_the_token_of_the_state_stands_in_for_a_clock(lab: Lab, full_state: State) -> None:
    """A sender without a right time sends what it just read."""
    lab.bridge.publish_state(full_state)
    token = (await lab.stranger.json("state", phase="walk"))["token"]
    await lab.stranger.send("cmd", json.dumps({"cmd": "pause", "token": token}))
    await lab.engine.until(lambda: bool(lab.engine.requests))
    assert lab.engine.requests[0].verb is Verb.PAUSE


@pytest.mark.parametrize("payload", [b"", b"stop", b"\xff\x00", b"x" * 60_000, b'{"cmd":"start"}'])
async def test_anything_on_the_stop_topic_is_a_stop(lab: Lab, payload: bytes) -> None:
    """It is not looked into, and may even be retained."""
    await lab.stranger.send("cmd/stop", payload, retain=bool(payload))
    await lab.engine.until_told(STOP)
    assert lab.engine.requests == [STOP]


async def test_a_stop_among_the_commands_is_never_stale(lab: Lab) -> None:
    """Old, repeated, with a value: still a Stop."""
    await lab.stranger.command("stop", age_s=3600)
    await lab.stranger.command("stop", age_s=3600)
    await lab.engine.until_told(STOP, times=2)


async def test_a_stop_behind_a_flood_is_not_lost(lab: Lab) -> None:
    """However many commands came before it, the Stop arrives."""
    for number in range(300):
        lab.stranger.client._client.publish(f"{ROOT}/cmd", json.dumps({"cmd": "arm", "ts": number}), qos=0)
    await lab.stranger.send("cmd/stop", b"")
    await lab.engine.until_told(STOP)


async def test_a_stop_among_a_flood_of_commands_is_not_lost(lab: Lab) -> None:
    """Home automation may say it on the common topic, behind everything else that it says."""
    for number in range(300):
        lab.stranger.client._client.publish(f"{ROOT}/cmd", json.dumps({"cmd": "arm", "ts": number}), qos=0)
    await lab.stranger.send("cmd", '{"cmd": "stop"}')
    await lab.engine.until_told(STOP)


@pytest.mark.parametrize(("payload", "long"), [("press", False), ("long", True)])
async def test_a_declared_button_is_a_button(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, payload: str, long: bool
) -> None:
    """Its press is an observation, not a request: the engine decides what it means."""
    monkeypatch.setattr(pulse, "DOUBT_NS", 0)
    async with button_lab(broker) as (engine, stranger):
        await stranger.until(lambda: stranger.texts("beat")[1:] or None)
        await stranger.send("button/ok", payload)
        await engine.until_told(ButtonPress(ButtonSource.DECLARED, long))


@asynccontextmanager
async def button_lab(broker: Broker) -> AsyncIterator[tuple[Engine, Stranger]]:
    """Connect a stranger, and a bridge that outlives a stall."""
    engine = Engine()
    async with stranger_at(broker.port) as stranger, running(make_bridge(engine, broker.port, keepalive_s=60)):
        await engine.until_told(BrokerLink(up=True))
        yield engine, stranger


async def test_a_press_that_waited_in_a_frozen_broker_is_passed_on_as_not_fresh(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pressed could not have seen the prompt that is open now; but a belt that moves must stop."""
    monkeypatch.setattr(pulse, "DOUBT_NS", seconds(0.5))
    monkeypatch.setattr(pulse, "LATE_NS", seconds(0.8))
    async with button_lab(broker) as (engine, stranger):
        await stranger.until(lambda: stranger.texts("beat")[3:] or None)
        await stranger.send("button/ok", "press")
        await engine.until_told(ButtonPress(ButtonSource.DECLARED))

        broker.signal(signal.SIGSTOP)
        waiting = asyncio.create_task(stranger.send("button/ok", "press"))
        await asyncio.sleep(1.5)
        broker.signal(signal.SIGCONT)
        await waiting
        await engine.until_told(ButtonPress(ButtonSource.DECLARED, fresh=False))

        seen = len(stranger.texts("beat"))
        await stranger.until(lambda: stranger.texts("beat")[seen + 8 :] or None)
        await stranger.send("button/ok", "press")
        await engine.until_told(ButtonPress(ButtonSource.DECLARED), times=2)


@pytest.mark.parametrize("motion", list(Motion))
def test_the_pulse_is_felt_while_a_press_could_be_an_answer(motion: Motion) -> None:
    """On a belt that is meant to run every press is STOP, however old; in a stop a long one may be a person's word."""
    told: list[str] = []

    class Recorder(Connection):
        def __init__(self) -> None:
            """Connect to nothing."""

        async def publish(self, message: Outgoing, timeout_s: float | None = None) -> None:
            del timeout_s
            told.append(message.topic)

    async def ten_seconds() -> None:
        bridge = make_bridge(Engine(), 1)
        bridge.publish_state(replace(IDLE_STATE, motion=motion))
        with suppress(TimeoutError):
            async with asyncio.timeout(9.9):
                await bridge._beat(Recorder(), pulse.Pulse("beat", "nonce", 0))

    virtual_time.run(ten_seconds())
    assert told == ([] if motion in RUNNING else ["beat"] * round(10 / pulse.EVERY_S))


@pytest.mark.parametrize(("payload", "long"), [("press", False), ("long", True)])
async def test_an_undated_press_right_after_a_connection_is_not_fresh(lab: Lab, payload: str, long: bool) -> None:
    """It may have waited for that connection."""
    await lab.stranger.send("button/ok", payload)
    await lab.engine.until_told(ButtonPress(ButtonSource.DECLARED, long, fresh=False))


async def test_a_dated_press_is_as_fresh_as_its_time(lab: Lab) -> None:
    """Within 5 s; a late one is answered with the reason, and can only stop."""
    await lab.stranger.send("button/ok", json.dumps({"press": "long", "ts": time.time(), "battery": 90}))
    await lab.engine.until_told(ButtonPress(ButtonSource.DECLARED, long=True))
    await lab.stranger.send("button/ok", json.dumps({"press": "short", "ts": time.time() - 60}))
    await lab.engine.until_told(ButtonPress(ButtonSource.DECLARED, fresh=False))
    assert "stale" in (await lab.stranger.json("response", ok=False, cmd="press"))["reason"]


async def test_the_same_dated_press_twice_is_one(lab: Lab) -> None:
    """A repeated delivery must not stop the belt that the first one started."""
    payload = json.dumps({"press": "short", "ts": int(time.time()) + 0.125})
    await lab.stranger.send("button/ok", payload)
    await lab.stranger.send("button/ok", payload)
    assert "duplicate" in (await lab.stranger.json("response", ok=False, cmd="press"))["reason"]
    assert [item for item in lab.engine.told if isinstance(item, ButtonPress)] == [ButtonPress(ButtonSource.DECLARED)]


async def test_a_press_that_cannot_be_read_can_still_stop(lab: Lab) -> None:
    """It says that it is a press, and no more that could be used."""
    await lab.stranger.send("button/ok", json.dumps({"press": "double", "ts": time.time()}))
    await lab.engine.until_told(ButtonPress(ButtonSource.DECLARED, fresh=False))


async def test_a_retained_press_can_still_stop(lab: Lab) -> None:
    """Presence cannot be replayed; a Stop may be."""
    await lab.stranger.send("button/ok", "press", retain=True)
    await lab.engine.until_told(ButtonPress(ButtonSource.DECLARED, fresh=False))


async def test_a_giant_message_never_arrives(lab: Lab) -> None:
    """The broker keeps back what is larger than 64 KiB; the connection lives on."""
    await lab.stranger.send("cmd", b"x" * 1_000_000)
    await lab.stranger.send("cmd/stop", b"x" * 10_000)
    await lab.engine.until_told(STOP)
    assert lab.stranger.texts("response") == []
    assert lab.engine.told.count(BrokerLink(up=False)) == 0


async def test_an_undeclared_or_garbled_button_is_nothing(lab: Lab) -> None:
    """Presence cannot be replayed, nor be invented under another name."""
    await lab.stranger.send("button/other", "press")
    await lab.stranger.send("button/ok", "double")
    await lab.stranger.send("cmd/stop", "")
    await lab.engine.until_told(STOP)
    assert not [item for item in lab.engine.told if isinstance(item, ButtonPress)]


async def test_events_keep_their_order_and_the_newest_state_wins(lab: Lab, full_state: State) -> None:
    """Fifty cues arrive as fifty, in order; of fifty states the last one arrives."""
    for number in range(50):
        lab.bridge.publish(Cue(str(number)))
        lab.bridge.publish_state(replace(full_state, speed=Speed(number)))
    await lab.stranger.json("state", speed_kmh=0.49)
    await lab.stranger.json("event", text="49")
    cues = [json.loads(text)["text"] for text in lab.stranger.texts("event")]
    assert cues == [str(number) for number in range(50)]


async def test_the_link_topic_follows_the_treadmill(lab: Lab, full_state: State, idle_state: State) -> None:
    """Hands off is offline; a session's link is online."""
    lab.bridge.publish_state(full_state)
    await lab.stranger.text("link", "online")
    lab.bridge.publish_state(idle_state)
    await lab.stranger.until(lambda: lab.stranger.texts("link")[-2:] == ["online", "offline"] or None)


async def test_home_assistants_birth_brings_everything_again(lab: Lab) -> None:
    """It starts after the daemon: discovery and states come once more, `online` last."""
    await lab.stranger.text("status", "online")
    before = len(lab.stranger.heard)
    await lab.stranger.client.publish("homeassistant/status", "online", qos=1)
    await lab.stranger.until(lambda: len(lab.stranger.texts("status")) >= 2 or None)
    topics = [m.topic.value for m in lab.stranger.heard[before:]]
    assert "homeassistant/device/retrowalk_lab/config" in topics
    assert topics[-1] == f"{ROOT}/status"


async def test_a_killed_broker_is_reported_and_the_state_is_back_within_five_seconds(
    lab: Lab, full_state: State
) -> None:
    """The engine hears down and up; what happened meanwhile comes in order."""
    lab.broker.kill()
    await lab.engine.until_told(BrokerLink(up=False))
    lab.bridge.publish(Cue("while away"))
    lab.bridge.publish_state(full_state)
    lab.broker.start()
    returned = time.monotonic()
    async with stranger_at(lab.broker.port) as stranger:
        await stranger.json("state", phase="walk")
        assert time.monotonic() - returned < 5
        await stranger.json("event", text="while away")
        await lab.engine.until_told(BrokerLink(up=True), times=2)


async def test_a_frozen_broker_is_reported_blocks_nothing_and_is_found_again(broker: Broker, full_state: State) -> None:
    """It accepts bytes and answers nothing: keepalive tells, and the loop goes on meanwhile."""
    engine = Engine()
    bridge = make_bridge(engine, broker.port, keepalive_s=1, timeout_s=1.0)
    async with running(bridge):
        await engine.until_told(BrokerLink(up=True))
        broker.signal(signal.SIGSTOP)
        began = time.monotonic()
        for number in range(1000):
            bridge.publish(Cue(str(number)))
            bridge.publish_state(full_state)
        assert time.monotonic() - began < 1
        await engine.until_told(BrokerLink(up=False))
        broker.signal(signal.SIGCONT)
        await engine.until_told(BrokerLink(up=True), times=2)


async def test_a_cancelled_bridge_says_offline(broker: Broker, idle_state: State) -> None:
    """A clean disconnect withdraws the will, so the bridge says it itself."""
    engine = Engine()
    async with stranger_at(broker.port) as stranger:
        async with running(make_bridge(engine, broker.port)):
            await engine.until_told(BrokerLink(up=True))
            await stranger.text("status", "online")
        await stranger.until(lambda: stranger.texts("status")[-1] == "offline" or None)


CLIENT_PROCESS = """
import asyncio, sys
from retrowalk.mqtt import MqttBridge, MqttSettings
nothing = lambda item: None
settings = MqttSettings(node="lab", host="127.0.0.1", port=int(sys.argv[1]))
asyncio.run(MqttBridge(settings, submit=nothing, observe=nothing, find_plan=nothing, programs=()).run())
"""


async def test_the_will_says_offline_for_a_killed_process(broker: Broker) -> None:
    """After SIGKILL nobody else can say it."""
    async with stranger_at(broker.port) as stranger:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT_PROCESS, str(broker.port))
        await stranger.text("status", "online")
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await stranger.text("status", "offline")


async def test_an_access_list_that_denies_the_stop_is_noticed(tmp_path: Path) -> None:
    """MQTT denies silently; the self-test names the topics that do not arrive."""
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite retrowalk/#\ntopic deny retrowalk/lab/cmd/stop\ntopic write homeassistant/#\n")
    engine = Engine()
    with running_broker(tmp_path, f"acl_file {acl}") as broker:
        async with stranger_at(broker.port) as stranger, running(make_bridge(engine, broker.port)):
            warning = await stranger.json("event", event_type="warning")
            diagnostics = await stranger.json("diagnostics")
    assert f"{ROOT}/cmd/stop" in warning["words"]
    assert diagnostics["unheard_topics"] == [f"{ROOT}/cmd/stop"]


async def test_a_message_that_provokes_a_bug_does_not_silence_the_next(broker: Broker) -> None:
    """Whatever the engine raises, the next Stop is heard."""
    engine = Engine()

    def fragile(request: Request) -> None:
        if request.verb is Verb.ARM:
            raise RuntimeError("bug")
        engine.take(request)

    bridge = make_bridge(engine, broker.port)
    bridge._intake._submit = fragile
    async with stranger_at(broker.port) as stranger, running(bridge):
        await engine.until_told(BrokerLink(up=True))
        await stranger.command("arm")
        await stranger.send("cmd/stop", "")
        await engine.until_told(STOP)


async def test_a_forged_beat_ends_no_connection(lab: Lab) -> None:
    """A number that Python refuses to read comes with the daemon's own nonce: the next Stop is heard all the same."""
    beat = await lab.stranger.until(lambda: next(iter(lab.stranger.texts("beat")[1:]), None))
    await lab.stranger.send("beat", f"{beat.split()[0]} {'9' * 5000}")
    await lab.stranger.send("cmd/stop", "")
    await lab.engine.until_told(STOP)
    assert lab.engine.told.count(BrokerLink(up=False)) == 0


async def test_two_daemons_of_one_name_do_not_take_each_other_over_for_ever(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mosquitto tells none why: pushed out three times, one says what it may be, and leaves the place to the other."""
    monkeypatch.setattr(bridge_module, "STAYS_AWAY_S", 60.0)
    engine = Engine()
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with (
            stranger_at(broker.port) as stranger,
            running(make_bridge(engine, broker.port)),
            running(make_bridge(engine, broker.port)),
        ):
            await engine.until(lambda: any(entry["log_level"] == "error" for entry in logs))
            async with asyncio.timeout(10):
                while STOP not in engine.told:  # the other may be on its way back just now
                    await stranger.send("cmd/stop", "")
                    await asyncio.sleep(0.1)
    (complaint,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert "another daemon connected as retrowalk-lab? give each a daemon.name" in complaint["remedy"]


async def test_a_secret_that_became_unreadable_is_a_broker_that_is_lost(broker: Broker, tmp_path: Path) -> None:
    """Whatever ends a connection for good: the engine is told, and does not believe in it for ever."""
    secret = tmp_path / "secret"
    secret.write_text("open")
    engine = Engine()
    async with running(make_bridge(engine, broker.port, username="lab", password_file=secret)) as bridge:
        await engine.until_told(BrokerLink(up=True))
        secret.write_bytes(b"\xff")
        broker.kill()
        broker.start()
        await engine.until_told(BrokerLink(up=False))
        secret.write_text("open")
        await engine.until_told(BrokerLink(up=True), times=2)
        assert not bridge.done()


async def test_a_defect_of_the_bridge_is_a_broker_that_is_lost(
    broker: Broker, idle_state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with its error, for its supervisor; the engine must not go on as if home automation could still stop."""

    def fail(_state: State) -> None:
        raise RuntimeError("a mistake of ours")

    engine = Engine()
    bridge = make_bridge(engine, broker.port)
    monkeypatch.setattr(bridge._announcer, "due", fail)
    task = asyncio.create_task(bridge.run())
    await engine.until_told(BrokerLink(up=True))
    bridge.publish_state(idle_state)
    with pytest.raises(ExceptionGroup):
        await task
    assert engine.told[-1] == BrokerLink(up=False)


async def test_an_unreachable_broker_is_reported_once_and_never_blocks(full_state: State, tmp_path: Path) -> None:
    """Publishing goes on as if nothing were wrong; events beyond the bound are counted, the state is the newest."""
    engine = Engine()
    bridge = make_bridge(engine, 1, password_file=tmp_path / "absent")
    async with running(bridge):
        await engine.until_told(BrokerLink(up=False))
        for number in range(250):
            bridge.publish(Cue(str(number)))
            bridge.publish_state(replace(full_state, phase=Phase.REST))
    assert engine.told == [BrokerLink(up=False)]
    assert bridge._announcer.outbox.dropped == 50

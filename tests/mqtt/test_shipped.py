from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from brokers import running_broker
from mqtt_lab import Engine, make_bridge, running, stranger_at
from retrowalk.model.observations import BrokerLink
from retrowalk.model.reports import State
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.discovery import discovery_message
from retrowalk.mqtt.topics import Topics

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def secured(tmp_path: Path) -> tuple[str, ...]:
    """Return the mosquitto lines that put the shipped access list in force, for the node "lab", with passwords."""
    acl = (CONFIG / "mosquitto" / "retrowalk.acl").read_text().replace("treadmill", "lab")
    (tmp_path / "acl").write_text(acl)
    (tmp_path / "passwords").write_text(
        "".join(f"{user}:{user}-pw\n" for user in re.findall(r"^user (\w+)", acl, re.MULTILINE))
    )
    passwd = shutil.which("mosquitto_passwd")
    if passwd is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([passwd, "-U", tmp_path / "passwords"], check=True, capture_output=True)  # noqa: S603 (ours)
    (tmp_path / "secret").write_text("retrowalk-pw\n")
    return ("allow_anonymous false", f"password_file {tmp_path / 'passwords'}", f"acl_file {tmp_path / 'acl'}")


async def test_the_shipped_access_list_lets_each_do_its_own(
    tmp_path: Path, secured: tuple[str, ...], idle_state: State
) -> None:
    """The daemon hears all its topics; a display may stop and nothing else; home automation is no button."""
    engine = Engine()
    with running_broker(tmp_path, *secured) as broker:
        bridge = make_bridge(engine, broker.port, username="retrowalk", password_file=tmp_path / "secret")
        bridge.publish_state(idle_state)
        async with (
            stranger_at(broker.port, username="homeassistant", password="homeassistant-pw") as home,  # noqa: S106
            stranger_at(broker.port, username="display", password="display-pw") as display,  # noqa: S106
            running(bridge),
        ):
            await engine.until_told(BrokerLink(up=True))
            assert (await home.json("diagnostics"))["unheard_topics"] == []
            await display.command("arm")
            await home.send("button/ok", "press")
            await display.send("cmd/stop", "")
            await engine.until_told(Request(Verb.STOP, Origin.MQTT))
            assert engine.told == [BrokerLink(up=True), Request(Verb.STOP, Origin.MQTT)]
            await home.command("arm")
            await engine.until(lambda: engine.requests[-1].verb is Verb.ARM)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a home-made authority that is also the server; Python refuses one without keyUsage."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    extensions = (
        "subjectAltName=IP:127.0.0.1",
        "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
        "basicConstraints=critical,CA:TRUE",
    )
    files = ["-keyout", str(tmp_path / "server.key"), "-out", str(tmp_path / "server.crt")]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    subprocess.run([openssl, "req", "-x509", *curve, *files, *added], check=True, capture_output=True)  # noqa: S603
    return tmp_path / "server.crt"


async def test_the_shipped_broker_configuration_serves_the_daemon_over_tls(
    tmp_path: Path, secured: tuple[str, ...], certificate: Path
) -> None:
    """The file as it is, but for its paths, port and passwords; and an authority that is not trusted is refused."""
    text = (CONFIG / "mosquitto" / "retrowalk.conf").read_text()
    own = re.compile(r"^(?:#|listener |certfile |keyfile |per_listener|allow_anonymous |password_file |acl_file )")
    rest = [line for line in text.splitlines() if line and not own.match(line)]
    engine = Engine()
    tls = (f"certfile {certificate}", f"keyfile {tmp_path / 'server.key'}")
    with running_broker(
        tmp_path, *tls, *secured, *(line for line in rest if not line.startswith("persistence "))
    ) as broker:
        login = {"username": "retrowalk", "password_file": tmp_path / "secret"}
        async with running(make_bridge(engine, broker.port, ca_file=certificate, **login)):
            await engine.until_told(BrokerLink(up=True))
        async with running(make_bridge(engine, broker.port, timeout_s=1.0, **login)):
            await engine.until_told(BrokerLink(up=False))


def test_the_examples_name_entities_that_exist() -> None:
    """Home Assistant makes an entity's id from the device's and its own name."""
    settings = MqttSettings(node="treadmill")
    discovery = json.loads(discovery_message(settings, Topics.of(settings), ("demo",)))
    device = discovery["device"]["name"]
    known = {
        f"{component['platform']}.{re.sub(r'[^a-z0-9]+', '_', (device + ' ' + component['name']).lower())}"
        for component in discovery["components"].values()
    }
    for example in (CONFIG / "homeassistant").glob("*.yaml"):
        used = set(re.findall(r"\b[a-z_]+\.retrowalk_treadmill_\w+", example.read_text()))
        assert used, example
        assert used <= known, example

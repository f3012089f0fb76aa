from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from retrowalk.messages import EVENT_TYPES, Stamp, state_message
from retrowalk.model.reports import State
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.discovery import discovery_message
from retrowalk.mqtt.topics import Topics
from states import full_state, stamp

__all__ = ["full_state", "stamp"]

SETTINGS = MqttSettings(node="lab")
TOPICS = Topics.of(SETTINGS)
ALWAYS = {"platform", "name", "unique_id", "qos", "availability", "availability_mode"}
KEYS = {  # what Home Assistant 2026.2 accepts on each platform, as far as it is used here; it drops others silently
    "sensor": ALWAYS
    | {"state_topic", "value_template", "device_class", "unit_of_measurement", "state_class", "icon", "options"}
    | {"suggested_display_precision", "entity_category", "enabled_by_default"},
    "binary_sensor": ALWAYS
    | {"state_topic", "value_template", "device_class", "entity_category", "icon", "payload_on", "payload_off"}
    | {"json_attributes_topic", "json_attributes_template"},
    "button": ALWAYS | {"command_topic", "command_template", "payload_press", "icon", "message_expiry_interval"},
    "select": ALWAYS | {"state_topic", "value_template", "command_topic", "command_template", "options", "icon"},
    "event": ALWAYS | {"state_topic", "event_types", "icon"},
}


@pytest.fixture
def payload() -> dict[str, Any]:
    """Return the payload as Home Assistant reads it."""
    message: dict[str, Any] = json.loads(discovery_message(SETTINGS, TOPICS, ("demo", "first-20s")))
    return message


def test_the_entities_are_counted(payload: dict[str, Any]) -> None:
    """One bad component drops only itself: a lost entity shows here."""
    platforms = Counter(component["platform"] for component in payload["components"].values())
    assert platforms == {"sensor": 20, "binary_sensor": 5, "button": 10, "select": 1, "event": 1}


def test_every_component_has_only_known_keys_and_its_own_name(payload: dict[str, Any]) -> None:
    """Names and unique ids are unique, QoS is on each one, and no key is a typing mistake."""
    components = payload["components"].values()
    for component in components:
        assert set(component) <= KEYS[component["platform"]]
        assert set(component) >= ALWAYS
        assert component["qos"] == 1
    assert len({component["name"] for component in components}) == len(components)
    assert len({component["unique_id"] for component in components}) == len(components)


def test_the_origin_is_told(payload: dict[str, Any]) -> None:
    """Without it the whole payload is refused."""
    assert payload["origin"]["name"] == "retrowalk"
    assert payload["device"]["identifiers"] == ["retrowalk_lab"]


def test_only_what_the_machine_tells_needs_its_link(payload: dict[str, Any]) -> None:
    """Between sessions there is no link, and Arm and Stop must work: a press on an unavailable button is lost."""
    both = [TOPICS.status, TOPICS.link]
    needed = {
        key: [entry["topic"] for entry in component["availability"]] for key, component in payload["components"].items()
    }
    assert {key for key, topics in needed.items() if topics == both} == {
        "speed",
        "incline",
        "distance",
        "elapsed",
        "energy",
        "belt",
    }
    assert all(topics in (both, [TOPICS.status]) for topics in needed.values())


def test_there_is_no_reset_from_afar(payload: dict[str, Any]) -> None:
    """The engine refuses it: a reset needs somebody at the treadmill."""
    assert "reset" not in payload["components"]


def test_stop_is_a_topic_of_its_own_without_a_template(payload: dict[str, Any]) -> None:
    """Nothing that could fail lies between the finger and the daemon."""
    stop = payload["components"]["stop"]
    assert stop["command_topic"] == "retrowalk/lab/cmd/stop"
    assert "command_template" not in stop


def test_every_template_reads_a_field_that_the_state_has(
    payload: dict[str, Any], full_state: State, stamp: Stamp
) -> None:
    """A renamed field would be `unknown` forever."""
    fields = set(state_message(full_state, stamp=stamp, token=None, simulated=False))
    templates = json.dumps([c.get("value_template", "") for c in payload["components"].values()])
    templates += payload["components"]["problem"]["json_attributes_template"]
    assert set(re.findall(r"value_json\.(\w+)", templates)) <= fields


def test_a_commands_template_is_a_command_once_the_time_is_in(payload: dict[str, Any]) -> None:
    """Each button sends what the daemon reads."""
    for component in payload["components"].values():
        template = component.get("command_template")
        if template:
            text = template.replace("{{ now().timestamp() }}", "1800000000.5").replace("{{ value | tojson }}", '"demo"')
            assert json.loads(text)["ts"] == 1800000000.5


def test_the_event_entity_knows_every_event(payload: dict[str, Any]) -> None:
    """Home Assistant drops an event type that was not announced."""
    assert payload["components"]["workout"]["event_types"] == list(EVENT_TYPES)


def test_without_programs_there_is_no_select() -> None:
    """An empty list of options is refused."""
    assert "program" not in json.loads(discovery_message(SETTINGS, TOPICS, ()))["components"]

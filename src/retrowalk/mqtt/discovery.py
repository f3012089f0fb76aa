"""Home Assistant's device-based discovery: one retained payload, one row an entity."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from retrowalk import __version__
from retrowalk.messages import EVENT_TYPES
from retrowalk.model.plan import Facing, Gap
from retrowalk.model.reports import Motion, Phase
from retrowalk.mqtt.settings import MqttSettings
from retrowalk.mqtt.topics import Topics

_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
_MEASURED: Final = {"state_class": "measurement"}
_COUNTED: Final = {"state_class": "total_increasing"}
_SPEED: Final = {"device_class": "speed", "unit_of_measurement": "km/h", "suggested_display_precision": 1, **_MEASURED}
_DURATION: Final = {"device_class": "duration", "unit_of_measurement": "s"}
_BPM: Final = {"unit_of_measurement": "bpm", "icon": "mdi:heart-pulse"}

# What the machine itself tells: gone without its link. Everything else stays, Stop above all.
_TOLD_BY_MACHINE: Final = frozenset({"speed", "incline", "distance", "elapsed", "energy", "belt"})

_SENSORS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {  # key: name, state's field or template, options
    "speed": ("Speed", "speed_kmh", _SPEED),
    "target": ("Target speed", "target_kmh", _SPEED),
    "limit": ("Speed limit", "limit_kmh", _SPEED),
    "incline": ("Incline", "incline_pct", {"unit_of_measurement": "%", "icon": "mdi:slope-uphill", **_MEASURED}),
    "heart_rate": ("Heart rate", "heart_rate_bpm", _BPM | _MEASURED),
    "heart_rate_soft": ("Heart rate soft limit", "heart_rate_soft_bpm", _BPM),
    "heart_rate_hard": ("Heart rate hard limit", "heart_rate_hard_bpm", _BPM),
    "distance": ("Distance", "distance_m", {"device_class": "distance", "unit_of_measurement": "m", **_COUNTED}),
    "elapsed": ("Elapsed", "elapsed_s", _DURATION | _COUNTED),
    "energy": ("Energy", "energy_kcal", {"unit_of_measurement": "kcal", "icon": "mdi:fire", **_COUNTED}),
    "session": ("Session", "phase", {"device_class": "enum", "options": [*Phase]}),
    "interlock": (
        "Interlock",
        "{{ 'latched' if value_json.latched else value_json.motion }}",
        {"device_class": "enum", "options": [*Motion, "latched"], "icon": "mdi:shield-lock"},
    ),
    "segment": ("Segment", "segment", {"device_class": "enum", "options": [*Facing, *Gap]}),
    "trip": ("Trip cause", "trip_cause", {"icon": "mdi:alert-octagon"}),
    "cue": ("Cue", "cue", {"icon": "mdi:bullhorn"}),
    "prompt": ("Prompt", "prompt_text", {"icon": "mdi:comment-question"}),
    "segment_left": ("Time left in segment", "segment_left_s", _DURATION),
    "session_left": ("Time left in session", "session_left_s", _DURATION),
    "progress": ("Progress", "progress_pct", {"unit_of_measurement": "%", "icon": "mdi:progress-check"}),
    "loop_lag": ("Loop lag", "loop_lag_s", _DURATION | _MEASURED | _DIAGNOSTIC | {"enabled_by_default": False}),
}

_BINARY_SENSORS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {  # key: name, condition for ON, options
    "belt": ("Belt", "running", {"device_class": "running"}),
    "strap": ("Strap", "not strap_closed", {"device_class": "safety"}),
    "problem": ("Problem", "problem", {"device_class": "problem", **_DIAGNOSTIC}),
    "simulated": ("Simulated", "simulated", {"icon": "mdi:flask", **_DIAGNOSTIC}),
}

_BUTTONS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {  # key: name, icon, command
    "arm": ("Arm", "mdi:shield-account", {"cmd": "arm"}),
    "start": ("Start", "mdi:play", {"cmd": "start"}),
    "confirm": ("OK", "mdi:check-circle", {"cmd": "confirm"}),
    "pause": ("Pause", "mdi:pause", {"cmd": "pause"}),
    "resume": ("Resume", "mdi:play-pause", {"cmd": "resume"}),
    "end": ("End", "mdi:flag-checkered", {"cmd": "end"}),
    "slower": ("Slower", "mdi:minus", {"cmd": "trim", "value": -0.1}),
    "faster": ("Undo slower", "mdi:plus", {"cmd": "trim", "value": 0.1}),
    "disarm": ("Disarm", "mdi:shield-off", {"cmd": "disarm"}),
}

_PROBLEM_DETAILS: Final = (
    "{{ {'faults': value_json.faults, 'alarm': value_json.alarm, 'trip': value_json.trip_words,"
    " 'remedy': value_json.trip_remedy} | tojson }}"
)


def discovery_message(settings: MqttSettings, topics: Topics, programs: Iterable[str]) -> str:
    """Return the JSON for `topics.discovery`."""
    unique = f"{settings.base_topic}_{settings.node}"
    components = _components(topics, list(programs))
    payload = {
        "device": {"identifiers": [unique], "name": f"Retrowalk {settings.node}", "manufacturer": "Retrowalk"},
        "origin": {"name": "retrowalk", "sw_version": __version__},
        "components": {
            key: component | {"unique_id": f"{unique}_{key}", "qos": 1, **_availability(key, topics)}
            for key, component in components.items()
        },
    }
    return json.dumps(payload)


def _components(topics: Topics, programs: list[str]) -> dict[str, dict[str, Any]]:
    sensors = {key: _sensor(topics, *row) for key, row in _SENSORS.items()}
    binary_sensors = {key: _binary_sensor(topics, *row) for key, row in _BINARY_SENSORS.items()}
    buttons = {key: _button(topics, *row) for key, row in _BUTTONS.items()}
    binary_sensors["problem"] |= {
        "json_attributes_topic": topics.state,
        "json_attributes_template": _PROBLEM_DETAILS,
    }
    selects = {"program": _program_select(topics, programs)} if programs else {}
    return sensors | binary_sensors | _of_their_own(topics) | buttons | selects


def _sensor(topics: Topics, name: str, source: str, options: dict[str, Any]) -> dict[str, Any]:
    template = source if source.startswith("{{") else f"{{{{ value_json.{source} }}}}"
    return {"platform": "sensor", "name": name, "state_topic": topics.state, "value_template": template, **options}


def _binary_sensor(topics: Topics, name: str, condition: str, options: dict[str, Any]) -> dict[str, Any]:
    negation, _, field = condition.rpartition(" ")
    known = f"'ON' if {negation} value_json.{field} else 'OFF'"
    template = f"{{{{ 'None' if value_json.{field} is none else {known} }}}}"
    return {
        "platform": "binary_sensor",
        "name": name,
        "state_topic": topics.state,
        "value_template": template,
        **options,
    }


def _button(topics: Topics, name: str, icon: str, command: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": "button",
        "name": name,
        "icon": icon,
        "command_topic": topics.command,
        "command_template": _with_time(json.dumps(command)),
        "message_expiry_interval": 5,
    }


def _with_time(command: str) -> str:
    return command.removesuffix("}") + ', "src": "home_assistant", "ts": {{ now().timestamp() }}}'


def _program_select(topics: Topics, programs: list[str]) -> dict[str, Any]:
    return {
        "platform": "select",
        "name": "Program",
        "icon": "mdi:format-list-numbered",
        "state_topic": topics.state,
        "value_template": "{{ value_json.program }}",
        "command_topic": topics.command,
        "command_template": _with_time('{"cmd": "select_program", "value": {{ value | tojson }}}'),
        "options": programs,
    }


def _of_their_own(topics: Topics) -> dict[str, dict[str, Any]]:
    """Return what reads or writes another topic than all others."""
    return {
        "link": {
            "platform": "binary_sensor",
            "name": "Link",
            "device_class": "connectivity",
            "state_topic": topics.link,
            "payload_on": "online",
            "payload_off": "offline",
            **_DIAGNOSTIC,
        },
        "workout": {
            "platform": "event",
            "name": "Workout",
            "icon": "mdi:walk",
            "state_topic": topics.event,
            "event_types": list(EVENT_TYPES),
        },
        "stop": {
            "platform": "button",
            "name": "Stop",
            "icon": "mdi:stop-circle",
            "command_topic": topics.stop,
            "payload_press": "stop",
        },
    }


def _availability(key: str, topics: Topics) -> dict[str, Any]:
    needed = [topics.status, topics.link] if key in _TOLD_BY_MACHINE else [topics.status]
    return {"availability": [{"topic": topic} for topic in needed], "availability_mode": "all"}

"""The names of all topics, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from retrowalk.mqtt.settings import MqttSettings


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one daemon, and the two of Home Assistant that it takes part in."""

    status: str
    link: str
    state: str
    diagnostics: str
    event: str
    response: str
    command: str
    stop: str
    buttons: tuple[str, ...]
    beat: str
    discovery: str
    birth: str
    trusted_roots: frozenset[str]  # where other daemons and Home Assistant believe what they read

    @classmethod
    def of(cls, settings: MqttSettings) -> Topics:
        """Return the topics under `<base_topic>/<node>`."""
        root = f"{settings.base_topic}/{settings.node}"
        return cls(
            status=f"{root}/status",
            link=f"{root}/link",
            state=f"{root}/state",
            diagnostics=f"{root}/diagnostics",
            event=f"{root}/event",
            response=f"{root}/response",
            command=f"{root}/cmd",
            stop=f"{root}/cmd/stop",
            buttons=tuple(f"{root}/button/{name}" for name in settings.declared_buttons),
            beat=f"{root}/beat",
            discovery=f"{settings.discovery_prefix}/device/{settings.base_topic}_{settings.node}/config",
            birth=f"{settings.discovery_prefix}/status",
            trusted_roots=frozenset(name.split("/")[0] for name in (settings.base_topic, settings.discovery_prefix)),
        )

    @property
    def incoming(self) -> tuple[str, ...]:
        """What is sent to the daemon: by people, and, where there are buttons, by itself."""
        return (self.stop, self.command, *((*self.buttons, self.beat) if self.buttons else ()))

"""How the permissives look in a terminal of 80 columns. Pure: a message in, something to print out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from retrowalk.messages.explain import ExplainMessage, PermissiveMessage, Standing
from retrowalk.model.reports import Kind, Phase

_GROUPS: Final = {
    Kind.STOP: "stops",
    Kind.PAUSE: "pauses",
    Kind.EASE: "easing",
    Kind.NO_ENTRY: "no entry",
    Kind.WARN: "warnings",
}
_DOES: Final = {
    Kind.STOP: "stop, latched",
    Kind.PAUSE: "pause",
    Kind.EASE: "no increase",
    Kind.NO_ENTRY: "no start",
    Kind.WARN: "warning",
}
_STYLES: Final = {
    Standing.BROKEN: ("✗", "bold red"),
    Standing.UNKNOWN: ("?", "yellow"),
    Standing.GOOD: ("✓", "green"),
    Standing.NEEDS_DAEMON: ("?", "bright_black"),
    Standing.DOES_NOT_APPLY: ("–", "bright_black"),
}
_ORDER: Final = {standing: rank for rank, standing in enumerate(_STYLES)}
_INDENT: Final = 4


def screen(message: ExplainMessage) -> RenderableType:
    """Draw every permissive in a line, in groups by the worst that it can do; the broken ones first, with a remedy."""
    parts: list[RenderableType] = [*_headline(message)]
    for kind, name in _GROUPS.items():
        group = [permissive for permissive in message.permissives if _worst(permissive) is kind]
        if group:
            parts += ["", Text(name, "bold")]
            for permissive in sorted(group, key=lambda permissive: _ORDER[permissive.standing]):
                parts += _rows(permissive)
    return Group(*parts)


def _headline(message: ExplainMessage) -> Iterator[RenderableType]:
    if message.simulated:
        yield Text("SIMULATED", "bold black on yellow")
    yield Text(" · ".join(fact for fact in _facts(message) if fact), "bold")
    broken = [permissive for permissive in message.permissives if permissive.standing is Standing.BROKEN]
    for words in message.obstacles:
        yield Text(f"✗ {words}", "bold red")
    if message.live:
        yield _verdict(message, broken)
    elif message.program and not message.obstacles:
        yield Text("the configuration has nothing against this program; the rest needs a running daemon", "green")


def _facts(message: ExplainMessage) -> tuple[str | None, ...]:
    program = f"program {message.program}" if message.program else "no program is selected"
    if not message.live:
        return "no daemon was asked: told from the configuration", program
    age_s = message.telemetry_age_s
    return (
        message.phase,
        f"belt: {message.motion}",
        program,
        "no telemetry" if age_s is None else f"telemetry {age_s:g} s old",
    )


def _verdict(message: ExplainMessage, broken: list[PermissiveMessage]) -> Text:
    if not broken:
        return Text("nothing stands in the way", "green")
    if message.phase is Phase.IDLE:
        return Text(f"{len(broken)} would keep a belt from starting: usual between sessions", "yellow")
    return Text(f"{len(broken)} stand in the way", "bold red")


def _worst(permissive: PermissiveMessage) -> Kind:
    """Return the strongest of what it does in any motion: its group."""
    return next(kind for kind in _GROUPS if kind in permissive.does_in.values())


def _rows(permissive: PermissiveMessage) -> Iterator[RenderableType]:
    mark, style = _STYLES[permissive.standing]
    line = f"{mark} {permissive.rule:<23}{_read(permissive):<28}{_effect(permissive)}"
    yield Text(line, style, no_wrap=True, overflow="ellipsis")
    if permissive.standing is Standing.BROKEN:
        yield Padding(Text.assemble(permissive.words, (f" → {permissive.remedy}", "yellow")), (0, 0, 0, _INDENT))


def _read(permissive: PermissiveMessage) -> str:
    """Say what was read and what its limit is."""
    value, limit, unit = permissive.value, permissive.limit, permissive.unit
    if permissive.standing is Standing.NEEDS_DAEMON:
        return "needs a running daemon"
    if value is None and limit is None:
        return ""
    if value is None:
        return f"{'never' if unit == 's' else 'not heard'}, limit {limit:g} {unit}"
    return f"{value:g} {unit}" if limit is None else f"{value:g} {unit}, limit {limit:g}"


def _effect(permissive: PermissiveMessage) -> str:
    """Say what breaking it does now; where nobody knows what is now, what it does at all."""
    if permissive.standing is Standing.DOES_NOT_APPLY:
        return "not now"
    kinds = [permissive.does] if permissive.does else permissive.does_in.values()
    return ", ".join(dict.fromkeys(_DOES[kind] for kind in kinds))

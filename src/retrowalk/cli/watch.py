"""`retrowalk watch`: a live view of a running daemon, over MQTT."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live

from retrowalk.cli.watch_view import line, screen
from retrowalk.config import ConfigError, load_config
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.broker import BrokerError, connect, why
from retrowalk.mqtt.topics import Topics

BAD_INPUT: Final = 2
STALE_S: Final = 5.0
RETRY_S: Final = 1.0

ConfigFile = Annotated[Path | None, typer.Option("--config", help="the daemon's configuration, which names the broker")]
Host = Annotated[str, typer.Option(help="the broker")]
Port = Annotated[int, typer.Option(help="the broker's port")]
Name = Annotated[str, typer.Option(help="the daemon's name")]


def watch(config: ConfigFile = None, host: Host = "localhost", port: Port = 1883, name: Name = "treadmill") -> None:
    """Show what the daemon does, live; plain lines when the output is no terminal."""
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(_settings(config, host, port, name), Console()))


async def follow(settings: MqttSettings, console: Console) -> None:
    """Show every state until cancelled."""
    if not console.is_terminal:
        await _lines(settings, console)
        return
    with Live(screen(None), console=console, screen=True, auto_refresh=False) as live:
        async with aclosing(states(settings)) as following:
            async for state in following:
                live.update(screen(state), refresh=True)


async def _lines(settings: MqttSettings, console: Console) -> None:
    last = ""
    async with aclosing(states(settings)) as following:
        async for state in following:
            text = line(state)
            if text != last:
                console.print(text, highlight=False, markup=False, soft_wrap=True)
            last = text


async def states(settings: MqttSettings) -> AsyncGenerator[dict[str, Any] | str | None]:
    """Yield each state; None when none came for 5 s, and the words of a broker that is away or refuses."""
    while True:
        away = None
        try:
            async with aclosing(_of_one_connection(settings)) as connected:
                async for state in connected:
                    yield state
        except (BrokerError, OSError) as error:
            away = f"the broker at {settings.host}:{settings.port}: {why(error)}"
        yield away
        await asyncio.sleep(RETRY_S)


async def _of_one_connection(settings: MqttSettings) -> AsyncGenerator[dict[str, Any] | None]:
    topic = Topics.of(settings).state
    async with connect(settings, f"retrowalk-watch-{secrets.token_hex(4)}") as connection:
        await connection.subscribe([topic])
        async with aclosing(connection.incoming()) as incoming:
            while True:
                try:
                    async with asyncio.timeout(STALE_S):
                        message = await anext(incoming)
                except TimeoutError:
                    return
                yield _state(message.payload)


def _state(payload: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        state = json.loads(payload)
        return state if isinstance(state, dict) else None
    return None


def _settings(config: Path | None, host: str, port: int, name: str) -> MqttSettings:
    if config is None:
        return MqttSettings(node=name, host=host, port=port)
    try:
        settings = load_config(config).mqtt_settings()
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(BAD_INPUT) from None
    if settings is None:
        typer.echo(f"{config}: mqtt.enabled is false, there is nothing to watch", err=True)
        raise typer.Exit(BAD_INPUT)
    return settings

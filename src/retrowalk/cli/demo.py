"""`retrowalk demo`: two short sessions on a simulated treadmill, each step checked with an independent witness."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live

from retrowalk.cli.demo_stage import NoSuchProfile, Simulator, Stage, StageError, missing_tools, stage
from retrowalk.cli.watch_view import line, screen
from retrowalk.mqtt import MqttSettings
from retrowalk.mqtt.broker import Connection, Outgoing, connect
from retrowalk.mqtt.topics import Topics

USAGE: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
READING_S: Final = 1.5
FASTEST_KMH: Final = 0.85  # board speed, with the belt's own tolerance
_INTO_THE_BOUT_S: Final = 5.0
_PATIENCE_S: Final = 150.0
_LATEST_STOP_MS: Final = 1000.0
_STEPS: Final = {"step_on": "step_on", "rest": "step_off", "questions": "step_off"}


class DemoFailed(Exception):  # noqa: N818 - what happened
    """A step was not verified."""


def demo(
    profile: Annotated[str, typer.Option(help="the simulated treadmill: `retrowalk-sim list`")] = "ideal",
    keep: Annotated[Path | None, typer.Option(help="keep logs and configuration in this folder")] = None,
) -> None:
    """Walk backward twice for twenty seconds; then again, and the walker pulls the strap."""
    if missing := missing_tools():
        typer.echo(f"retrowalk demo needs {', '.join(missing)}: apt-get install {' '.join(missing)}", err=True)
        raise typer.Exit(USAGE)
    with tempfile.TemporaryDirectory(prefix="retrowalk-demo-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with _view(Console()) as (show, announce):
                verdict = asyncio.run(_interruptible(play(folder, show, profile, announce)))
        except NoSuchProfile as error:
            typer.echo(error, err=True)
            raise typer.Exit(USAGE) from None
        except (DemoFailed, StageError) as error:
            typer.echo(f"demo: FAILED: {error}", err=True)
            _show_log(folder)
            raise typer.Exit(FAILED) from None
        except asyncio.CancelledError:
            typer.echo("demo: interrupted; daemon, simulator and broker have ended, in this order", err=True)
            raise typer.Exit(INTERRUPTED) from None
    typer.echo(verdict)


async def _interruptible(playing: Coroutine[Any, Any, str]) -> str:
    """Return what `playing` returns. The first signal cancels it; no other one hurries it, for the belt stops first."""
    task = asyncio.current_task()

    def interrupt() -> None:
        if task and not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    return await playing


@dataclass
class Audience:
    """A client of the broker that watches the daemon, and presses the button when the walker is asked to."""

    connection: Connection
    topics: Topics
    show: Callable[[dict[str, Any]], None]
    state: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Keep what the daemon says, until cancelled."""
        async for message in self.connection.incoming():
            content = json.loads(message.payload)
            if message.topic == self.topics.state:
                self.state = content
                self.show(content)
            elif message.topic == self.topics.event:
                self.events.append(content)
            else:
                self.replies.append(content)
            self._news.set()

    async def until(self, found: Callable[[], Any], what: str) -> Any:
        """Return what `found` finds, once it does. Raises DemoFailed in vain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while not (result := found()):
                    self._news.clear()
                    await self._news.wait()
                return result
        raise DemoFailed(f"{what} did not happen within {_PATIENCE_S:g} s")

    async def coming(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every event from now on, in order."""
        for number in count(len(self.events)):
            await self.until(partial(self._has_event, number), "another event")
            yield self.events[number]

    def _has_event(self, number: int) -> bool:
        return len(self.events) > number

    def strap_is(self, closed: bool) -> bool:
        """Whether the daemon's last state says so."""
        return self.state["strap_closed"] is closed

    async def event(self, kind: str, since: int = 0, **wanted: object) -> dict[str, Any]:
        """Return the first event of `kind` with these fields, from number `since` on."""

        def found() -> dict[str, Any] | None:
            return next(
                (e for e in self.events[since:] if e["event_type"] == kind and wanted.items() <= e.items()), None
            )

        event: dict[str, Any] = await self.until(found, f"the event {kind} {wanted or ''}")
        return event

    async def command(self, cmd: str, value: str | None = None) -> None:
        """Send a command and wait until it was taken. Raises DemoFailed with the daemon's reason."""
        request = secrets.token_hex(4)
        payload = {"cmd": cmd, "ts": time.time(), "id": request} | ({} if value is None else {"value": value})
        await self.connection.publish(Outgoing(self.topics.command, json.dumps(payload)))

        def found() -> dict[str, Any] | None:
            return next((reply for reply in self.replies if reply["id"] == request), None)

        reply = await self.until(found, f"the answer to {cmd}")
        if not reply["ok"]:
            raise DemoFailed(f"{cmd} was refused: {reply['reason']}")

    async def press(self) -> None:
        """Press the button at the treadmill."""
        press = json.dumps({"press": "short", "ts": time.time()})
        await self.connection.publish(Outgoing(self.topics.buttons[0], press))


async def play(
    folder: Path,
    show: Callable[[dict[str, Any]], None],
    profile: str = "ideal",
    announce: Callable[[str], None] = lambda _: None,
) -> str:
    """Play both sessions, `announce` each, `show` each state; return the verdict. Raises DemoFailed, StageError."""
    async with stage(folder, profile) as set_, _audience(set_.settings, show) as audience:
        return await _while_both_live(set_, _sessions(audience, set_, announce))


async def _sessions(audience: Audience, set_: Stage, announce: Callable[[str], None]) -> str:
    await audience.until(lambda: audience.state, "the daemon's first state")
    announce("1/2  a clean session: two bouts of twenty seconds, backward")
    clean = await _clean_session(audience, set_.simulator)
    announce("2/2  the same again, and the walker pulls the strap")
    trip = await _trip(audience, set_)
    return f"demo: ok; {clean}; {trip}"


async def _while_both_live(set_: Stage, sessions: Coroutine[Any, Any, str]) -> str:
    """Return what `sessions` returns. Raises StageError as soon as the simulator or the daemon has died."""
    playing = asyncio.create_task(sessions)
    lives = {
        asyncio.create_task(set_.simulator.process.wait()): "simulator",
        asyncio.create_task(set_.daemon.wait()): "daemon",
    }
    try:
        await asyncio.wait({playing, *lives}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            ended = [f"the {who} has died, with status {life.result()}" for life, who in lives.items() if life.done()]
            raise StageError("; ".join(ended))
        return playing.result()
    finally:
        for task in (playing, *lives):
            task.cancel()
        await asyncio.gather(playing, *lives, return_exceptions=True)


async def _clean_session(audience: Audience, simulator: Simulator) -> str:
    """Walk both bouts of the program `demo`, and check with the witness that nothing else happened."""
    begun = time.monotonic()
    walker = asyncio.create_task(_walk_willingly(audience, simulator))
    try:
        await _arm(audience, simulator)
        ended = await audience.event("workout_ended")
    finally:
        await _cancelled(walker)
    starts, speeds = simulator.of("belt_started"), [float(e["detail"]) for e in simulator.of("set_point")]
    await audience.until(lambda: not audience.state["link_up"], "letting the treadmill go")
    _verify(ended["ending"] == "completed", f"the clean session ended as {ended['ending']}")
    _verify(len(starts) == 2, f"the belt started {len(starts)} times, not twice")
    _verify(len(simulator.of("belt_standing")) == 2, "the belt did not stand at the end")
    _verify(max(speeds, default=0) <= FASTEST_KMH, f"a set-point of {max(speeds, default=0)} km/h was too fast")
    _verify(not any(event["event_type"] == "trip" for event in audience.events), "the clean session tripped")
    return f"clean session: 2 bouts in {time.monotonic() - begun:.0f} s"


async def _trip(audience: Audience, set_: Stage) -> str:
    """Walk again, pull the strap in mid-bout, and measure with the witness how the belt stops."""
    simulator, since = set_.simulator, len(audience.events)
    walker = asyncio.create_task(_walk_willingly(audience, simulator))
    try:
        await _arm(audience, simulator)
        await audience.event("phase", since, phase="walk")
    finally:
        await _cancelled(walker)
    await asyncio.sleep(_INTO_THE_BOUT_S)  # the walk itself
    walking_s = time.monotonic()  # the strap was pulled once before, to arm
    simulator.do("pull_strap")
    pulled_s = float((await simulator.until("strap_pulled", after_s=walking_s))["at_s"])
    stop = await simulator.until("written", after_s=pulled_s, fits="0801".__eq__)
    stands = await simulator.until("belt_standing", after_s=pulled_s)
    await audience.event("trip", since, cause="strap_open")
    verified = await audience.event("stop_verified", since)
    await audience.until(lambda: audience.state["phase"] == "tripped", "the latch")
    _verify(audience.state["latched"], "the trip did not latch")
    stop_ms, stand_s = (stop["at_s"] - pulled_s) * 1000, stands["at_s"] - pulled_s
    _verify(stop_ms <= _LATEST_STOP_MS, f"Stop came {stop_ms:.0f} ms after the pull, not within {_LATEST_STOP_MS:.0f}")
    return (
        f"strap pulled -> Stop on the wire in {stop_ms:.0f} ms, belt stands after {stand_s:.1f} s, "
        f"verified by the daemon after {verified['elapsed_s']:.1f} s, latched"
    )


async def _arm(audience: Audience, simulator: Simulator) -> None:
    """Select, put the strap on, as the daemon wants to have seen it, and arm."""
    await audience.command("select_program", "demo")
    for order, closed in (("pull_strap", False), ("clip_strap", True)):
        simulator.do(order)
        await audience.until(partial(audience.strap_is, closed), f"the strap line's answer to {order}")
    await audience.command("arm")


async def _walk_willingly(audience: Audience, simulator: Simulator) -> None:
    """Do what a walker does: read a prompt, press; step on when told, off when the belt stands."""
    async for event in audience.coming():
        if event["event_type"] == "prompt":
            await asyncio.sleep(READING_S)  # the walker reads
            await audience.press()
        elif event["event_type"] == "phase" and event["phase"] in _STEPS:
            simulator.do("walker", step=_STEPS[event["phase"]])


@asynccontextmanager
async def _audience(settings: MqttSettings, show: Callable[[dict[str, Any]], None]) -> AsyncIterator[Audience]:
    topics = Topics.of(settings)
    async with connect(settings, f"retrowalk-demo-{secrets.token_hex(4)}") as connection:
        await connection.subscribe((topics.state, topics.event, topics.response))
        audience = Audience(connection, topics, show)
        listening = asyncio.create_task(audience.listen())
        try:
            yield audience
        finally:
            await _cancelled(listening)


@contextmanager
def _view(console: Console) -> Iterator[tuple[Callable[[dict[str, Any]], None], Callable[[str], None]]]:
    """Show states and announcements: as a live picture, which needs none, in a terminal; as plain lines elsewhere."""
    if not console.is_terminal:
        lines = _Lines(console)
        yield lines.show, lines.announce
        return
    with Live(screen(None), console=console, screen=True, auto_refresh=False) as live:
        yield lambda state: live.update(screen(state), refresh=True), lambda _: None


@dataclass
class _Lines:
    """Prints a state when what matters in it has changed."""

    console: Console
    last: tuple[object, ...] = ()

    def announce(self, words: str) -> None:
        """Print a heading."""
        self.console.print(f"\n{words}", highlight=False, markup=False, soft_wrap=True)

    def show(self, state: dict[str, Any]) -> None:
        """Print `state` if it is news."""
        news = tuple(state[key] for key in ("phase", "prompt_id", "cue", "trip_cause", "alarm"))
        if news != self.last:
            self.last = news
            self.console.print(line(state), highlight=False, markup=False, soft_wrap=True)


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task; if it had failed before, that is the news."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _verify(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)


def _show_log(folder: Path) -> None:
    for name in ("daemon.log", "simulator.log"):
        with suppress(OSError):
            for text in (folder / name).read_text().splitlines()[-15:]:
                typer.echo(f"  {name}: {text}", err=True)

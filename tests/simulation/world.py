"""One story, lived through in virtual time: the whole daemon, a treadmill, straps, a walker, a broker, a disk.

Everything that happens is a line of the log, and the judge hears each line. Nothing here decides what was right.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final, cast

import structlog

from retrowalk.app.daemon import Daemon
from retrowalk.app.parts import Parts
from retrowalk.bluetooth import Bluetooth
from retrowalk.engine import Engine
from retrowalk.heart_rate.client import HeartRateClient, HeartRateSettings
from retrowalk.interlock.rules import RULES
from retrowalk.machines import Machines
from retrowalk.model.observations import ButtonPress, ButtonSource, MarkerStored, Power, StrapLine
from retrowalk.model.plan import Facing
from retrowalk.model.reports import (
    Cue,
    Phase,
    PhaseChanged,
    PromptKind,
    PromptOpened,
    Reply,
    Report,
    SegmentStarted,
    State,
    Tripped,
    Warned,
)
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import Speed, seconds
from retrowalk.mqtt import MqttBridge, MqttSettings
from retrowalk.session import words
from retrowalk.treadmill.link import TreadmillLink
from retrowalk.treadmill.machine import TreadmillSettings
from retrowalk_sim.gatt import AttError
from retrowalk_sim.heart_rate import HeartRateStrap
from retrowalk_sim.memory import Radio
from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import CONTROL_POINT, Treadmill
from retrowalk_sim.walker import Walker
from retrowalk_sim.witness import Witness
from simulation.broker import MemoryBroker
from simulation.happenings import HAPPENINGS, Doing
from simulation.judge import Facts, Judge, Verdict
from simulation.story import Happening, Story
from simulation.telling import told
from support.house import Nobody
from support.machines import commissioned, record
from virtual_time import VirtualTimeLoop, run

NODE: Final = "campaign"
WALL_S: Final = 1_767_225_600.0
LOOK_S: Final = 0.2
EXERTS_BPM: Final = 1.5  # a look at the heart
ARMS_S: Final = 1.5
PULSE_S: Final = 0.5  # the happenings kick a device themselves
HEALED_S: Final = 90.0  # after all faults, for the daemon to come to rest
LEAVES_S: Final = 60.0
FAILSAFE_S: Final = 1.0  # from the death of the daemon to the Stop of a fresh process
RESTART_S: Final = 3.0
RESET_S: Final = 12.0
AGAIN_S: Final = 15.0  # idle, before somebody comes for another session
MEASURED: Final[Mapping[str, dict[str, Any]]] = {
    "silent-after-stop": {"after_stop": "silence"},
    "ignores-start": {"starts_at_console_only": True},
}
"""What commissioning would have found out."""
_QUIET: Final = structlog.make_filtering_bound_logger(50)


@dataclass
class Lived:
    """What came of a story."""

    story: Story
    log: list[str]
    verdicts: list[Verdict]
    rules: Counter[str]
    phases: Counter[str]
    standstills_s: list[float]
    simulated_s: float


def live(story: Story) -> Lived:
    """Live through `story`. Raises what the harness itself does wrong, and nothing that the daemon does."""
    structlog.configure(wrapper_class=_QUIET, processors=[_drop], cache_logger_on_first_use=False)
    world = World(story)
    try:
        simulated_s = run(world.live())
    finally:
        structlog.reset_defaults()
    judge = world.judge
    return Lived(story, world.log, judge.verdicts, world.rules, world.phases, judge.standstills_s, simulated_s)


def _drop(*_args: object) -> dict[str, object]:
    raise structlog.DropEvent


class _Disk:
    """The session marker: it outlives the daemon, may be full, and may be slow."""

    def __init__(self) -> None:
        self.content: str | None = None
        self.full = False
        self.takes_s = 0.01
        self.observe: Callable[[MarkerStored], None] = lambda _: None

    def cause(self) -> str | None:
        return self.content

    def store(self, _address: str, latch: str | None) -> None:
        asyncio.get_running_loop().call_later(self.takes_s, self._stored, latch or "restart_in_session", self.observe)

    def _stored(self, content: str, observe: Callable[[MarkerStored], None]) -> None:
        if not self.full:
            self.content = content
        observe(MarkerStored(ok=not self.full))

    def clear(self) -> None:
        self.content = None


class World:
    """Everything in one house, and the daemon's listener in it. Made outside the loop, lived inside."""

    treadmill: Treadmill
    heart: HeartRateStrap
    walker: Walker
    strap: SafetyStrap
    broker: MemoryBroker
    lasting_s: float
    loop: VirtualTimeLoop
    radio: Radio
    daemon: Daemon
    _running: asyncio.Task[int]

    def __init__(self, story: Story) -> None:
        self.story = story
        self.log: list[str] = []
        self.rules: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.judge = Judge(facts_of(story))
        self.random = Random(story.seed + 1)  # noqa: S311 - repeatable noise
        self.treadmill = Treadmill(story.machine, seed=story.seed)
        self.strap = SafetyStrap()
        self.walker = Walker(self.treadmill, self.strap, story.person.fitness)
        self.heart = HeartRateStrap(self._heart_bpm, seed=story.seed)
        self.treadmill.pulse_s = self.heart.pulse_s = PULSE_S
        self.broker = MemoryBroker(f"retrowalk/{NODE}")
        self.bridge: MqttBridge | None = None
        self.disk = _Disk()
        self.lasting_s = self.wall_jump_s = self.heart_now_bpm = 0.0
        self._wire = "whole"
        self._line: bool | None = None
        self._worn_bpm: float | None = None
        self._exertion_bpm = self._exerted_bpm = 0.0
        self._alive = self._closing = self._armed_once = False
        self._ends: dict[int, Callable[[], None]] = {}
        self.treadmill.witness.on_event = self._witnessed
        self.strap.listen(lambda _closed: self._line_changed())

    async def live(self) -> float:
        """Live to the end; return how long that took, in virtual seconds."""
        story = self.story
        self.loop = cast("VirtualTimeLoop", asyncio.get_running_loop())
        self._me = asyncio.current_task()
        with Radio(self.treadmill, self.heart) as radio:
            self.radio = radio
            self.boot()
            for happening in story.happenings:
                self.loop.call_at(happening.at_s, self._begin, happening)
            self._look()
            self.loop.call_later(ARMS_S, self.arm)
            await self._until_horizon()
            await self._heal()
            await self._leave()
        return self.loop.time()

    # -- how it goes ---

    async def _until_horizon(self) -> None:
        while self.loop.time() < self.story.horizon_s and not self._done:
            await asyncio.sleep(1.0)
            for_s = self.loop.time() - self.judge.phase_s
            if self.judge.phase == "tripped" and for_s > RESET_S:
                self._reset()
            elif self.judge.phase == "idle" and for_s > AGAIN_S and self._alive:
                self.arm()
        if self.story.clean:
            self.judge.ended_by(self.loop.time())

    @property
    def _done(self) -> bool:
        """Somebody came, a session is over or never was, and so is all that was to happen."""
        last_s = max((h.at_s + h.for_s for h in self.story.happenings), default=0.0)
        over = self.judge.phase == "idle" and self.loop.time() - self.judge.phase_s > AGAIN_S - 5
        return self._armed_once and over and self.loop.time() > max(last_s + 5, 60)

    async def _heal(self) -> None:
        """Mend everything, and wait until a person could go home."""
        self._closing = True
        self.note("world", "healed")
        for end in tuple(self._ends.values()):
            end()
        if not self._alive:
            self.boot_again()
        if self.judge.phase != "idle":
            self.ask("stop", 0)
        until_s = self.loop.time() + HEALED_S
        while self.loop.time() < until_s and not (self.judge.phase == "idle" and self.treadmill.speed_kmh == 0):
            await asyncio.sleep(1.0)
            if self.judge.phase == "tripped":
                self._reset()

    async def _leave(self) -> None:
        self.note("world", "sigterm")
        running = self._running
        self.daemon.shut_down()
        done, _ = await asyncio.wait([running], timeout=LEAVES_S)
        self.judge.left(self.loop.time(), in_time=bool(done))
        if not done:
            self.crash()
        await asyncio.sleep(1)
        for task in self._tasks():
            task.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)

    def _begin(self, happening: Happening) -> None:
        if self._closing:
            return
        kind, now_s = HAPPENINGS[happening.what], self.loop.time()
        self.treadmill.catch_up(now_s)
        self.heart.catch_up(now_s)
        self.lasting_s = happening.for_s
        self.note("world", happening.what, f"{happening.value:.3f} for {happening.for_s:.2f} s")
        kind.begin(self, happening.value)
        if kind.end:
            end = self._ends[id(happening)] = partial(self._end, happening, kind.end)
            self.later(happening.for_s, end)

    def _end(self, happening: Happening, end: Doing) -> None:
        if self._ends.pop(id(happening), None) is None:
            return
        self.treadmill.catch_up(self.loop.time())
        self.note("world", f"{happening.what} over")
        end(self, happening.value)

    def _look(self) -> None:
        self.loop.call_later(LOOK_S, self._look)
        self.treadmill.catch_up(self.loop.time())
        self.judge.look(self.loop.time(), self.treadmill.machine.belt.value, self.heart_now_bpm)

    def note(self, who: str, what: str, detail: str = "") -> None:
        """Write a line into the log; the judge hears it."""
        now_s = self.loop.time()
        self.log.append(f"{now_s:9.3f} {who:<5} {what} {detail}".rstrip())
        self.judge.hear(now_s, who, what, detail)

    def later(self, delay_s: float, do: Callable[[], object]) -> None:
        """Do something in `delay_s`."""
        self.loop.call_later(delay_s, do)

    def _witnessed(self, event: Witness) -> None:
        self.note("belt", event.what, event.detail)

    # -- the daemon, its birth and its death ---

    def boot(self) -> None:
        """Start a daemon; it finds what the one before left behind."""
        self.note("world", "boot", self.disk.content or "")
        daemon = self.daemon = Daemon(Engine(self.story.settings), clock_ns=self._clock_ns, leave=self._left)
        self.disk.observe = daemon.observe
        radio = self.radio
        bluetooth = Bluetooth(None, radio.client, radio.scanner, radio.adapter)
        knows = commissioned(self.story.machine, **MEASURED.get(self.story.machine, {}))
        if self.story.known != "commissioned":
            machines = Machines(records=(record(self.story.machine, passed=False),))
            knows = TreadmillSettings(machines=machines) if self.story.known == "refused" else TreadmillSettings()
        link = TreadmillLink(knows, daemon.observe, bluetooth, clock_ns=self._clock_ns)
        heart = HeartRateClient(HeartRateSettings(), daemon.observe, bluetooth)
        self.bridge = self._bridge() if self.story.broker else None
        daemon.parts = Parts(link, self.disk, Nobody(), heart, bridge=self)
        self._alive, self._line = True, None
        self._running = asyncio.create_task(daemon.run())
        self.later(0.02, self._line_changed)

    def _bridge(self) -> MqttBridge:
        return MqttBridge(
            MqttSettings(NODE),
            submit=self.daemon.observe,
            observe=self.daemon.observe,
            find_plan=lambda _: self.story.plan,
            programs=(self.story.plan.program,),
            wall_clock=lambda: WALL_S + self.loop.time() + self.wall_jump_s,
            clock_ns=self._clock_ns,
            dial=self.broker.dial,
        )

    def _clock_ns(self) -> int:
        return seconds(self.loop.time())

    def _tasks(self) -> list[asyncio.Task[object]]:
        return sorted((t for t in asyncio.all_tasks() if t is not self._me), key=lambda t: t.get_name())

    def crash(self) -> None:
        """Kill the daemon: its links stay up, and a fresh process will look for a belt to stop."""
        if not self._alive:
            return
        self.note("world", "died")
        self._alive = False
        self.daemon._failed = True
        if self.daemon._timer:
            self.daemon._timer.cancel()
        self.disk.observe = lambda _: None
        self.radio.forsake()
        for task in self._tasks():
            task.cancel()
        self.later(FAILSAFE_S, self._failsafe)

    def _failsafe(self) -> None:
        """Write Stop as the fresh process does: while there is a marker, until the belt stands or a daemon is back."""
        if self._alive or self.disk.content is None or self._closing:
            return
        if self.treadmill.linked:
            for frame in (b"\x00", b"\x08\x01"):
                with suppress(AttError):
                    self.treadmill.write(CONTROL_POINT, frame, response=True, now_s=self.loop.time())
        self.later(0.5, self._failsafe)

    def boot_again(self) -> None:
        """Let the service manager start the next daemon."""
        if not self._alive:
            self.boot()

    def terminate(self) -> None:
        """Send SIGTERM; the service manager starts the next daemon."""
        if not self._alive:
            return
        self.daemon.shut_down()
        self._running.add_done_callback(lambda _: self.later(RESTART_S, self._after_exit))

    def _after_exit(self) -> None:
        if self._running.done() and not self._closing:
            self._alive = False
            self.boot_again()

    def _left(self, status: int) -> None:
        self.note("said", "exit", str(status))
        if not self.daemon._over.is_set():
            self.judge.convict(self.loop.time(), "broken", "the engine raised")
        self.crash()
        if not self._closing:
            self.later(RESTART_S, self.boot_again)

    # -- what the daemon says, and what people do then ---

    def publish(self, report: Report) -> None:
        """Hear a report."""
        if self.bridge:
            self.bridge.publish(report)
        self.note("said", *told(report))
        match report:
            case PhaseChanged(phase):
                self.phases[phase.value] += 1
                if phase is Phase.IDLE and self._armed_once:
                    self.walker.step_off()
            case Tripped(trip):
                self.rules[trip.cause] += 1
            case Reply(ok=False, reason=words_of_rules) | Warned(words=words_of_rules):
                self.rules.update(rule.name for rule in RULES if rule.words in words_of_rules)
            case PromptOpened(prompt):
                self._prompted(prompt.kind)
            case Cue(words.STEP_ON_TIMED):
                self.walker.step_on()
            case SegmentStarted(what=Facing() as facing):
                self.walker.backward = facing is Facing.BACKWARD
            case _:
                pass

    def publish_state(self, state: State) -> None:
        """Hear the state."""
        if self.bridge:
            self.bridge.publish_state(state)
        if state.phase is not Phase.IDLE:  # hands off: nothing is watched, and much is not known
            self.rules.update(fault.rule for fault in state.faults)

    async def run(self) -> None:
        """Live until cancelled."""
        if self.bridge:
            await self.bridge.run()
        await asyncio.Event().wait()

    def _prompted(self, kind: PromptKind) -> None:
        person = self.story.person
        if kind is PromptKind.BOARD:
            self.walker.step_off()
        if kind is PromptKind.STEP_ON:
            self.later(person.reading_s, self._confirm_step_on)
        elif person.willing:
            self.later(person.reading_s, self.press)
            if person.double_presses:
                self.later(person.reading_s + 0.3, self.press)

    def _confirm_step_on(self) -> None:
        self.walker.step_on()
        self.ask("confirm", 0)

    def arm(self) -> None:
        """Come to the treadmill: choose, show to be there, arm."""
        self._armed_once = True
        self.note("hand", "arms")
        if self.story.settings.strap is StrapTier.LINE:
            self.walker.pull_strap()
            self.later(0.3, self.walker.clip_strap)
        else:
            self.press()
        self._request(Verb.SELECT_PROGRAM, plan=self.story.plan)
        self._request(Verb.ARM)

    def _reset(self) -> None:
        self.walker.step_off()
        if not self.strap.closed:
            self.walker.clip_strap()
        self.treadmill.insert_key()
        self.note("hand", "resets")
        self._request(Verb.RESET)

    def press(self) -> None:
        """Press the button at the treadmill."""
        self.note("hand", "press")
        if self._alive:
            self.daemon.observe(ButtonPress(ButtonSource.GPIO))

    def ask(self, verb: str, value: float) -> None:
        """Ask from far away: over the local socket, or over MQTT where there is a broker."""
        if self.bridge and self.broker.up and verb not in ("reset", "trim"):
            self.command(verb)
        else:
            trim = Speed(round(100 * (value - 0.7))) if verb == "trim" else None
            self._request(Verb(verb), trim=trim)

    def _request(self, verb: Verb, **more: object) -> None:
        self.note("far", verb.value, "socket")
        if self._alive:
            self.daemon.observe(Request(verb, Origin.SOCKET, **more))  # type: ignore[arg-type]

    def command(self, verb: str, *, retained: bool = False, age_s: float = 0) -> None:
        """Send a command over MQTT."""
        if not self.bridge:
            return
        sent = {"cmd": verb, "ts": WALL_S + self.loop.time() - age_s}
        self.note("far", verb if not (retained or age_s) else f"old {verb}")
        self.broker.send("cmd", json.dumps(sent).encode(), retained=retained)

    # -- what happenings do ---

    def inject(self, uuid: str, frame: bytes) -> None:
        """Let the treadmill or the strap send a frame that it should not."""
        for device in (self.treadmill, self.heart):
            device._notify(uuid, frame)

    def noise(self, length: int) -> bytes:
        """Return bytes without sense."""
        return self.random.randbytes(length)

    def lose_link(self, for_s: float) -> None:
        """Break the treadmill's link; it stays out of range for so long."""
        self.note("world", "out_of_range", f"{for_s:.2f}")
        self.treadmill.catch_up(self.loop.time())
        self.treadmill.lose_link(for_s)

    def wire(self, state: str) -> None:
        """Break, short or mend the strap's wire."""
        self._wire = state
        self._line_changed()

    def _line_changed(self) -> None:
        closed = {"whole": self.strap.closed, "broken": False, "shorted": True}[self._wire]
        if closed is not self._line:
            self._line = closed
            self.note("line", "closed" if closed else "open")
            self.daemon.observe(StrapLine(closed))

    def wear(self, bpm: float | None) -> None:
        """Wear somebody else's strap, whose heart does as it pleases (None: one's own)."""
        self._worn_bpm = bpm

    def exert(self, bpm: float) -> None:
        """Let the heart beat faster than the work explains."""
        self._exertion_bpm = bpm

    def _heart_bpm(self, now_s: float) -> float:
        own_bpm = self.walker.heart_bpm(now_s)
        self._exerted_bpm += max(-EXERTS_BPM, min(EXERTS_BPM, self._exertion_bpm - self._exerted_bpm))
        self.heart_now_bpm = own_bpm + self._exerted_bpm if self._worn_bpm is None else self._worn_bpm
        return self.heart_now_bpm

    def disk_is(self, *, full: bool = False, takes_s: float = 0.01) -> None:
        """Fill the disk, or make it slow."""
        self.disk.full, self.disk.takes_s = full, takes_s

    def power(self, *, ok: bool) -> None:
        """Let the supply voltage sag."""
        if self._alive:
            self.daemon.observe(Power(ok))

    def jump(self, by_s: float) -> None:
        """Set the wall clock."""
        self.wall_jump_s += by_s

    def stall(self, for_s: float) -> None:
        """Hold the daemon's loop."""
        self.loop.stall(for_s)
        self.note("world", "stalled", f"{for_s:.2f}")


def facts_of(story: Story) -> Facts:
    """Tell the judge what it may know beforehand, in plain numbers."""
    limits = story.plan.limits
    ceilings = {"backward": limits.backward, "forward": limits.forward}
    return Facts(
        machine=story.machine,
        caps_kmh={name: ceiling.speed.kmh for name, ceiling in ceilings.items()},
        caps_pct={name: ceiling.incline.pct for name, ceiling in ceilings.items()},
        ramps_kmh_per_s={name: ceiling.up_ramp_centi_kmh_per_s / 100 for name, ceiling in ceilings.items()},
        facings=tuple(bout.facing.value for bout in story.plan.bouts),
        strap_line=story.settings.strap is StrapTier.LINE,
        remote_start=story.settings.remote_start,
        hard_bpm=story.settings.heart.hard_bpm if story.settings.heart else None,
        happens=frozenset(h.what for h in story.happenings),
        expected_s=story.expected_s,
    )

"""The people: the walker at the treadmill, and whoever asks from far away. They do what the daemon asks of them."""

from __future__ import annotations

import json

from retrowalk.model.observations import ButtonPress, ButtonSource
from retrowalk.model.plan import Facing, Plan
from retrowalk.model.reports import Cue, Phase, PhaseChanged, PromptKind, PromptOpened, Report, SegmentStarted
from retrowalk.model.requests import Origin, Request, Verb
from retrowalk.model.settings import StrapTier
from retrowalk.model.units import Speed
from retrowalk.session import words
from retrowalk_sim.strap_line import SafetyStrap
from retrowalk_sim.treadmill import Treadmill
from retrowalk_sim.walker import Walker
from simulation.broker import MemoryBroker
from simulation.story import Story
from simulation.world.clock import Clock
from simulation.world.log import Log
from simulation.world.service import Service


class People:
    """They come, read, press, step on and off, reset, and ask for things."""

    def __init__(
        self,
        story: Story,
        clock: Clock,
        log: Log,
        service: Service,
        *,
        walker: Walker,
        strap: SafetyStrap,
        treadmill: Treadmill,
        broker: MemoryBroker,
    ) -> None:
        self.came = False  # at least once
        self._story, self._clock, self._log, self._service = story, clock, log, service
        self._walker, self._strap, self._treadmill, self._broker = walker, strap, treadmill, broker

    # -- what they do when the daemon says something ---

    def hear(self, report: Report) -> None:
        """Hear a report, and do what a walker does then."""
        match report:
            case PhaseChanged(Phase.IDLE) if self.came:
                self._walker.step_off()
            case PromptOpened(prompt):
                self._prompted(prompt.kind)
            case Cue(words.STEP_ON_TIMED):
                self._walker.step_on()
            case SegmentStarted(what=Facing() as facing):
                self._walker.backward = facing is Facing.BACKWARD
            case _:
                pass

    def _prompted(self, kind: PromptKind) -> None:
        person = self._story.person
        if kind is PromptKind.BOARD:
            self._walker.step_off()
        if kind is PromptKind.STEP_ON:
            self._clock.later(person.reading_s, self._confirm_step_on)
        elif person.willing:
            self._clock.later(person.reading_s, self.press)
            if person.double_presses:
                self._clock.later(person.reading_s + 0.3, self.press)

    def _confirm_step_on(self) -> None:
        self._walker.step_on()
        self.ask("confirm", 0)

    # -- at the treadmill ---

    def arm(self) -> None:
        """Come to the treadmill: choose, show to be there, arm."""
        self.came = True
        self._log.note("hand", "arms")
        if self._story.settings.strap is StrapTier.LINE:
            self._walker.pull_strap()
            self._clock.later(0.3, self._walker.clip_strap)
        else:
            self.press()
        self._request(Verb.SELECT_PROGRAM, plan=self._story.plan)
        self._request(Verb.ARM)

    def reset(self) -> None:
        """Make good what tripped, and reset."""
        self._walker.step_off()
        if not self._strap.closed:
            self._walker.clip_strap()
        self._treadmill.insert_key()
        self._log.note("hand", "resets")
        self._request(Verb.RESET)

    def press(self) -> None:
        """Press the button at the treadmill."""
        self._log.note("hand", "press")
        self._service.observe(ButtonPress(ButtonSource.GPIO))

    # -- from far away ---

    def ask(self, verb: str, value: float) -> None:
        """Ask from far away: over the local socket, or over MQTT where there is a broker."""
        if self._story.broker and self._broker.up and verb not in ("reset", "trim"):
            self.command(verb)
        else:
            trim = Speed(round(100 * (value - 0.7))) if verb == "trim" else None
            self._request(Verb(verb), trim=trim)

    def command(self, verb: str, *, retained: bool = False, age_s: float = 0) -> None:
        """Send a command over MQTT."""
        if not self._story.broker:
            return
        sent = {"cmd": verb, "ts": self._clock.right_s() - age_s}
        self._log.note("far", verb if not (retained or age_s) else f"old {verb}")
        self._broker.send("cmd", json.dumps(sent).encode(), retained=retained)

    def _request(self, verb: Verb, *, plan: Plan | None = None, trim: Speed | None = None) -> None:
        self._log.note("far", verb.value, "socket")
        self._service.observe(Request(verb, Origin.SOCKET, plan=plan, trim=trim))

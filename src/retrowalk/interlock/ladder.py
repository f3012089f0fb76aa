"""The stop ladder: a demanded stop is written again and again until the belt is seen to stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from retrowalk.interlock.belt import Belt
from retrowalk.model import numbers as n
from retrowalk.model.commands import Command, Rebuild, Relay, Stop
from retrowalk.model.reports import Rung, StopStep
from retrowalk.model.units import STANDSTILL, Speed

_ALARM = "feet on the side boards, hold on, pull the cord"

_WORDS = {
    Rung.DEMANDED: "stop demanded",
    Rung.WRITTEN: "the stop is on the wire",
    Rung.RESENT: "the belt is not yet seen to stand: stop written again",
    Rung.NO_EFFECT: f"the belt is not seen to slow down: {_ALARM}",
    Rung.WITHOUT_RESPONSE: "the stop's write is stuck: written without response",
    Rung.LINK_REBUILT: f"the stop's write is stuck: dropping the link to make a new one. {_ALARM}",
    Rung.NO_STANDSTILL: f"the belt is not seen to stand: {_ALARM}",
    Rung.LINK_LOST: f"no link to the treadmill, a stop cannot be written: {_ALARM}",
    Rung.RELAY_OPENED: "the cut-off relay is open: it takes the place of the safety key, and stays so until a reset",
    Rung.AWAITS_WORD: "nobody can see from here whether the belt stands; if it does: press and hold the button",
    Rung.TAKEN_AS_STANDING: "a person at the treadmill says that the belt stands",
    Rung.VERIFIED: "the belt stands, verified",
}
_OVER = {Rung.VERIFIED, Rung.TAKEN_AS_STANDING}
_ALARMS = (Rung.LINK_LOST, Rung.NO_EFFECT, Rung.LINK_REBUILT, Rung.NO_STANDSTILL)


@dataclass(slots=True)
class Ladder:
    """One demanded stop, on its way to a verified standstill."""

    cause: str
    demanded_ns: int
    from_speed: Speed
    run_down_ns: int
    new_number: Callable[[], int]
    again_ns: int = 0  # when somebody last asked for it again
    relay: bool = False  # there is one, and it is closed
    not_before_ns: int = 0  # zero frames verify nothing while the countdown of a START may still be running
    outstanding: dict[int, int] = field(default_factory=dict)  # Stops whose writes have not completed, and since when
    writes: int = 0  # every second Stop goes alone: a request for control that is stuck must not hold up all of them
    rebuilding: bool = False
    lost_ns: int | None = None  # since when there is no link
    settled_ns: int | None = None  # when the last write completed or failed
    first_written_ns: int | None = None
    lowest: Speed | None = None  # that the belt told since it was at `from_speed`
    fell_ns: int = 0  # when it first told that
    climbed: set[Rung] = field(default_factory=set)
    commands: list[Command] = field(default_factory=list)
    steps: list[StopStep] = field(default_factory=list)

    @property
    def alarm(self) -> str | None:
        """What a person must be told at once; it stays until the stop is verified or reset."""
        if self.climbed & _OVER:
            return None
        return next((_WORDS[rung] for rung in _ALARMS if rung in self.climbed), None)

    def begin(self, linked: bool, now_ns: int) -> None:
        """Demand the stop: write it in this very call when there is a link."""
        self._climb(Rung.DEMANDED, now_ns)
        if linked:
            self._write(now_ns)
        else:
            self.link_lost(now_ns)

    def link_up(self, now_ns: int) -> None:
        """Write on the new link what the old one may have lost."""
        self.outstanding.clear()
        self.rebuilding, self.lost_ns, self.fell_ns = False, None, now_ns
        self.climbed -= {Rung.LINK_LOST, Rung.LINK_REBUILT, Rung.WITHOUT_RESPONSE}
        self._write(now_ns)

    def again(self, linked: bool, now_ns: int) -> None:
        """Write the stop once more at once: somebody demanded it again."""
        self.again_ns = now_ns
        if linked and not self.rebuilding:
            self._write(now_ns)

    def link_lost(self, now_ns: int) -> None:
        """Take note that nothing can be written now."""
        self.outstanding.clear()
        self.lost_ns = now_ns if self.lost_ns is None else self.lost_ns
        self._climb(Rung.LINK_LOST, now_ns)

    def open_relay(self, now_ns: int) -> None:
        """Let the relay open, if there is one and it is closed."""
        if self.relay:
            self.relay = False
            self.commands.append(Relay(closed=False))
            self._climb(Rung.RELAY_OPENED, now_ns)

    def await_word(self, now_ns: int) -> None:
        """Ask whoever is at the treadmill whether the belt stands: telemetry will never tell."""
        self._climb(Rung.AWAITS_WORD, now_ns)

    def take_word(self, now_ns: int) -> None:
        """Take a person's word for the standstill."""
        self._climb(Rung.TAKEN_AS_STANDING, now_ns)

    def written(self, number: int, now_ns: int) -> None:
        """Take note that a Stop is on the wire."""
        if self.outstanding.pop(number, None) is None:
            return
        self.settled_ns = now_ns
        if self.first_written_ns is None:
            self.first_written_ns = now_ns
            self._climb(Rung.WRITTEN, now_ns)

    def failed(self, number: int, now_ns: int) -> None:
        """Take note that a Stop did not reach the wire; it is written again in its time."""
        if self.outstanding.pop(number, None) is not None:
            self.settled_ns = now_ns

    def tick(self, belt: Belt, linked: bool, now_ns: int) -> bool:
        """Climb as far as the time asks for; return whether standstill is verified."""
        if belt.speed is not None and belt.frame_ns is not None:
            self._follow(belt.speed, belt.frame_ns)
        if belt.runs:
            self.not_before_ns = 0  # no countdown can be running any more
        if belt.stands and now_ns >= self.not_before_ns:
            self._climb(Rung.VERIFIED, now_ns)
            return True
        overdue = not belt.stands and now_ns - self.demanded_ns >= self.run_down_ns
        if overdue:
            self._climb(Rung.NO_STANDSTILL, now_ns)
        effect_due_ns = (self.first_written_ns or self.demanded_ns) + n.STOP_EFFECT_NS
        no_effect = linked and now_ns >= effect_due_ns and not self._has_effect(belt, now_ns)
        if no_effect:
            self._climb(Rung.NO_EFFECT, now_ns)
        lost = self.lost_ns is not None and now_ns - self.lost_ns >= n.RELAY_LINK_LOST_NS
        if no_effect or overdue or lost:
            self.open_relay(now_ns)
        if linked and not self.rebuilding:
            self._press_on(no_effect, now_ns)
        return False

    def _follow(self, speed: Speed, at_ns: int) -> None:
        """Take note of how far the belt came down. A machine that reported its target jumps up to the truth."""
        if speed > self.from_speed:
            self.from_speed, self.lowest = speed, None
        if self.lowest is None or speed < self.lowest:
            self.lowest, self.fell_ns = speed, at_ns

    def _has_effect(self, belt: Belt, now_ns: int) -> bool:
        """The belt is heard to slow down, and still does: it might have been on its way to a slower set-point."""
        if belt.speed is None or belt.frame_ns is None or now_ns - belt.frame_ns > n.TELEMETRY_TRIP_NS:
            return False
        fell = self.from_speed - belt.speed >= n.STOP_EFFECT_DROP
        return belt.speed == STANDSTILL or (fell and belt.frame_ns - self.fell_ns < n.STOP_STALLED_NS)

    def _press_on(self, no_effect: bool, now_ns: int) -> None:
        """Write again; when the write before is stuck, go around it, and at last drop the link."""
        if not self.outstanding:
            if self.settled_ns is None or now_ns - self.settled_ns >= n.STOP_RESEND_NS:
                self._climb(Rung.RESENT, now_ns)
                self._write(now_ns)
            return
        stuck_ns = now_ns - min(self.outstanding.values())
        if stuck_ns >= n.STOP_RESEND_NS and Rung.WITHOUT_RESPONSE not in self.climbed:
            self._climb(Rung.WITHOUT_RESPONSE, now_ns)
            self._write(now_ns, without_response=True)
        if stuck_ns >= n.STOP_EFFECT_NS and no_effect:
            self._climb(Rung.LINK_REBUILT, now_ns)
            self.outstanding.clear()
            self.rebuilding = True
            self.commands.append(Rebuild())

    def _write(self, now_ns: int, *, without_response: bool = False) -> None:
        number = self.new_number()
        self.outstanding[number] = now_ns
        self.commands.append(Stop(number, without_response, alone=self.writes % 2 == 1))
        self.writes += 1

    def _climb(self, rung: Rung, now_ns: int) -> None:
        if rung in self.climbed and rung is not Rung.RESENT:
            return
        self.climbed.add(rung)
        self.steps.append(StopStep(rung, self.cause, now_ns - self.demanded_ns, rung in _ALARMS, _WORDS[rung]))

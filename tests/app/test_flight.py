from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from retrowalk.app.flight import AFTER_NS, BEFORE_NS, EVERY_NS, LONGEST_NS, Flight, FlightRecorder
from retrowalk.engine import Outcome
from retrowalk.model.observations import Observation, StrapLine
from retrowalk.model.reports import Reading, Rung, StopStep, Tripped
from retrowalk.model.requests import Request, Verb
from retrowalk.model.units import NS_PER_S, STANDSTILL
from support.ideal_belt import SETTINGS, World, judged


@dataclass
class Recorded(World):
    """An ideal belt whose every outcome is recorded."""

    recorder: FlightRecorder = field(default_factory=FlightRecorder)
    kept: list[Flight] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)

    def feed(self, event: Observation | Request) -> Outcome:
        """Tell the recorder what came of it, too."""
        outcome = super().feed(event)
        self.kept += self.recorder.hear(outcome.reports, self.now_ns, self._look)
        return outcome

    def _look(self, now_ns: int) -> Reading:
        self.looks.append(now_ns)
        return self.engine.reading(now_ns)


def walking() -> Recorded:
    made = Recorded(*judged(SETTINGS))
    made.engine.boot(None, made.now_ns)
    made.walking()
    made.run(12)
    return made


def finished(w: Recorded) -> Flight:
    (flight,) = [flight for flight in w.kept if flight.complete]
    return flight


def test_a_trip_is_kept_from_ten_seconds_before_it_to_ten_after_the_standstill() -> None:
    """The last version has both ends and no more; every rung is in it with its time."""
    w = walking()
    w.pull_strap()
    w.run(40)
    flight, trip = finished(w), w.said(Tripped)[0].trip
    verified = next(rise for rise in flight.steps if rise.step.rung is Rung.VERIFIED)
    assert flight.trip == trip
    assert 0 <= flight.readings[0].at_ns - (trip.at_ns - BEFORE_NS) <= EVERY_NS
    assert 0 <= verified.at_ns + AFTER_NS - flight.readings[-1].at_ns <= EVERY_NS
    assert [rise.step for rise in flight.steps] == w.said(StopStep)
    assert flight.program == "test"
    assert flight.machine == "Ideal"


def test_the_readings_tell_the_story() -> None:
    """The belt ran, the strap opened in the moment of the trip, the belt came to stand."""
    w = walking()
    w.pull_strap()
    w.run(40)
    flight = finished(w)
    before = [reading for reading in flight.readings if reading.at_ns < flight.trip.at_ns]
    at = next(reading for reading in flight.readings if reading.at_ns == flight.trip.at_ns)
    assert all(reading.speed and reading.target and reading.strap_closed for reading in before)
    assert at.strap_closed is False
    assert [reading.speed for reading in flight.readings if reading.speed is not None][-1] == STANDSTILL
    assert not flight.readings[-1].link_up  # hands off
    assert before[-1].heart_rate_bpm in (90, 91, 92)


def test_a_reading_is_asked_for_at_most_four_times_a_second_but_for_the_trip() -> None:
    """However many inputs there are."""
    w = walking()
    w.pull_strap()
    w.run(20)
    trip_ns = w.said(Tripped)[0].trip.at_ns
    slots = [at // EVERY_NS for at in w.looks if at != trip_ns]
    assert len(slots) == len(set(slots))


def test_a_first_version_is_kept_at_the_trip_and_a_later_one_at_each_rung() -> None:
    """A process that dies in a stop leaves what it had."""
    w = walking()
    w.pull_strap()
    first = w.kept[-1]
    assert not first.complete
    assert [rise.step.rung for rise in first.steps] == [Rung.DEMANDED]
    w.run(4)
    versions = [flight for flight in w.kept if not flight.complete]
    assert all(len(one.steps) < len(other.steps) for one, other in pairwise(versions))
    assert versions[-1].steps[-1].step.rung is Rung.VERIFIED


def test_a_belt_that_never_stands_is_recorded_for_a_minute() -> None:
    """And no longer: a recording has an end."""
    w = walking()
    w.obeys_stop = False
    w.pull_strap()
    w.run(59)
    assert not any(flight.complete for flight in w.kept)
    w.run(2)
    flight = finished(w)
    assert flight.readings[-1].at_ns - flight.trip.at_ns < LONGEST_NS + EVERY_NS
    assert any(rise.step.rung is Rung.NO_EFFECT for rise in flight.steps)


def test_a_planned_stop_that_latches_late_has_the_rungs_from_before_the_trip() -> None:
    """The trip comes when the belt is not seen to stand; the stop was demanded long before."""
    w = walking()
    w.obeys_stop = False
    w.ask(Verb.PAUSE)
    w.run(90, lambda: bool(w.trips))
    assert w.trips
    assert w.kept[-1].steps[0].step.rung is Rung.DEMANDED
    assert w.kept[-1].trip.at_ns - w.kept[-1].steps[0].at_ns > NS_PER_S


def test_without_a_trip_nothing_is_kept() -> None:
    """Two bouts, a rest, planned stops, the questions: no report."""
    w = Recorded(*judged(SETTINGS))
    w.engine.boot(None, w.now_ns)
    w.arm()
    w.run(200)
    assert any(step.rung is Rung.VERIFIED for step in w.said(StopStep))
    assert w.kept == []
    assert len(w.recorder._readings) <= BEFORE_NS / EVERY_NS + 1


def test_another_stop_ends_a_recording_with_what_belongs_to_it() -> None:
    """After a quick reset somebody says STOP again: its rungs are not taken for the trip's."""
    w = walking()
    w.pull_strap()
    w.run(4)
    w.feed(StrapLine(closed=True))
    w.ask(Verb.RESET)
    w.ask(Verb.STOP)
    assert w.recorder.cut() == []
    assert [rise.step.cause for rise in finished(w).steps] == ["strap_open"] * len(finished(w).steps)


def test_a_recording_is_cut_when_the_process_ends() -> None:
    """What there is, is given away once, and says that it is not all."""
    w = walking()
    w.pull_strap()
    w.run(1)
    (flight,) = w.recorder.cut()
    assert not flight.complete
    assert flight.readings[-1].at_ns > flight.trip.at_ns
    assert w.recorder.cut() == []

from __future__ import annotations

import pytest

from retrowalk.commissioning.dialogue import Kind, Question, understand
from retrowalk.commissioning.findings import KMH_PER_MPH, Findings, near
from retrowalk.commissioning.meter import Counter, Meter, between_s
from retrowalk.model.commands import PermittedCommand, Start, Stop
from retrowalk.model.observations import Telemetry, Written
from retrowalk.model.units import Speed, seconds


def fed(meter: Meter, *speeds_kmh: float, every_s: float = 0.5) -> Meter:
    """Let frames come in, one each half second."""
    for kmh in speeds_kmh:
        meter.now_ns += seconds(every_s)
        meter.hear(Telemetry(speed=Speed.from_kmh(kmh)))
    return meter


def test_a_start_is_measured_to_the_first_motion() -> None:
    """From the command, countdown included."""
    meter = Meter()
    meter.sent(PermittedCommand(1, Start(), 0))
    fed(meter, 0, 0, 0, 0.3, 0.8)
    assert between_s(meter.started_ns, meter.moved_ns) == 2.0


def test_a_stop_is_measured_to_the_first_of_two_zeros() -> None:
    """Its writing and its effect, too; further Stops of the same ladder do not begin anew."""
    meter = Meter()
    meter.sent(PermittedCommand(1, Start(), 0))
    fed(meter, 0.8, 0.8)
    meter.sent(Stop(2))
    meter.now_ns += seconds(0.1)
    meter.hear(Written(2))
    fed(meter, 0.8, 0.4)
    meter.sent(Stop(3))
    fed(meter, 0, 0)
    assert between_s(meter.stop_ns, meter.stop_written_ns) == 0.1
    assert between_s(meter.stop_ns, meter.slower_ns) == 1.1
    assert between_s(meter.stop_ns, meter.stood_ns) == 1.6


def test_a_single_frame_of_zeros_is_no_standstill() -> None:
    """Neither in motion nor after a Stop."""
    meter = Meter()
    meter.sent(PermittedCommand(1, Start(), 0))
    fed(meter, 0.8, 0, 0.8)
    assert meter.speed == Speed(80)
    meter.sent(Stop(2))
    fed(meter, 0, 0.5)
    assert meter.stood_ns is None
    fed(meter, 0, 0)
    assert between_s(meter.stop_ns, meter.stood_ns) == 1.5


def test_a_count_is_timed_by_its_edges() -> None:
    """Whole metres that come every 4.5 s are 0.8 km/h, whenever one begins to look."""
    counter = Counter()
    for tenth in range(600):
        counter.hear(int(tenth / 45) + 7, seconds(tenth / 10))
    assert counter.rate_per_s == pytest.approx(1 / 4.5, rel=0.01)


def test_a_count_that_hardly_grows_tells_nothing() -> None:
    """Two edges may be an accident."""
    counter = Counter()
    for value in (None, 5, 6, 7, 8):
        counter.hear(value, seconds(1))
    assert counter.rate_per_s is None


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        (Kind.YES_NO, " Yes\n", True),
        (Kind.YES_NO, "n", False),
        (Kind.YES_NO, "", None),
        (Kind.YES_NO, "yep", None),
        (Kind.NUMBER, "310,5", 310.5),
        (Kind.NUMBER, "-1", None),
        (Kind.NUMBER, "nan", None),
        (Kind.NUMBER, "inf", None),
        (Kind.NUMBER, "three", None),
        (Kind.ENTER, "", ""),
    ],
)
def test_answers_are_understood_or_not(kind: Kind, text: str, meant: object) -> None:
    """What is no answer is None, and never a yes."""
    assert understand(Question(1, kind, "?", 1.0), text) == meant


def test_margins_make_a_machine_slower_than_it_was() -> None:
    """A second on top of the slowest start; no fact without a figure."""
    findings = Findings(start_delays_s=[0.9, 3.4], run_downs=[(0.8, 1.0), (5.6, 7.44)])
    findings.conclude()
    assert findings.facts == {"start_delay_s": 4.4, "run_down_s": 7.5}
    nothing = Findings()
    nothing.conclude()
    assert nothing.facts == {}


def test_no_machine_is_believed_to_be_faster_than_two_seconds() -> None:
    """A tenth below, at, and above the least that a record may say."""
    for measured_s, believed_s in ((1.9, 2.0), (2.0, 2.0), (2.1, 2.1)):
        findings = Findings(start_delays_s=[measured_s - 1], run_downs=[(2.0, measured_s)])
        findings.conclude()
        assert findings.facts == {"start_delay_s": believed_s, "run_down_s": believed_s}


def test_ratios_are_the_same_within_the_tolerance() -> None:
    """Within 12 %, either way; miles for kilometres are far off."""
    assert near(1.119, 1.0)
    assert near(0.881, 1.0)
    assert not near(1.121, 1.0)
    assert not near(0.879, 1.0)
    assert not near(KMH_PER_MPH, 1.0)
    assert near(1.05 * KMH_PER_MPH, KMH_PER_MPH)

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import TypeAdapter

from retrowalk.messages import EVENT_TYPES, Stamp, event_message, refusal_event
from retrowalk.messages.event import EventMessage
from retrowalk.model import reports
from retrowalk.model.plan import Facing
from retrowalk.model.reports import Report, Rung
from retrowalk.model.requests import Origin, Verb
from retrowalk.model.units import Incline, Speed, seconds

TRIP = reports.Trip("strap_open", "The strap was pulled.", "Clip it.", seconds(99), Speed(80), None)
PROMPT = reports.Prompt("p1", reports.PromptKind.BOARD, "Press OK", 0)
CASES: list[tuple[Report, dict[str, object]]] = [
    (reports.PhaseChanged(reports.Phase.BOARD), {"event_type": "phase", "phase": "board"}),
    (reports.PromptOpened(PROMPT), {"event_type": "prompt", "prompt": "p1", "kind": "board", "text": "Press OK"}),
    (reports.PromptClosed("p1", None), {"event_type": "prompt_closed", "prompt": "p1", "answer": None}),
    (reports.Cue("Short steps"), {"event_type": "cue", "text": "Short steps"}),
    (
        reports.SegmentStarted(1, 2, Facing.BACKWARD, Speed(80), Incline(5), 20),
        {
            "event_type": "segment",
            "bout": 1,
            "stage": 2,
            "what": "backward",
            "target_kmh": 0.8,
            "incline_pct": 0.5,
            "duration_s": 20,
        },
    ),
    (reports.WorkoutStarted("demo"), {"event_type": "workout_started", "program": "demo"}),
    (
        reports.WorkoutEnded("demo", reports.Ending.COMPLETED, 2, "fine"),
        {"event_type": "workout_ended", "program": "demo", "ending": "completed", "bouts_done": 2, "answer": "fine"},
    ),
    (
        reports.Tripped(TRIP),
        {
            "event_type": "trip",
            "cause": "strap_open",
            "words": "The strap was pulled.",
            "remedy": "Clip it.",
            "at": 1_799_999_999.123,
            "speed_kmh": 0.8,
            "heart_rate_bpm": None,
        },
    ),
    (
        reports.StopStep(Rung.VERIFIED, "strap_open", seconds(1.2345), alarm=False, words="The belt stands."),
        {
            "event_type": "stop_verified",
            "cause": "strap_open",
            "elapsed_s": 1.234,
            "alarm": False,
            "words": "The belt stands.",
        },
    ),
    (reports.Warned("lag", "Slow."), {"event_type": "warning", "what": "lag", "words": "Slow."}),
    (
        reports.Reply("a", Verb.START, Origin.MQTT, ok=False, reason="No strap."),
        {"event_type": "command_rejected", "id": "a", "cmd": "start", "reason": "No strap."},
    ),
]


@pytest.mark.parametrize(("report", "event"), CASES, ids=lambda case: type(case).__name__)
def test_a_report_is_one_event_with_its_facts(report: Report, event: dict[str, object], stamp: Stamp) -> None:
    """Every fact of the report is in the event, in the units of its names, and the schema's model reads it."""
    message = event_message(report, stamp)
    assert message == {"ts": 1_800_000_000.123, **event}
    TypeAdapter(EventMessage).validate_python(message)


def test_every_kind_of_report_is_told() -> None:
    """A new report needs a case here, and so an event."""
    assert {type(report) for report, _ in CASES} == set(get_args(Report.__value__))


@pytest.mark.parametrize("rung", Rung)
def test_every_rung_of_the_stop_ladder_is_an_event(rung: Rung, stamp: Stamp) -> None:
    """The rung's word is the event's type, and Home Assistant is told of it beforehand."""
    message = event_message(reports.StopStep(rung, "user", 0, alarm=True, words="!"), stamp)
    assert message is not None
    assert message["event_type"] == rung
    assert rung in EVENT_TYPES


def test_a_command_that_was_taken_is_no_event(stamp: Stamp) -> None:
    """It has its response; events are for what went on."""
    assert event_message(reports.Reply("a", Verb.ARM, Origin.MQTT, ok=True, reason=""), stamp) is None


def test_a_refusal_before_the_engine_looks_like_one_by_it(stamp: Stamp) -> None:
    """Who listens for command_rejected sees both kinds alike."""
    by_engine = event_message(reports.Reply("a", Verb.ARM, Origin.MQTT, ok=False, reason="no"), stamp)
    assert refusal_event("a", "arm", "no", stamp) == by_engine


def test_something_else_is_a_programming_error(stamp: Stamp) -> None:
    """A report without a maker fails loudly in the tests."""
    with pytest.raises(TypeError, match="no event for str"):
        event_message("oops", stamp)  # type: ignore[arg-type]

from __future__ import annotations

from retrowalk.mqtt.broker import Outgoing
from retrowalk.mqtt.outbox import MOST_EVENTS, MOST_TRIES, Outbox

TRIP, ANSWER = Outgoing("event", "trip"), Outgoing("response", "no")


def emptied(outbox: Outbox) -> list[Outgoing]:
    """Return what comes out, in order."""
    out = []
    while event := outbox.first_event():
        out.append(event)
        outbox.sent(event)
    return out


def test_a_flood_of_answers_pushes_out_no_trip() -> None:
    """Answers fill half of it, and are counted from there on; events still find room."""
    outbox = Outbox()
    outbox.put_event(TRIP)
    for _ in range(10 * MOST_EVENTS):
        outbox.put_answer(ANSWER)
    outbox.put_event(TRIP)
    out = emptied(outbox)
    assert out == [TRIP, *[ANSWER] * (MOST_EVENTS // 2 - 1), TRIP]
    assert outbox.dropped == 10 * MOST_EVENTS - (MOST_EVENTS // 2 - 1)


def test_a_message_that_never_goes_out_does_not_stand_before_the_others_for_ever() -> None:
    """There are brokers that hang up on what they do not like: after three connections it is dropped, and counted."""
    outbox = Outbox()
    outbox.put_event(ANSWER)
    outbox.put_event(TRIP)
    tried = [outbox.first_event() for _ in range(MOST_TRIES + 1)]
    assert tried == [*[ANSWER] * MOST_TRIES, TRIP]
    assert outbox.dropped == 1


def test_each_message_has_tries_of_its_own() -> None:
    """What fails twice and then goes out costs the next one nothing."""
    outbox = Outbox()
    outbox.put_event(ANSWER)
    outbox.put_event(TRIP)
    for _ in range(MOST_TRIES):
        outbox.first_event()
    outbox.sent(ANSWER)
    assert [outbox.first_event() for _ in range(MOST_TRIES)] == [TRIP] * MOST_TRIES


def test_the_last_one_that_is_given_up_leaves_nothing() -> None:
    """Nothing waits, so there is nothing to try."""
    outbox = Outbox()
    outbox.put_event(ANSWER)
    for _ in range(MOST_TRIES):
        outbox.first_event()
    assert outbox.first_event() is None

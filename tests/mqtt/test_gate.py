from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrowalk.messages import CommandMessage, RefusedMessage, Stamp
from retrowalk.model.requests import Verb
from retrowalk.model.units import seconds
from retrowalk.mqtt.gate import FUTURE_S, MOST_REMEMBERED, OLDEST_S, FreshnessGate
from retrowalk.mqtt.tokens import TOKEN_LIVES_NS, Tokens

SECRET = b"only this boot knows"
WALL_S = 1_800_000_000.0


def at(seconds_on: float) -> Stamp:
    """Both clocks, some seconds after the start."""
    return Stamp(WALL_S + seconds_on, seconds(1000 + seconds_on))


def gate() -> FreshnessGate:
    return FreshnessGate(Tokens(SECRET))


def admits(candidate: FreshnessGate, message: CommandMessage, stamp: Stamp, prompt: str | None = None) -> bool:
    try:
        candidate.admit(message, prompt, stamp)
    except RefusedMessage:
        return False
    return True


def arm(ts: float | None = None, **more: str) -> CommandMessage:
    return CommandMessage.model_validate({"cmd": Verb.ARM, "ts": ts, **more})


@given(st.floats(-10_000, 10_000))
def test_a_time_is_fresh_between_five_seconds_old_and_two_ahead(age_s: float) -> None:
    """Nothing outside is admitted, everything inside is."""
    real_age_s = WALL_S - (WALL_S - age_s)
    assert admits(gate(), arm(WALL_S - age_s), at(0)) == (-FUTURE_S <= real_age_s <= OLDEST_S)


@pytest.mark.parametrize(("age_s", "fresh"), [(-2.01, False), (-2, True), (0, True), (5, True), (5.01, False)])
def test_the_limits_themselves_are_fresh(age_s: float, fresh: bool) -> None:
    """Limit − step, limit, limit + step."""
    assert admits(gate(), arm(WALL_S - age_s), at(0)) is fresh


@given(st.lists(st.floats(0, 5), min_size=1, max_size=8), st.floats(0, 5))
def test_a_replay_is_never_admitted(replays_s: list[float], age_s: float) -> None:
    """However often and whenever the same bytes come again: they are a duplicate, and later they are stale."""
    same = gate()
    message = arm(WALL_S - age_s)
    assert admits(same, message, at(0))
    assert not any(admits(same, message, at(moment)) for moment in sorted(replays_s))


@given(st.floats(0, 59.9), st.floats(-1, 1))
def test_an_id_is_good_once_in_sixty_seconds(later_s: float, skew_s: float) -> None:
    """Even under a new time."""
    same = gate()
    assert admits(same, arm(WALL_S, id="a"), at(0))
    assert not admits(same, arm(WALL_S + later_s + skew_s, id="a"), at(later_s))


def test_an_id_may_return_after_sixty_seconds() -> None:
    """The memory is bounded in time."""
    same = gate()
    assert admits(same, arm(WALL_S, id="a"), at(0))
    assert admits(same, arm(WALL_S + 60, id="a"), at(60))


def test_another_value_or_time_is_another_command() -> None:
    """Two presses are two commands."""
    same = gate()
    trims = [CommandMessage(cmd=Verb.TRIM, value=value, ts=WALL_S) for value in (-0.1, -0.2)]
    assert all(admits(same, message, at(0)) for message in [*trims, arm(WALL_S), arm(WALL_S + 0.2)])


def test_a_refused_command_is_not_remembered() -> None:
    """A sender that corrects its clock may use its id."""
    same = gate()
    assert not admits(same, arm(WALL_S - 60, id="a"), at(0))
    assert admits(same, arm(WALL_S, id="a"), at(0))


def test_a_flood_is_refused_and_forgotten() -> None:
    """The memory is bounded in size: then it denies, until a minute has passed."""
    same = gate()
    assert all(admits(same, arm(WALL_S, id=str(number)), at(0)) for number in range(MOST_REMEMBERED))
    assert not admits(same, arm(WALL_S, id="one more"), at(0))
    assert admits(same, arm(WALL_S + 60, id="one more"), at(60))


@given(st.integers(0, 10**15), st.integers(0, 3 * TOKEN_LIVES_NS), st.sampled_from([None, "p1"]))
def test_a_token_lives_between_one_and_two_periods(issued_ns: int, age_ns: int, prompt: str | None) -> None:
    """Never shorter than 5 s, never longer than 10 s."""
    tokens = Tokens(SECRET)
    accepted = tokens.accepts(tokens.current(prompt, issued_ns), prompt, issued_ns + age_ns)
    assert accepted or age_ns > TOKEN_LIVES_NS
    assert not accepted or age_ns < 2 * TOKEN_LIVES_NS


@given(st.text(max_size=64))
def test_a_guessed_token_is_not_accepted(guess: str) -> None:
    """Neither text nor a token of another boot or another prompt."""
    tokens = Tokens(SECRET)
    others = [guess, Tokens(b"another boot").current("p1", 0), tokens.current("p2", 0), tokens.current(None, 0)]
    assert not any(tokens.accepts(other, "p1", 0) for other in others)


def test_a_token_is_good_for_one_such_command() -> None:
    """Its replay within its life is a duplicate; another command with it is not."""
    same, token = gate(), Tokens(SECRET).current("p1", at(0).monotonic_ns)
    confirm = CommandMessage(cmd=Verb.CONFIRM, token=token)
    assert admits(same, confirm, at(0), "p1")
    assert not admits(same, confirm, at(1), "p1")
    assert admits(same, CommandMessage(cmd=Verb.PAUSE, token=token), at(1), "p1")


def test_a_wrong_token_beside_a_right_time_does_no_harm() -> None:
    """Either of the two is enough."""
    assert admits(gate(), arm(WALL_S, token="x"), at(0))  # noqa: S106 (a wrong one)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (arm(), "neither ts nor token"),
        (arm(token="x"), "the token is not the current one"),  # noqa: S106 (a wrong one)
        (arm(WALL_S - 9), "stale: sent 9.0 s ago"),
        (arm(WALL_S + 9), "9.0 s ahead"),
    ],
)
def test_a_refusal_says_what_would_be_right(message: CommandMessage, reason: str) -> None:
    """The sender learns its skew, and what to send."""
    with pytest.raises(RefusedMessage, match=reason):
        gate().admit(message, None, at(0))

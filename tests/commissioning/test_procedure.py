"""What commissioning finds out about each simulated machine, in virtual time, over the real link."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from commissioning.ground import Hand, Report, commissioned
from commissioning.hands import HANDS, leave_after, start_soon
from retrowalk.commissioning import Said, Tone, Verdict
from retrowalk.model.plan import ABSOLUTE
from retrowalk_sim.frames import Field
from retrowalk_sim.profiles import KMH_PER_MPH, Profile, profiles
from retrowalk_sim.treadmill import Treadmill
from virtual_time import run

IDEAL = profiles()["ideal"]
UNCOUNTED = replace(IDEAL, bursts=((Field(0),),))  # tells its speed, neither way nor time
STOPS_UNLINKED = replace(IDEAL, stops_unlinked=True)
RESTARTS = replace(IDEAL, restarts_with_power=True)
KEY_USELESS = replace(IDEAL, key_cuts=False)
FASTEST_CENTI_KMH = ABSOLUTE.backward.speed.centi_kmh
STARTS_AT_CONSOLE: dict[str, str | Hand] = {"at the console": start_soon, "through": start_soon, "up to": start_soon}


def found(profile: Profile | str, *others: Treadmill, **says: str | Hand) -> Report:
    """Commission it, and hold against it what must be true of every commissioning."""
    report = run(commissioned(profile, *others, **says))
    written = [event.detail for event in report.treadmill.witness.of("written")]
    set_points = [int.from_bytes(bytes.fromhex(request)[1:], "little") for request in written if request[:2] == "02"]
    assert {request[:2] for request in written} <= {"00", "02", "03", "07", "08"}
    assert max(set_points, default=0) <= FASTEST_CENTI_KMH
    assert report.starts <= sum("ENTER starts it" in text for text in report.helper.asked)
    if not report.left:
        assert (report.treadmill.speed_kmh, report.marker, report.treadmill.linked) == (0.0, None, False)
    return report


def mark_on_the_belt(length_m: float, kmh_per_told: float = 1.0) -> dict[str, str | Hand]:
    """Return answers of somebody who measures with a mark, on a belt that is told 2.0 km/h."""
    ten_passes_s = 10 * length_m * 3.6 / (2.0 * kmh_per_told)

    def pass_by(helper: Any) -> None:
        question = helper.open
        asyncio.get_running_loop().call_later(ten_passes_s - 1.5, helper.answer, question, "")

    return {"length in cm": f"{length_m * 100:g}", "count on": pass_by}


# -- machines that pass


@pytest.mark.parametrize("profile", [name for name, profile in profiles().items() if profile.well_behaved])
def test_a_well_behaved_machine_passes(profile: str) -> None:
    """Its range, step and times are found, whatever its manners."""
    simulated = profiles()[profile]
    report = found(profile)
    assert (report.verdict, report.findings.reasons) == (Verdict.PASSED, [])
    facts = report.findings.facts
    assert facts["slowest_kmh"] == simulated.speed_kmh.lowest
    assert facts["step_kmh"] == simulated.speed_kmh.step
    assert facts["units"] == "km/h"
    assert facts["stop_needs_control"] is simulated.control_enforced
    assert float(str(facts["start_delay_s"])) >= simulated.countdown_s + 1
    assert float(str(facts["run_down_s"])) >= 5.5 / simulated.run_down_kmh_per_s * 0.9


def test_with_every_hand_test_the_record_is_whole() -> None:
    """Console, key, cord, link and power are tried; nothing is skipped."""
    report = found("ideal", **HANDS)
    facts = report.findings.facts
    assert report.verdict is Verdict.PASSED
    assert report.findings.skipped == []
    assert (facts["console"], facts["safety_key"], facts["cord_reversed"]) == (
        "tells pause",
        "reported",
        "pulls the key",
    )
    assert (facts["link_loss"], facts["power_loss"]) == ("belt runs on", "belt stands")
    assert "stopped_by_safety_key" in report.findings.statuses


@pytest.mark.parametrize(
    ("profile", "fact", "value"),
    [
        ("key-unreported", "safety_key", "cuts, not reported"),
        ("key-as-reset", "safety_key", "cuts, not reported"),
        (STOPS_UNLINKED, "link_loss", "belt stops"),
        ("one-link", "link_loss", "belt runs on"),
        ("citysports", "stop_needs_control", False),
        ("mute-control", "stop_needs_control", False),
    ],
)
def test_what_a_hand_finds_out(profile: Profile | str, fact: str, value: object) -> None:
    """A machine that only differs in this passes, and its record says so."""
    report = found(profile, **HANDS)
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts[fact] == value


def test_a_link_that_is_lost_beside_another_treadmill_is_this_ones() -> None:
    """It comes back to this one, though the other one advertises first: that one stands, and this belt runs on."""
    other = Treadmill("ideal", address="00:00:00:00:00:02")
    other.lose_link(for_s=20)
    report = found("ideal", other, **HANDS)
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts["link_loss"] == "belt runs on"
    assert not other.witness.of("link_up")


def test_a_range_that_holds_at_rest_only_is_corrected() -> None:
    """It says 0.5 km/h and runs no slower than 1.5."""
    report = found("range-by-mode")
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts["slowest_kmh"] == 1.5


def test_single_frames_of_zeros_shorten_no_run_down() -> None:
    """A machine that sends them has the run-down of the same machine without, but for one frame before the truth."""
    lying, honest = found("zero-frames"), found("ideal")
    frame_s = 1 / IDEAL.rate_hz
    assert float(str(lying.findings.facts["run_down_s"])) >= float(str(honest.findings.facts["run_down_s"])) - frame_s


def test_a_machine_that_starts_at_its_console_only_is_started_there() -> None:
    """The record says so, and claims no start delay: that was a hand's."""
    report = found("ignores-start", **STARTS_AT_CONSOLE)
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts["starts_at_console_only"] is True
    assert "start_delay_s" not in report.findings.facts


def test_a_machine_that_falls_silent_needs_eyes_and_passes() -> None:
    """A person says that it stands; it is measured in one more bout, and no run-down is claimed."""
    report = found("silent-after-stop", **HANDS)
    assert report.verdict is Verdict.PASSED
    assert report.findings.facts["after_stop"] == "silence"
    assert "run_down_s" not in report.findings.facts


def test_a_machine_that_counts_no_way_passes_with_a_mark_on_its_belt() -> None:
    """The hand's measurement replaces the counter."""
    report = found(UNCOUNTED, **mark_on_the_belt(3.0))
    assert report.verdict is Verdict.PASSED
    assert report.findings.real_by == "mark on the belt"
    assert report.findings.real_per_told == pytest.approx(1.0, abs=0.02)


# -- machines that must not pass


@pytest.mark.parametrize(
    ("profile", "says", "words"),
    [
        ("mph", {}, "it may take km/h for mph"),
        ("mph-unseen", {}, "it takes km/h for mph: told 2 km/h and saying 2, it runs 3.2"),
        (UNCOUNTED, {}, "its units cannot be told: it reports no distance"),
        ("ignores-speed", {}, "it does not follow set-points: told up to 2 km/h, it ran 0.8"),
        ("ignores-start", {"Shall we try with you": "no"}, "it answered START, and did not move"),
        ("locked", STARTS_AT_CONSOLE | {"Shall we try with you": "no"}, "it refused to start"),
        ("starts-on-connect", {}, "the belt began to move when the treadmill was connected to"),
        ("drops-after-stop", {}, "there is no Bluetooth link"),
        ("drops-unwritten", {}, "there is no Bluetooth link"),
        (KEY_USELESS, HANDS, "the safety key does not stop the belt"),
        (RESTARTS, HANDS, "the belt runs by itself when the power comes back"),
    ],
)
def test_a_machine_that_cannot_be_trusted_is_refused(
    profile: Profile | str, says: dict[str, str | Hand], words: str
) -> None:
    """It says what happened; the belt stands, and the treadmill is let go."""
    report = found(profile, **says)
    assert report.verdict is Verdict.REFUSED
    assert words in report.reason
    assert report.left == []


@pytest.mark.parametrize("profile", ["ignores-stop", "last-speed-for-ever"])
def test_a_machine_that_does_not_stop_is_refused_and_left_to_the_failsafe(profile: str) -> None:
    """Stop is written to the end, the alarm tells to pull the cord; then exit 5, link up, marker there."""
    report = found(profile)
    assert report.verdict is Verdict.REFUSED
    assert "it does not stop: Stop was written" in report.reason
    assert any("pull the cord" in text for text in report.helper.told(Tone.ALARM))
    assert (report.left, report.marker) == ([5], "no_standstill")
    assert report.kept == [Verdict.REFUSED]
    assert report.starts == 1


def test_who_leaves_a_machine_that_does_not_stop_has_found_out_enough() -> None:
    """Ctrl-C in the alarm: an older record that says that it stops must not live on."""
    report = found("ignores-stop", **{"stopped. Nobody": leave_after(12.0)})
    assert (report.verdict, report.kept, report.left) == (Verdict.REFUSED, [Verdict.REFUSED], [5])
    assert report.reason == "you left; its belt was not seen to stand in the end"


def test_a_machine_that_says_that_it_stands_is_looked_at() -> None:
    """Two zero frames of a belt that runs: nobody walks on that, and the one who looks is told what to do."""
    report = found("ideal", **{"does the belt stand": "no"})
    assert report.verdict is Verdict.REFUSED
    assert report.reason == "it does not stop: it said that it stands, and its belt was seen to run"
    assert any("PULL THE CORD" in text for text in report.helper.told(Tone.ALARM))
    assert report.starts == 1


def test_a_machine_whose_belt_is_seen_to_run_on_in_silence_is_refused() -> None:
    """A person's no is believed as it is: exit 5, and the marker stays."""
    report = found("silent-after-stop", LOOK="no")
    assert report.verdict is Verdict.REFUSED
    assert "it fell silent after the Stop, and the belt was seen to run on" in report.reason
    assert (report.left, report.marker) == ([5], "stop_unseen")


def test_a_cord_pulled_in_the_alarm_ends_it_in_order() -> None:
    """The belt that does not obey stands after all: refused, but nothing is left open."""

    def pull_soon(helper: Any) -> str:
        asyncio.get_running_loop().call_later(20.0, helper.treadmill.pull_key)
        return ""

    report = found("ignores-stop", **{"stopped. Nobody": pull_soon})
    assert report.verdict is Verdict.REFUSED
    assert (report.left, report.treadmill.speed_kmh) == ([], 0.0)


@pytest.mark.parametrize("counted", [True, False])
def test_a_mark_on_the_belt_unmasks_miles(counted: bool) -> None:
    """A machine that repeats what it was told, and even counts that, cannot lie to a strip of tape."""
    mph = (
        profiles()["mph-unseen"] if counted else replace(UNCOUNTED, belt_per_set_point=KMH_PER_MPH, reports_target=True)
    )
    report = found(mph, **mark_on_the_belt(3.0, KMH_PER_MPH))
    assert report.verdict is Verdict.REFUSED
    assert "it takes km/h for mph" in report.reason
    assert "by the mark on the belt" in report.reason


# -- people


@pytest.mark.parametrize("after_s", [0.5, 1.6, 3.0, 4.5, 6.0, 9.0, 12.0, 17.0, 30.0, 60.0, 90.0, 108.0])
def test_ctrl_c_at_any_moment_stops_the_belt_first(after_s: float) -> None:
    """Counted from the first answer: standing, counting down, ramping, holding or stopping."""
    report = found("countdown", **{"Is all that so": leave_after(after_s, "yes")})
    assert report.verdict is Verdict.ABANDONED
    assert report.left == []


@pytest.mark.parametrize("after_s", [1.0, 6.0, 10.5, 12.0])
def test_ctrl_c_while_the_link_is_gone_connects_to_stop(after_s: float) -> None:
    """The link-loss test let it go: it is made again, Stop is written, the belt stands."""
    at_the_drop: dict[str, str | Hand] = {"The link is gone": leave_after(after_s)}
    report = found("ideal", **HANDS | at_the_drop)
    assert report.verdict is Verdict.ABANDONED
    assert report.left == []


@pytest.mark.parametrize("piece", ["Is all that so", "ENTER starts it", "Did it pull", "ut the key back"])
def test_nobody_answers(piece: str) -> None:
    """It ends by itself, with a belt that stands."""
    report = found("ideal", **HANDS | {piece: lambda _: None})
    assert report.verdict is Verdict.ABANDONED
    assert "nobody answered" in report.reason


def test_a_person_who_is_not_ready_starts_nothing() -> None:
    """No to the first question: not one byte goes to the control point."""
    report = found("ideal", **{"Is all that so": "no"})
    assert report.verdict is Verdict.ABANDONED
    assert not report.treadmill.witness.of("written")


def test_an_answer_that_does_not_fit_is_told_and_the_question_stays() -> None:
    """Then the right one is taken."""

    def mumble(helper: Any) -> str:
        helper.says.pop("Is all that so")
        question = helper.open
        asyncio.get_running_loop().call_later(3.0, lambda: helper.commissioner.observe(Said(question.id, "yes")))
        return "perhaps"

    report = found("ideal", **{"Is all that so": mumble})
    assert report.verdict is Verdict.PASSED
    assert "'perhaps' is no answer; yes or no is" in report.helper.told(Tone.DO)
    assert report.starts == 3


@pytest.mark.parametrize("text", ["no", "n", "wait", "y", "0"])
def test_only_an_empty_line_starts_a_belt(text: str) -> None:
    """Whoever says no where ENTER is wanted has not said yes."""
    report = found("ideal", **{"ENTER starts it": text})
    assert report.verdict is Verdict.ABANDONED
    assert report.starts == 0
    assert f"{text!r} is no answer; ENTER is" in report.helper.told(Tone.DO)


def test_a_key_that_was_pressed_twice_starts_no_belt() -> None:
    """The second ENTER comes with the first: too soon for the question that follows, which is asked in peace."""

    def twice(helper: Any) -> str:
        question, loop = helper.open, asyncio.get_running_loop()

        def again() -> None:
            if helper.open in (None, question):
                loop.call_later(0.05, again)
            else:
                helper.answer(helper.open, "")

        loop.call_later(0.05, again)
        return ""

    report = found("ideal", **{"length in cm": twice, "walks through": lambda _: None})
    assert report.verdict is Verdict.ABANDONED
    assert any("too soon" in text for text in report.helper.told(Tone.DO))
    assert report.starts == 1


@pytest.mark.parametrize("piece", ["Press PAUSE at", "PULL THE CORD NOW", "OFF at its plug NOW"])
def test_a_hand_that_does_nothing_is_no_finding(piece: str) -> None:
    """The belt is stopped after a while, the test is noted as skipped, and the others go on."""
    report = found("ideal", **HANDS | {piece: lambda _: None, "Did you pull": "no"})
    assert report.verdict is Verdict.PASSED
    assert len(report.findings.skipped) == 1

"""The control point of the ideal machine, request by request."""

from __future__ import annotations

import pytest

from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import STALLED, AttError
from retrowalk_sim.treadmill import Treadmill

from .conftest import Central, Meet


def running(meet: Meet, profile: str = "ideal") -> Central:
    """Meet a treadmill whose belt runs at its lowest speed, under the client's control."""
    central = meet(profile)
    central.write("00", "07")
    central.wait(8)
    return central


@pytest.mark.parametrize("request_hex", ["01", "0250 00", "0300 00", "07", "0801", "0802"])
def test_every_request_but_the_first_needs_control(meet: Meet, request_hex: str) -> None:
    """Without control the answer is 05, and nothing moves."""
    central = meet()
    central.write(request_hex)
    assert central.answers() == [f"80{request_hex[:2]}05"]
    central.wait(10)
    assert central.treadmill.speed_kmh == 0
    assert central.heard("2ada") == []


@pytest.mark.parametrize(
    ("request_hex", "result"),
    [
        ("00", "01"),
        ("0278 00", "01"),
        ("024f 00", "03"),  # 0.79 km/h
        ("0250 00", "01"),  # 0.80 km/h
        ("02b0 04", "01"),  # 12.00 km/h
        ("02b1 04", "03"),
        ("0200 00", "03"),
        ("0378 00", "01"),  # 12.0 %
        ("0379 00", "03"),
        ("03ff ff", "03"),  # -0.1 %
        ("07", "01"),
        ("0801", "01"),
        ("0802", "01"),
        ("0803", "03"),
        ("08", "03"),
        ("0278", "03"),
        ("0278 0000", "03"),
        ("0000", "03"),
        ("01", "01"),
        *((f"{op:02x}", "02") for op in (0x04, 0x05, 0x06, 0x09, 0x13, 0x80, 0xFF)),
    ],
)
def test_a_running_machine_answers(meet: Meet, request_hex: str, result: str) -> None:
    """Result codes at and beside the limits, for wrong lengths, and for requests that it does not know."""
    central = running(meet)
    central.write(request_hex)
    assert central.answers()[-1] == f"80{request_hex[:2]}{result}"


def test_an_answer_comes_between_44_and_259_ms(meet: Meet) -> None:
    """The delay differs from answer to answer, and is the same again for the same seed."""

    def delays(seed: int) -> list[float]:
        treadmill = Treadmill(seed=seed)
        treadmill.connected(0.0)
        treadmill.subscribed(ftms.CONTROL_POINT, True, 0.0)
        found = []
        for second in range(1, 40):
            treadmill.write(ftms.CONTROL_POINT, b"\x00", response=True, now_s=second)
            while not treadmill.advance(treadmill.due_s):
                pass
            found.append(treadmill.now_s - second)
        return found

    first = delays(1)
    assert min(first) >= 0.044
    assert max(first) <= 0.259
    assert len(set(first)) > 30
    assert delays(1) == first != delays(2)


def test_nobody_who_did_not_subscribe_is_answered(meet: Meet) -> None:
    """Without the CCCD the request is carried out all the same, and silently."""
    central = meet()
    central.treadmill.subscribed(ftms.CONTROL_POINT, False, 0.0)
    central.write("00", "07")
    central.wait(5)
    assert central.answers() == []
    assert central.treadmill.speed_kmh == 0.8


def test_start_runs_the_belt_at_its_lowest_speed(meet: Meet) -> None:
    """Half a second after the start the belt begins to move; status and training status tell of it."""
    central = meet()
    central.write("00", "07")
    central.wait(5)
    started, moved = central.treadmill.witness.of("written", "belt_started")[1:]
    assert moved.at_s - started.at_s == pytest.approx(0.5)
    assert central.treadmill.speed_kmh == central.reported_kmh() == 0.8
    assert central.heard("2ada") == ["04"]
    assert central.heard("2ad3") == ["000e", "000d"]
    assert central.treadmill.read(ftms.TRAINING_STATUS).hex() == "000d"


def test_a_second_start_changes_nothing(meet: Meet) -> None:
    """Neither on the running belt nor in the countdown."""
    central = meet()
    central.write("00", "07", "07")
    central.wait(5)
    central.write("07")
    assert central.answers()[1:] == ["800701"] * 3
    assert len(central.treadmill.witness.of("set_point")) == 1


def test_a_set_point_is_rounded_down_to_the_step_and_ramped_to(meet: Meet) -> None:
    """2.37 km/h becomes 2.3, at half a km/h per second."""
    central = running(meet)
    began_s = central.now_s
    central.write("02ed00")
    central.wait(0.7)
    assert central.treadmill.speed_kmh == pytest.approx(0.8 + 0.5 * (central.now_s - began_s))
    central.wait(5)
    assert central.treadmill.speed_kmh == central.reported_kmh() == 2.3
    assert central.heard("2ada")[-1] == "05e600"


def test_a_set_point_does_not_start_the_belt(meet: Meet) -> None:
    """On a standing belt it fails; in the countdown it is where the belt will go."""
    central = meet()
    central.write("00", "02c800")
    assert central.answers()[-1] == "800204"
    central.write("07")
    central.write("02c800")
    central.wait(6)
    assert central.treadmill.speed_kmh == 2.0


def test_stop_runs_the_belt_down_and_keeps_the_counters(meet: Meet) -> None:
    """Status at once, standstill later; distance and time stay; a further stop is accepted and changes nothing."""
    central = running(meet)
    stopped_s = central.now_s
    central.write("0801")
    central.wait(3)
    (standing,) = central.treadmill.witness.of("belt_standing")
    assert standing.at_s == pytest.approx(stopped_s + 1.0)
    assert central.heard("2ada") == ["04", "0201"]
    assert central.heard("2ad3")[-2:] == ["000f", "0001"]
    last = central.heard("2acd")[-1]
    assert central.reported_kmh() == 0
    central.write("0801")
    central.wait(2)
    assert central.answers()[-1] == "800801"
    assert central.heard("2ada") == ["04", "0201"]
    assert central.heard("2acd")[-1] == last
    assert int.from_bytes(bytes.fromhex(last)[-2:], "little") == 8


def test_a_belt_that_runs_down_cannot_be_started(meet: Meet) -> None:
    """Start fails until the belt stands."""
    central = running(meet)
    central.write("0801", "07")
    assert central.answers()[-1] == "800704"
    central.wait(2)
    central.write("07")
    assert central.answers()[-1] == "800701"


def test_a_stop_in_the_countdown_cancels_the_start(meet: Meet) -> None:
    """The belt never moves, also when a later start counts down in its place."""
    central = meet("countdown")
    central.write("00", "07", "0801")
    central.wait(2)
    central.write("07")
    central.wait(2)
    assert central.treadmill.speed_kmh == 0
    central.wait(2)
    assert central.treadmill.speed_kmh > 0
    assert len(central.treadmill.witness.of("belt_started")) == 1


def test_pause_stops_the_belt_and_start_resumes_at_the_lowest_speed(meet: Meet) -> None:
    """A paused machine is not stopped: it says so, and it starts again; a standing one cannot be paused."""
    central = running(meet)
    central.write("02c800")
    central.wait(4)
    central.write("0802")
    central.wait(4)
    assert central.treadmill.speed_kmh == 0
    assert central.heard("2ada")[-1] == "0202"
    central.write("0802")
    assert central.answers()[-1] == "800804"
    central.write("07")
    central.wait(5)
    assert central.treadmill.speed_kmh == 0.8


def test_reset_stops_zeroes_and_gives_control_back(meet: Meet) -> None:
    """After a reset the counters are zero, and the next request is not permitted."""
    central = running(meet)
    central.write("01", "07")
    assert central.answers()[-2:] == ["800101", "800705"]
    assert central.heard("2ada")[-2:] == ["0201", "01"]
    central.wait(3)
    assert central.treadmill.speed_kmh == 0
    assert int.from_bytes(bytes.fromhex(central.heard("2acd")[-1])[-2:], "little") <= 1


def test_the_incline_moves_half_a_percent_per_second(meet: Meet) -> None:
    """It is reported in telemetry, and told as a status."""
    central = running(meet)
    central.write("031400")
    central.wait(1.7)
    assert central.treadmill.incline_pct == pytest.approx(1.0)
    central.wait(4)
    assert central.treadmill.incline_pct == 2.0
    assert central.heard("2ada")[-1] == "061400"
    assert bytes.fromhex(central.heard("2acd")[-1])[7:9] == b"\x14\x00"


def test_control_ends_with_the_link_and_the_belt_runs_on(meet: Meet) -> None:
    """A new central has neither control nor subscriptions; the belt does not care who listens."""
    central = running(meet)
    central.treadmill.disconnected(central.now_s)
    central.wait(30)
    assert central.treadmill.speed_kmh == 0.8
    central.connect()
    central.write("0801")
    assert central.answers()[-1] == "800805"
    assert [event.what for event in central.treadmill.witness.of("link_up", "link_down")] == [
        "link_up",
        "link_down",
        "link_up",
    ]


def test_only_the_control_point_is_writable(meet: Meet) -> None:
    """Writing elsewhere is not permitted, an empty request has a wrong length, and nobody writes over a dead link."""
    central = meet()
    for uuid, value, code in (
        (ftms.FEATURE, b"\0", AttError.WRITE_NOT_PERMITTED),
        (ftms.CONTROL_POINT, b"", AttError.INVALID_LENGTH),
    ):
        with pytest.raises(AttError) as caught:
            central.treadmill.write(uuid, value, response=True, now_s=0.0)
        assert caught.value.code == code
    central.treadmill.disconnected(1.0)
    assert central.treadmill.write(ftms.CONTROL_POINT, b"\0", response=True, now_s=1.0) == STALLED


@pytest.mark.parametrize(("profile", "moves"), [("ideal", False), ("citysports", True)])
def test_a_write_without_response_works_where_it_is_listed(meet: Meet, profile: str, *, moves: bool) -> None:
    """The ideal control point does not list it, and ignores it; some makers do."""
    central = running(meet, profile)
    assert ("write-without-response" in central.treadmill.profile.control_point) is moves
    central.treadmill.write(ftms.CONTROL_POINT, b"\x08\x01", response=False, now_s=central.now_s)
    central.wait(5)
    assert (central.treadmill.speed_kmh == 0) is moves

"""Each profile keeps its promise to misbehave, or not to."""

from __future__ import annotations

import pytest

from retrowalk_sim import treadmill as ftms
from retrowalk_sim.gatt import AttError, Notification
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import Treadmill

from .conftest import Central, Meet

BEHAVED = [name for name, profile in profiles().items() if profile.well_behaved]


def walked(meet: Meet, profile: str, speed_hex: str = "022c01") -> Central:
    """Meet a treadmill of `profile` that was started and set to 3 km/h (or what its step makes of it)."""
    central = meet(profile)
    central.write("00", "07")
    central.wait(6)
    central.write(speed_hex)
    central.wait(8)
    return central


def test_there_are_well_behaved_and_misbehaving_profiles_with_addresses_of_their_own() -> None:
    """Names, titles and addresses are unique."""
    table = profiles()
    assert len(BEHAVED) >= 8
    assert {"mph", "toggle-start", "replays-status", "silent-after-stop", "ignores-stop", "key-unreported"} <= (
        set(table) - set(BEHAVED)
    )
    for names in ([p.address for p in table.values()], [p.title for p in table.values()]):
        assert len(set(names)) == len(table)


@pytest.mark.parametrize("profile", BEHAVED)
def test_a_well_behaved_machine_starts_at_its_minimum_follows_and_stops(meet: Meet, profile: str) -> None:
    """START moves the belt to its lowest speed and no further; a set-point is kept to; stop ends in reported zero."""
    central = meet(profile)
    minimum = central.treadmill.profile.speed_kmh.lowest
    central.write("00", "07")
    central.wait(8)
    assert central.treadmill.speed_kmh == minimum == central.reported_kmh()
    central.write("022c01")
    central.wait(8)
    assert minimum < central.treadmill.speed_kmh <= 3.0
    assert central.reported_kmh() == pytest.approx(central.treadmill.speed_kmh, abs=0.01)
    fast, stopped_s = central.treadmill.speed_kmh, central.now_s
    central.write("0801")
    central.wait(1.7)
    assert central.treadmill.speed_kmh <= fast - 0.3
    central.wait(15)
    assert central.treadmill.speed_kmh == central.reported_kmh() == 0
    assert central.treadmill.witness.of("belt_standing")[-1].at_s - stopped_s < 20
    assert central.answers() == ["800001", "800701", "800201", "800801"]


@pytest.mark.parametrize("profile", list(profiles()))
def test_every_profile_is_deterministic_and_does_not_care_how_often_it_is_asked(profile: str) -> None:
    """The same requests give the same frames in the same order, at 10 Hz and at every due time."""

    def session(*, by_due_time: bool) -> list[tuple[str, bytes]]:
        treadmill = Treadmill(profile, seed=3)
        treadmill.connected(0.0)
        for uuid in (ftms.TREADMILL_DATA, ftms.CONTROL_POINT, ftms.MACHINE_STATUS, ftms.TRAINING_STATUS):
            treadmill.subscribed(uuid, True, 0.0)
        requests = {1: "00", 2: "07", 9: "02c800", 14: "0801"}
        sent: list[tuple[str, bytes]] = []
        for second in range(1, 30):
            while by_due_time and treadmill.due_s < second:
                sent += _values(treadmill, treadmill.due_s)
            for tenth in range(10) if not by_due_time else ():
                sent += _values(treadmill, second - 1 + tenth / 10)
            if second in requests:
                request = bytes.fromhex(requests[second])
                treadmill.write(ftms.CONTROL_POINT, request, response=True, now_s=second)
        return sent

    assert session(by_due_time=True) == session(by_due_time=False)


def _values(treadmill: Treadmill, now_s: float) -> list[tuple[str, bytes]]:
    return [(e.uuid, e.value) for e in treadmill.advance(now_s) if isinstance(e, Notification)]


@pytest.mark.parametrize(
    ("profile", "speed_range"),
    [("ideal", "5000b0040a00"), ("min-1.0", "6400b0040a00"), ("step-0.5", "3200e8033200"), ("urevo", "600083022000")],
)
def test_the_announced_range_is_the_machine_s(profile: str, speed_range: str) -> None:
    """Minimum, maximum and step in hundredths of a km/h."""
    assert Treadmill(profile).read(ftms.SPEED_RANGE).hex() == speed_range


def test_a_missing_incline_has_no_characteristic() -> None:
    """A machine without incline neither lists the range nor accepts the request."""
    treadmill = Treadmill("citysports")
    assert ftms.INCLINE_RANGE not in {c.uuid for c in treadmill.services[0].characteristics}
    with pytest.raises(AttError):
        treadmill.read(ftms.INCLINE_RANGE)


def test_step_half_rounds_down_to_its_own_grid(meet: Meet) -> None:
    """2.9 km/h becomes 2.5."""
    assert walked(meet, "step-0.5", "022201").treadmill.speed_kmh == 2.5


def test_the_slow_belt_takes_16_s_from_4_kmh(meet: Meet) -> None:
    """Its run-down is long, and still visible within two seconds."""
    central = walked(meet, "slow-belt", "029001")
    stopped_s = central.now_s
    central.write("0801")
    central.wait(20)
    assert central.treadmill.witness[-1].what == "belt_standing"
    assert central.treadmill.witness[-1].at_s - stopped_s == pytest.approx(16)


def test_the_countdown_moves_3_2_s_after_success(meet: Meet) -> None:
    """Success first, motion later."""
    central = meet("countdown")
    central.write("00", "07")
    assert central.answers()[-1] == "800701"
    central.wait(5)
    started, moved = central.treadmill.witness.of("written", "belt_started")[-2:]
    assert moved.at_s - started.at_s == pytest.approx(3.2)


def test_writes_without_indications_or_before_the_answer_are_refused(meet: Meet) -> None:
    """ATT errors 0xFD and 0xFE; what was refused is witnessed and has no effect."""
    central = meet("enforces-cccd")
    treadmill = central.treadmill
    treadmill.subscribed(ftms.CONTROL_POINT, False, 0.0)
    with pytest.raises(AttError, match="0xfd"):
        central.write("00")
    treadmill.subscribed(ftms.CONTROL_POINT, True, 0.0)
    treadmill.write(ftms.CONTROL_POINT, b"\x00", response=True, now_s=0.0)
    with pytest.raises(AttError, match="0xfe"):
        central.write("07")
    central.wait(0.3)
    central.write("07")
    assert [event.detail for event in treadmill.witness.of("refused")] == ["00 fd", "07 fe"]
    assert central.answers() == ["800001", "800701"]


def test_split_frames_carry_the_speed_in_one_packet_only(meet: Meet) -> None:
    """Two packets a burst, the one with the speed now first and now last."""
    central = walked(meet, "split-frames")
    flags = [int(frame[:2], 16) & 1 for frame in central.heard("2acd")]
    assert flags[:8] in ([0, 1, 1, 0] * 2, [1, 0, 0, 1] * 2)


def test_citysports_reports_its_set_point_and_jumps_at_stop(meet: Meet) -> None:
    """While it slows from 3 to 1 km/h it says 1.0; when stopped it tells the truth again; and it zeroes itself."""
    central = walked(meet, "citysports")
    central.write("026400")
    central.wait(0.5)
    assert central.reported_kmh() == 1.0
    assert central.treadmill.speed_kmh > 2.5
    central.write("0801")
    central.wait(0.5)
    assert central.reported_kmh() > 2.0
    central.wait(8)
    assert central.heard("2acd")[-1] == "8424" + "0000" + "000000" + "0000ffffff" + "0000" + "000000"


def test_citysports_asks_nobody_s_permission(meet: Meet) -> None:
    """Start works without control, and status frames have a byte too many."""
    central = meet("citysports")
    central.write("07")
    central.wait(6)
    assert central.treadmill.speed_kmh == 1.0
    assert central.heard("2ada") == ["0400"]


def test_citysports_tells_of_a_stop_by_hand_only_at_standstill(meet: Meet) -> None:
    """A stop by the client is told at once, one by the console when the belt stands."""
    central = walked(meet, "citysports")
    central.treadmill.press("stop")
    central.wait(2)
    assert "020100" not in central.heard("2ada")
    central.wait(6)
    assert central.heard("2ada")[-1] == "020100"


def test_urevo_reports_its_ramp_down_as_target_changes(meet: Meet) -> None:
    """Every 0.3 s until it stands; its elapsed time already rests."""
    central = walked(meet, "urevo")
    stopped_s = central.now_s
    central.write("0801")
    central.wait(8)
    ramp = [bytes.fromhex(value) for value in central.heard("2ada", stopped_s)]
    assert ramp[0] == b"\x02\x01\x00"
    speeds = [int.from_bytes(frame[1:3], "little") for frame in ramp[1:]]
    assert {frame[0] for frame in ramp[1:]} == {5}
    assert speeds == sorted(speeds, reverse=True)
    assert len(speeds) == pytest.approx(central.treadmill.profile.snap(3.0) / 0.53 / 0.3, abs=1)
    elapsed = {frame[26:30] for frame in central.heard("2acd", stopped_s + 0.6)}
    assert len(elapsed) == 1


def test_urevo_accepts_an_incline_that_it_does_not_have(meet: Meet) -> None:
    """Range 0 to 0, and success without effect."""
    central = walked(meet, "urevo")
    central.write("031e00")
    central.wait(5)
    assert central.answers()[-1] == "800301"
    assert central.treadmill.incline_pct == 0


def test_mph_runs_1_6_times_as_fast(meet: Meet) -> None:
    """3.00 is taken for miles; already the start is too fast for a board speed of 0.8."""
    central = meet("mph")
    central.write("00", "07")
    central.wait(6)
    assert central.reported_kmh() == 1.28
    central.write("022c01")
    central.wait(10)
    assert central.treadmill.speed_kmh == pytest.approx(4.828, abs=0.001)


def test_toggle_start_pauses_a_running_belt(meet: Meet) -> None:
    """A second start is a pause, a third one resumes."""
    central = walked(meet, "toggle-start")
    central.write("07")
    central.wait(8)
    assert central.treadmill.speed_kmh == 0
    central.write("07")
    central.wait(8)
    assert central.treadmill.speed_kmh == 0.8


def test_replays_status_repeats_an_old_status(meet: Meet) -> None:
    """A fresh subscriber hears "started" from a machine that stands."""
    central = meet("replays-status")
    central.wait(1)
    assert central.heard("2ada") == ["04"]
    assert central.treadmill.speed_kmh == 0


def test_silent_after_stop_says_nothing_until_the_next_start(meet: Meet) -> None:
    """Telemetry ends with the stop, before the belt stands."""
    central = walked(meet, "silent-after-stop")
    central.write("0801")
    stopped_s = central.now_s
    central.wait(20)
    assert central.heard("2acd", stopped_s) == []
    central.write("07")
    central.wait(2)
    assert central.heard("2acd", stopped_s) != []


def test_ignores_stop_succeeds_without_effect(meet: Meet) -> None:
    """The answer is success; the belt runs on until the key is out."""
    central = walked(meet, "ignores-stop")
    central.write("0801")
    central.wait(20)
    assert central.answers()[-1] == "800801"
    assert central.treadmill.speed_kmh == 3.0
    central.treadmill.pull_key()
    central.wait(2)
    assert central.treadmill.speed_kmh == 0


def test_a_key_is_reported_or_not(meet: Meet) -> None:
    """The ideal machine sends 03; the other one only stands."""
    for profile, status in (("ideal", ["03"]), ("key-unreported", [])):
        central = walked(meet, profile)
        pulled_s = central.now_s
        central.treadmill.pull_key()
        central.wait(3)
        assert central.heard("2ada", pulled_s) == status
        assert central.treadmill.speed_kmh == central.reported_kmh() == 0


def test_speed_starts_moves_on_a_mere_set_point(meet: Meet) -> None:
    """No start was ever written."""
    central = meet("speed-starts")
    central.write("00", "02c800")
    central.wait(8)
    assert central.treadmill.speed_kmh == 2.0


def test_mute_control_answers_everything_but_the_request_for_control(meet: Meet) -> None:
    """A client that waits for that answer waits for ever."""
    assert walked(meet, "mute-control").answers() == ["800701", "800201"]

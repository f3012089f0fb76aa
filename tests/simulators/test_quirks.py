"""Each lie that a real machine was caught at, as the simulator tells it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from retrowalk_sim import frames as encoding
from retrowalk_sim import treadmill as ftms
from retrowalk_sim.behaviours import BEHAVIOURS
from retrowalk_sim.gatt import AttError
from retrowalk_sim.profiles import profiles
from retrowalk_sim.treadmill import Treadmill

from .conftest import Central, Meet


def run(meet: Meet, profile: str) -> Central:
    """Meet a treadmill of `profile` whose belt has come to its minimum."""
    central = meet(profile)
    central.write("00", "07")
    central.wait(6)
    return central


def listed(treadmill: Treadmill) -> set[str]:
    """Return what a client finds in the Fitness Machine Service."""
    return {characteristic.uuid for characteristic in treadmill.services[0].characteristics}


def test_mph_unseen_runs_faster_than_it_says(meet: Meet) -> None:
    """It repeats the number that it was told, and runs 1.6 times as fast."""
    central = run(meet, "mph-unseen")
    assert central.reported_kmh() == 0.8
    assert central.treadmill.speed_kmh == pytest.approx(1.287, abs=0.001)


def test_ignores_start_waits_for_its_own_key(meet: Meet) -> None:
    """Success and no motion, until somebody presses start at the console."""
    central = run(meet, "ignores-start")
    assert central.answers() == ["800001", "800701"]
    assert central.treadmill.speed_kmh == 0
    central.treadmill.press("start")
    central.wait(4)
    assert central.treadmill.speed_kmh == 0.8


def test_ignores_speed_stays_at_its_minimum(meet: Meet) -> None:
    """Success and no effect; the console's buttons work."""
    central = run(meet, "ignores-speed")
    central.write("02c800")
    central.wait(5)
    assert central.answers()[-1] == "800201"
    assert central.treadmill.speed_kmh == 0.8
    central.treadmill.press("faster")
    central.wait(1)
    assert central.treadmill.speed_kmh == 0.9


def test_key_as_reset_tells_01(meet: Meet) -> None:
    """The safety key cuts the belt's power and is told as a reset."""
    central = run(meet, "key-as-reset")
    central.treadmill.pull_key()
    central.wait(2)
    assert central.heard("2ada")[-1] == "01"
    assert central.treadmill.speed_kmh == 0


def test_last_speed_for_ever_until_the_next_start(meet: Meet) -> None:
    """After stop the last frame comes again and again, though the belt stands."""
    central = run(meet, "last-speed-for-ever")
    central.write("0801")
    central.wait(10)
    assert central.treadmill.speed_kmh == 0
    assert central.reported_kmh() == 0.8
    central.write("07")
    central.wait(0.6)
    assert central.reported_kmh() < 0.8


def test_zero_frames_lie_between_honest_ones(meet: Meet) -> None:
    """Every fifth report is all zeros while the belt runs on; never two in a row."""
    central = run(meet, "zero-frames")
    since_s = central.now_s
    central.wait(10)
    lies = [set(frame[4:]) == {"0"} for frame in central.heard("2acd", since_s)]
    assert lies.count(True) == 4
    assert not any(one and other for one, other in pairwise(lies))


@pytest.mark.parametrize(("profile", "announced", "sent"), [("cut-frames", 30, 20), ("short-steps", 17, 16)])
def test_a_cut_frame_still_begins_with_the_speed(meet: Meet, profile: str, announced: int, sent: int) -> None:
    """Flags announce more bytes than are sent; what is cut off is cut off at the end."""
    central = run(meet, profile)
    frame = central.heard("2acd")[-1]
    fields = profiles()[profile].bursts[0][0]
    assert len(encoding.treadmill_data(fields, encoding.Readings())) == announced
    assert len(frame) / 2 == sent
    assert central.reported_kmh() == 0.8


@pytest.mark.parametrize(
    ("profile", "properties"),
    [("command-only", {"write-without-response", "indicate"}), ("notifies-answers", {"write", "notify"})],
)
def test_a_control_point_may_be_listed_otherwise(profile: str, properties: set[str]) -> None:
    """What the standard demands is write and indicate."""
    (control,) = [c for c in Treadmill(profile).services[0].characteristics if c.uuid == ftms.CONTROL_POINT]
    assert control.properties == properties


def test_command_only_does_not_hear_a_write_with_response(meet: Meet) -> None:
    """Only what is written without response is carried out."""
    central = meet("command-only")
    central.write("00")
    assert central.answers() == []
    central.treadmill.write(ftms.CONTROL_POINT, b"\0", response=False, now_s=central.now_s)
    central.wait(0.3)
    assert central.answers() == ["800001"]


def test_range_by_mode_says_another_minimum_when_it_runs(meet: Meet) -> None:
    """0.5 km/h at rest; running it starts at 1.5, says so, and takes nothing slower."""
    central = meet("range-by-mode")
    assert central.treadmill.read(ftms.SPEED_RANGE).hex() == "3200b0040a00"
    central.write("00", "07")
    central.wait(6)
    assert central.treadmill.speed_kmh == 1.5
    assert central.treadmill.read(ftms.SPEED_RANGE).hex() == "9600b0040a00"
    central.write("025000")
    assert central.answers()[-1] == "800203"


def test_no_ranges_lists_neither_range_nor_training_status() -> None:
    """What is not listed cannot be read either."""
    treadmill = Treadmill("no-ranges")
    assert not {ftms.SPEED_RANGE, ftms.TRAINING_STATUS} & listed(treadmill)
    for uuid in (ftms.SPEED_RANGE, ftms.TRAINING_STATUS):
        with pytest.raises(AttError):
            treadmill.read(uuid)


def test_urevo_runs_down_and_rests_with_reserved_training_statuses(meet: Meet) -> None:
    """0x10 while it runs down, 0x11 at rest; the others are the standard's."""
    central = run(meet, "urevo")
    central.write("0801")
    central.wait(5)
    assert central.heard("2ad3") == ["000e", "000d", "0010", "0011"]
    assert central.treadmill.read(ftms.TRAINING_STATUS).hex() == "0011"


def test_urevo_tells_of_a_stop_by_remote_when_it_stands(meet: Meet) -> None:
    """Until then there are target changes only."""
    central = run(meet, "urevo")
    pressed_s = central.now_s
    central.treadmill.press("stop")
    central.wait(5)
    told = central.heard("2ada", pressed_s)
    assert told[-1] == "020100"
    assert {status[:2] for status in told[:-1]} == {"05"}


def test_early_speed_drops_the_link_and_nothing_else(meet: Meet) -> None:
    """A set-point in the countdown costs the link; one on a running belt is taken."""
    central = meet("early-speed")
    central.write("00", "07", "02c800")
    assert not central.treadmill.linked
    central = run(meet, "early-speed")
    central.write("02c800")
    assert central.treadmill.linked
    assert central.answers()[-1] == "800201"


def test_locked_permits_stop_and_control_only(meet: Meet) -> None:
    """Control is granted, and start and set-point are still not permitted."""
    central = meet("locked")
    central.write("00", "07", "02c800", "0801")
    assert central.answers() == ["800001", "800705", "800205", "800801"]


def test_resumes_former_goes_on_as_fast_as_before(meet: Meet) -> None:
    """A pause keeps the speed, a stop does not, and a pause that lasts becomes a stop."""
    central = run(meet, "resumes-former")
    for ended_by, speed_kmh in (("0802", 2.0), ("0801", 0.8)):
        central.write("02c800")
        central.wait(4)
        central.write(ended_by)
        central.wait(5)
        central.write("07")
        central.wait(5)
        assert central.treadmill.speed_kmh == speed_kmh
    central.treadmill.press("pause")
    central.wait(290)
    assert central.heard("2ada")[-1] == "0202"
    central.wait(20)
    assert central.heard("2ada")[-1] == "0201"


def test_drops_after_stop(meet: Meet) -> None:
    """The link goes before the belt stands."""
    central = run(meet, "drops-after-stop")
    central.write("0801")
    central.wait(0.2)
    assert not central.treadmill.linked
    assert central.treadmill.speed_kmh > 0


def test_drops_unwritten_after_20_s(meet: Meet) -> None:
    """A write buys 20 s, and nothing else does."""
    central = run(meet, "drops-unwritten")
    central.wait(13)
    central.write("02c800")
    central.wait(19)
    assert central.treadmill.linked
    central.wait(1)
    assert not central.treadmill.linked
    assert central.treadmill.speed_kmh == 2.0


def test_one_link_until_switched_off_and_on(meet: Meet) -> None:
    """Lost or ended, there is no second one; the mains cure it and stop the belt."""
    treadmill = run(meet, "one-link").treadmill
    assert treadmill.connectable
    treadmill.disconnected(7.0)
    treadmill.catch_up(60.0)
    assert not treadmill.connectable
    assert treadmill.speed_kmh == 0.8
    treadmill.power_cycle()
    treadmill.catch_up(70.0)
    assert treadmill.connectable
    assert treadmill.speed_kmh == 0


def test_locks_console_ignores_buttons_while_connected(meet: Meet) -> None:
    """Its stop button is dead under a client, its key is not."""
    central = run(meet, "locks-console")
    central.treadmill.press("stop")
    central.wait(3)
    assert central.treadmill.speed_kmh == 0.8
    central.treadmill.disconnected(central.now_s)
    central.treadmill.press("stop")
    central.wait(3)
    assert central.treadmill.speed_kmh == 0


def test_starts_on_connect(meet: Meet) -> None:
    """Nothing is written, and the belt runs."""
    central = meet("starts-on-connect")
    central.wait(4)
    assert central.treadmill.witness.of("written") == []
    assert central.treadmill.speed_kmh == 0.8


def test_every_behaviour_is_shown_by_a_profile_and_every_misbehaving_profile_by_a_behaviour() -> None:
    """1 to 23; only `speed-starts` shows a fear that no real machine has confirmed yet."""
    shown = {profile for behaviour in BEHAVIOURS.values() for profile in behaviour.profiles}
    assert list(BEHAVIOURS) == list(range(1, 24))
    assert shown <= set(profiles())
    misbehaving = {name for name, profile in profiles().items() if not profile.well_behaved}
    assert misbehaving - shown == {"speed-starts"}

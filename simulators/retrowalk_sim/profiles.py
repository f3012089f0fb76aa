"""Treadmills worth meeting: one that does what the standard says, and the ways in which others do not.

Each profile is the ideal machine with its own differences, after reports on real machines; "like" is a machine
modelled on what one make was heard to send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType
from typing import Final

from retrowalk_sim.frames import Field, Request, Status

KMH_PER_MPH: Final = 1.609344


@dataclass(frozen=True, slots=True)
class Range:
    """What a machine says that it accepts, and does accept."""

    lowest: float
    highest: float
    step: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One make of treadmill. The defaults are the ideal machine."""

    title: str
    name: str = ""  # the key in `profiles()`
    well_behaved: bool = True  # a session without any trip must be possible
    address: str = ""
    firmware: str = "1.0"

    # the belt
    speed_kmh: Range = Range(0.8, 12.0, 0.1)
    incline_pct: Range | None = Range(0.0, 12.0, 0.5)
    up_kmh_per_s: float = 0.5
    down_kmh_per_s: float = 0.8
    run_down_kmh_per_s: float = 0.8  # after stop
    countdown_s: float = 0.5  # from the accepted start to motion
    belt_per_set_point: float = 1.0  # what the belt does with the number that it is told
    resumes_former_speed: bool = False
    pause_ends_s: float = inf  # a pause that lasts longer becomes a stop
    running_kmh: Range | None = None  # what it accepts while it runs, where that is not what it says at rest

    # what it tells
    rate_hz: float = 2.0
    bursts: tuple[tuple[Field, ...], ...] = ((Field.DISTANCE | Field.INCLINE | Field.ENERGY | Field.ELAPSED,),)
    reports_target: bool = False  # the reported speed is the set-point, not the belt
    zeroes_at_stop: bool = False
    counts_in_run_down: bool = True  # the elapsed time goes on until the belt stands
    zero_frame_every: int = 0  # each so many reports one is all zeros (0: none)
    longest_frame: int = 512  # bytes; the rest of a report is cut off
    silent_after_stop: bool = False
    repeats_after_stop: bool = False  # the last frame for ever, until the next start
    echoes_status: bool = True  # changes made by a client are told to the same client
    status_padding: bytes = b""
    hand_stop_told_at_standstill: bool = False
    ramp_status_every_s: float | None = None  # target-speed status while it runs down
    replays_status: bool = False
    key_status: bytes = Status.KEY  # empty: the safety key is not reported
    key_cuts: bool = True  # pulling the safety key stops the belt
    speed_range_listed: bool = True
    training_status_listed: bool = True
    reserved_training: bool = False  # run-down and rest have training statuses that the standard does not know

    # how it takes orders
    answer_s: tuple[float, float] = (0.044, 0.259)
    control_enforced: bool = True
    cccd_enforced: bool = False
    one_procedure: bool = False  # a request before the former answer is refused with ATT error 0xFE
    control_point: frozenset[str] = frozenset({"write", "indicate"})
    unanswered: frozenset[int] = field(default_factory=frozenset)
    start_toggles: bool = False
    speed_starts: bool = False
    ignores_stop: bool = False
    ignores_speed: bool = False
    key_starts: bool = False  # start succeeds and waits for somebody to press start at the console
    locked: bool = False  # what would move the belt is not permitted, whoever has control

    # how it takes a link
    starts_on_connect: bool = False
    locks_console: bool = False  # buttons are dead while a client is connected
    early_speed_drops_link: bool = False  # a set-point on a standing belt
    drops_after_stop_s: float = inf
    drops_unwritten_s: float = inf  # nothing was written for so long
    stops_unlinked: bool = False  # its belt stops when the link is lost
    restarts_with_power: bool = False  # its belt starts when the mains come back
    blocks_after_link: bool = False  # one connection, then none until it is switched off and on

    @property
    def grid(self) -> Range:
        """What it accepts while it runs."""
        return self.running_kmh or self.speed_kmh

    def snap(self, speed_kmh: float) -> float:
        """Return the machine's own step at or below `speed_kmh`, never below its minimum."""
        grid = self.grid
        steps = int((speed_kmh - grid.lowest) / grid.step + 1e-6)
        return min(round(grid.lowest + max(steps, 0) * grid.step, 2), grid.highest)


_CITYSPORTS_FRAME: Final = Field.DISTANCE | Field.ENERGY | Field.ELAPSED | Field.RESERVED_13
_UREVO_FRAME: Final = _CITYSPORTS_FRAME | Field.HEART_RATE
_LONG_FRAME: Final = (
    Field.DISTANCE | Field.INCLINE | Field.ELEVATION | Field.ENERGY | Field.HEART_RATE | Field.MET | Field.ELAPSED
) | (Field.REMAINING | Field.FORCE)
_VENDOR_CONTROL_POINT: Final = frozenset({"write", "write-without-response", "indicate"})

_PROFILES: Final = {
    "ideal": Profile("by the letter; starts at 0.8 km/h"),
    "min-1.0": Profile("no slower than 1.0 km/h", speed_kmh=Range(1.0, 12.0, 0.1)),
    "step-0.5": Profile("half kilometres only", speed_kmh=Range(0.5, 10.0, 0.5)),
    "slow-belt": Profile("4 km/h takes 16 s to run down", down_kmh_per_s=0.25, run_down_kmh_per_s=0.25),
    "countdown": Profile("counts down, moves 3.2 s after success", countdown_s=3.2, rate_hz=1.0),
    "brisk": Profile("tells its speed four times a second", rate_hz=4.0),
    "enforces-cccd": Profile(
        "refuses writes without indications, and a second one before the answer", cccd_enforced=True, one_procedure=True
    ),
    "split-frames": Profile(
        "speed and the rest in two packets, in either order",
        rate_hz=4.0,
        bursts=(
            (Field.MORE_DATA | Field.DISTANCE | Field.ELAPSED, Field.INCLINE),
            (Field.AVERAGE_SPEED, Field.MORE_DATA | Field.ENERGY | Field.ELAPSED),
        ),
    ),
    "citysports": Profile(
        "CITYSPORTS like: reports its set-point, jumps at stop, zeroes its counters, asks nobody's permission",
        speed_kmh=Range(1.0, 6.0, 0.5),
        incline_pct=None,
        up_kmh_per_s=0.6,
        down_kmh_per_s=0.4,
        run_down_kmh_per_s=0.6,
        countdown_s=3.0,
        bursts=((_CITYSPORTS_FRAME,),),
        reports_target=True,
        zeroes_at_stop=True,
        control_enforced=False,
        control_point=_VENDOR_CONTROL_POINT,
        hand_stop_told_at_standstill=True,
        status_padding=b"\0",
    ),
    "urevo": Profile(
        "UREVO like: reports its ramp-down as target changes, odd steps, reserved bits",
        speed_kmh=Range(0.96, 6.43, 0.32),
        incline_pct=Range(0.0, 0.0, 0.0),
        run_down_kmh_per_s=0.53,
        countdown_s=3.0,
        bursts=((_UREVO_FRAME,),),
        counts_in_run_down=False,
        ramp_status_every_s=0.3,
        hand_stop_told_at_standstill=True,
        reserved_training=True,
        control_point=_VENDOR_CONTROL_POINT,
        status_padding=b"\0",
    ),
    "mph": Profile("takes km/h for mph", well_behaved=False, belt_per_set_point=KMH_PER_MPH),
    "toggle-start": Profile("start on a running belt pauses it", well_behaved=False, start_toggles=True),
    "replays-status": Profile(
        "repeats an old status to whoever subscribes",
        well_behaved=False,
        replays_status=True,
    ),
    "silent-after-stop": Profile("says nothing after stop", well_behaved=False, silent_after_stop=True),
    "ignores-stop": Profile("stop succeeds and has no effect", well_behaved=False, ignores_stop=True),
    "key-unreported": Profile("never tells that its safety key is out", well_behaved=False, key_status=b""),
    "speed-starts": Profile("a set-point starts the belt", well_behaved=False, speed_starts=True),
    "mute-control": Profile(
        "never answers the request for control",
        well_behaved=False,
        control_enforced=False,
        unanswered=frozenset({Request.REQUEST_CONTROL}),
    ),
    "mph-unseen": Profile(
        "takes km/h for mph, and repeats the number that it was told",
        well_behaved=False,
        belt_per_set_point=KMH_PER_MPH,
        reports_target=True,
    ),
    "ignores-start": Profile("start succeeds and waits for the start key", well_behaved=False, key_starts=True),
    "ignores-speed": Profile("set-points succeed and have no effect", well_behaved=False, ignores_speed=True),
    "key-as-reset": Profile("tells of its safety key as of a reset", well_behaved=False, key_status=Status.RESET),
    "last-speed-for-ever": Profile(
        "repeats its last frame after stop, whatever the belt does", well_behaved=False, repeats_after_stop=True
    ),
    "zero-frames": Profile("every fifth report is all zeros", well_behaved=False, zero_frame_every=5),
    "command-only": Profile(
        "takes writes without response only",
        well_behaved=False,
        control_point=frozenset({"write-without-response", "indicate"}),
    ),
    "notifies-answers": Profile(
        "answers by notification", well_behaved=False, control_point=frozenset({"write", "notify"})
    ),
    "short-steps": Profile(
        "a vendor's step count of two bytes",
        well_behaved=False,
        bursts=((_CITYSPORTS_FRAME,),),
        longest_frame=16,
    ),
    "cut-frames": Profile(
        "announces 30 bytes and sends 20", well_behaved=False, bursts=((_LONG_FRAME,),), longest_frame=20
    ),
    "min-2.0": Profile("no slower than 2.0 km/h", well_behaved=False, speed_kmh=Range(2.0, 12.0, 0.1)),
    "range-by-mode": Profile(
        "says 0.5 km/h at rest and runs no slower than 1.5",
        well_behaved=False,
        speed_kmh=Range(0.5, 12.0, 0.1),
        running_kmh=Range(1.5, 12.0, 0.1),
    ),
    "no-ranges": Profile(
        "lists neither its speed range nor a training status",
        well_behaved=False,
        speed_range_listed=False,
        training_status_listed=False,
    ),
    "early-speed": Profile(
        "drops the link for a set-point on a standing belt",
        well_behaved=False,
        countdown_s=3.2,
        early_speed_drops_link=True,
    ),
    "locked": Profile("permits no start over Bluetooth", well_behaved=False, locked=True),
    "resumes-former": Profile(
        "goes on at the former speed after a pause; a pause ends after 5 minutes",
        well_behaved=False,
        resumes_former_speed=True,
        pause_ends_s=300.0,
    ),
    "drops-after-stop": Profile("drops the link with the stop", well_behaved=False, drops_after_stop_s=0.3),
    "drops-unwritten": Profile("drops a link without writes for 20 s", well_behaved=False, drops_unwritten_s=20.0),
    "one-link": Profile(
        "one connection, then none until switched off and on", well_behaved=False, blocks_after_link=True
    ),
    "locks-console": Profile(
        "its buttons are dead while a client is connected", well_behaved=False, locks_console=True
    ),
    "starts-on-connect": Profile("starts its belt for whoever connects", well_behaved=False, starts_on_connect=True),
}


def profiles() -> Mapping[str, Profile]:
    """Return every profile by its name; each has a Bluetooth address of its own that never changes."""
    return _NAMED


_NAMED: Final = MappingProxyType(
    {
        name: replace(profile, name=name, address=f"02:57:41:4C:4B:{number:02X}")
        for number, (name, profile) in enumerate(_PROFILES.items(), start=1)
    }
)

"""How real treadmills and straps were caught lying: what they do, who did, and which profiles show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One lie. `seen_on`: makes, or the project whose issue tells of it; `profiles`: treadmills that tell it here."""

    what: str
    seen_on: str
    profiles: tuple[str, ...]


BEHAVIOURS: Final[Mapping[int, Behaviour]] = MappingProxyType({
    1: Behaviour(
        "takes a target in km/h for mph: told 1.0, it runs 1.6",
        "TM11GY (qdomyos-zwift #5100), JFTM T202, 7.0AT, 3G Cardio (#3382)",
        ("mph", "mph-unseen"),
    ),
    2: Behaviour("start on a running belt pauses it", "TM11GY", ("toggle-start",)),
    3: Behaviour(
        "reports its target instead of its belt, so that the speed jumps at stop",
        "CITYSPORTS WP8, FS-D9D0A1",
        ("citysports",),
    ),
    4: Behaviour(
        "answers success and does nothing; takes an incline that it does not have",
        "UREVO E1L",
        ("urevo", "ignores-start", "ignores-speed", "ignores-stop"),
    ),
    5: Behaviour(
        "tells of a stop at once when a client asked for it, and at standstill when the remote did",
        "CITYSPORTS",
        ("citysports",),
    ),
    6: Behaviour(
        "reports its run-down as a new target every 0.3 s, though nobody presses a key", "UREVO", ("urevo",)
    ),
    7: Behaviour(
        "does not report its safety key, or reports it as a reset", "FitLogic, Z1", ("key-unreported", "key-as-reset")
    ),
    8: Behaviour(
        "falls silent after a stop, or repeats its last speed for ever",
        "T318 (qdomyos-zwift PR 4024), Bowflex BXT216, DKN (#712, #509)",
        ("silent-after-stop", "last-speed-for-ever"),
    ),
    9: Behaviour(
        "sends frames of zeros, and zeroes its counters at a stop",
        "CITYSPORTS, Z1, Yesoul",
        ("citysports", "zero-frames"),
    ),
    10: Behaviour(
        "needs nobody to have control, or never answers the request for it",
        "CITYSPORTS, Omega Z",
        ("citysports", "mute-control"),
    ),
    11: Behaviour(
        "lists its control point otherwise than the standard, or answers by notification",
        "CITYSPORTS, UREVO",
        ("citysports", "command-only", "notifies-answers"),
    ),
    12: Behaviour(
        "adds a step count of two or three bytes under a reserved bit; sends the rest of a report after the speed",
        "UREVO, CITYSPORTS, Z1; FitShow modules",
        ("urevo", "short-steps", "split-frames"),
    ),
    13: Behaviour("announces 30 bytes and sends 20", "Matrix", ("cut-frames",)),
    14: Behaviour(
        "has a high minimum, an odd step, or another range when it runs",
        "KS-Z1D, BH, Ronning; R1 Pro; UREVO; FS-D9D0A1",
        ("min-1.0", "min-2.0", "step-0.5", "urevo", "range-by-mode"),
    ),
    15: Behaviour(
        "lacks the speed range or the training status, or has training statuses of its own",
        "hassio-ftms #16, #20; UREVO",
        ("no-ranges", "urevo"),
    ),
    16: Behaviour(
        "drops the link for a set-point before motion; counts down for seconds after success",
        "KingSmith; qdomyos-zwift #5100, #4066; CITYSPORTS",
        ("early-speed", "countdown"),
    ),
    17: Behaviour(
        "repeats an old status to whoever subscribes", "KingSmith (walkingpad-controller 0.4.5)", ("replays-status",)
    ),
    18: Behaviour(
        "starts only by its own key, or permits no start over Bluetooth",
        "qdomyos-zwift #3382, #3171, #2385",
        ("ignores-start", "locked"),
    ),
    19: Behaviour(
        "goes on at its minimum after a pause, or at the former speed; ends a pause by itself",
        "Yesoul; qdomyos-zwift #1075, #1255",
        ("ideal", "resumes-former"),
    ),
    20: Behaviour(
        "takes one link until it is switched off and on; drops it after a stop or after 20 s; locks its console",
        "qdomyos-zwift #4181; hassio-ftms #51",
        ("one-link", "drops-after-stop", "drops-unwritten", "locks-console"),
    ),
    21: Behaviour("reports once to four times a second", "several", ("countdown", "split-frames")),
    22: Behaviour(
        "a heart-rate strap off the body repeats its last rate, or tells one without contact", "Polar H10", ("ideal",)
    ),
    23: Behaviour("starts its belt for whoever connects", "Horizon 7.4 (qdomyos-zwift #923)", ("starts-on-connect",)),
})  # fmt: skip
"""By the number under which the project's pages know it."""

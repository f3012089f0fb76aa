"""What goes wrong together: happenings in an order that chance alone would hardly find, a plot each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BOARDS: Final = "said phase board"
STARTS: Final = "belt written 07"
NEXT_STAGE: Final = "said segment"
SLOWS: Final = "said phase slowing"
COOLS_DOWN: Final = "said phase cool_down"
PAUSED: Final = "said phase paused"


@dataclass(frozen=True, slots=True)
class Part:
    """One happening of a plot: how long after the plot begins, or at which line of the log after that; how long."""

    what: str
    shortest_s: float = 0.0
    longest_s: float = 0.0
    after_s: float = 0.0
    awaits: str = ""


PLOTS: Final[Mapping[str, tuple[Part, ...]]] = {
    "set-points fail while the belt should go faster": (Part("fail_set_points", 10, 40, awaits=NEXT_STAGE),),
    "they are refused": (Part("refuse_set_points", 10, 40, awaits=NEXT_STAGE),),
    "they hang": (Part("hang_set_points", 10, 40, awaits=NEXT_STAGE),),
    "they fail while it should go slower": (Part("fail_set_points", 2, 20, awaits=SLOWS),),
    "a cool-down that no set-point reaches": (Part("fail_set_points", 80, 140, awaits=COOLS_DOWN),),
    "a start is not heeded": (Part("ignore_start", 20, 60, awaits=BOARDS),),
    "a stop is not heeded, and the link flaps": (
        Part("ignore_stop", 60, 100),
        Part("panic_press", after_s=1),
        Part("flapping", 20, 30, after_s=33),
    ),
    "a treadmill comes back silent": (
        Part("asks_pause"),
        Part("link_loss", 0.5, 3, awaits=PAUSED),
        Part("silence", 100, 200, awaits=PAUSED),
    ),
    "a console counts down deaf": (Part("deaf_countdown", 60, 300),),
    "a strap is pulled in a countdown": (
        Part("deaf_countdown", 60, 300),
        Part("strap_pulled", 0.5, 20, awaits=STARTS),
    ),
    "the daemon dies in a countdown": (Part("deaf_countdown", 60, 300), Part("crash", 2.5, 4, awaits=STARTS)),
}
"""By what an onlooker would call it. A part that awaits a line begins right after it, if it ever comes."""

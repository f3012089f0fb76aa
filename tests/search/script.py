"""Ordinary histories, move by move: a session with a turn and a trip, and a start after one that did not end.

The search goes on from each of their moments. A move that a world does not have is left out.
"""

from __future__ import annotations

from typing import Final

from search.scene import Deed, come_up_latched

_TALK: Final = "time passes, all speak; target: board speed"
_UP: Final = "0.2 s pass; target: the highest speed"
_ANSWERED: Final = "the permit is answered; proposed: nothing"
_BOARD_SPEED: Final = "the belt says board speed; proposed: nothing"
_WRITTEN: Final = "the stop is written; proposed: nothing"
_ZERO: Final = "the belt says zero; proposed: nothing"

_ARRIVE: Final = (
    "the link comes up; proposed: nothing",
    "the strap opens; proposed: nothing",
    "the strap closes; proposed: nothing",
    *("the heart is calm; proposed: nothing", _TALK) * 5,
    "somebody is there; proposed: nothing",
    "the session opens; proposed: nothing",
    "the marker is stored; proposed: nothing",
    "control is given; proposed: nothing",
)
_WALK: Final = (_ANSWERED, _BOARD_SPEED, *(_UP, _ANSWERED) * 3, _TALK, "0.2 s pass; target: board speed", _ANSWERED)
_STAND: Final = (_WRITTEN, _ZERO, _ZERO)
_LADDER: Final = (
    _WRITTEN,
    _TALK,
    _WRITTEN,
    *("time passes, nobody speaks; target: board speed",) * 3,
    "the link goes down; proposed: nothing",
    "the link comes up; proposed: nothing",
)
_RESET: Final = ("the strap closes; proposed: nothing", _TALK, _TALK, "somebody resets; proposed: nothing")

SCRIPTS: Final[dict[str, tuple[Deed | None, tuple[str, ...]]]] = {
    "the daemon starts": (
        None,
        (
            *_ARRIVE,
            "nothing; proposed: all",
            *_WALK,
            "proposed: halt",
            *_STAND,
            "control is given; proposed: nothing",
            *(_TALK,) * 2,
            "proposed: all, turned",
            *_WALK,
            "the strap opens; proposed: nothing",
            "the key is pulled; proposed: nothing",
            *_LADDER,
            *_STAND,
            *_RESET,
        ),
    ),
    "the daemon starts and finds a marker": (
        come_up_latched,
        ("the link comes up; proposed: nothing", _BOARD_SPEED, *_STAND, *_RESET),
    ),
}

"""What a person's hands do when they are asked to; answers for `commissioned`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from commissioning.ground import Hand, Helper


def pull_key(helper: Helper) -> None:
    """Pull the cord."""
    helper.treadmill.pull_key()


def key_back(helper: Helper) -> str:
    """Put the key back, and say so."""
    helper.treadmill.insert_key()
    return ""


def lean_back(helper: Helper) -> str:
    """Stand reversed until the cord pulls the key."""
    helper.treadmill.pull_key()
    return "yes"


def cycle(helper: Helper) -> str:
    """Switch the treadmill off and on."""
    helper.treadmill.power_cycle()
    return ""


def look(helper: Helper) -> str:
    """Look at the belt, and say whether it runs."""
    helper.treadmill.catch_up(asyncio.get_running_loop().time())
    return "yes" if helper.treadmill.speed_kmh else "no"


def power_on(helper: Helper) -> object:
    """Wait until the belt stands, switch the treadmill on, look, and say whether it moved."""
    question = helper.open

    def on() -> None:
        started = len(helper.treadmill.witness.of("belt_started"))
        helper.treadmill.power_on()
        asyncio.get_running_loop().call_later(2.0, say, started)

    def say(started: int) -> None:
        moved = len(helper.treadmill.witness.of("belt_started")) > started
        helper.answer(question, "yes" if moved else "no")

    asyncio.get_running_loop().call_later(5.0, on)
    return None


def pause(helper: Helper) -> None:
    """Press pause at the console."""
    helper.treadmill.press("pause")


def start_soon(helper: Helper) -> str:
    """Press ENTER, go to the console, and press start there."""
    asyncio.get_running_loop().call_later(5.0, helper.treadmill.press, "start")
    return ""


def leave_after(wait_s: float, answer: str = "") -> Callable[[Helper], str]:
    """Answer, and press Ctrl-C a while later."""

    def hand(helper: Helper) -> str:
        asyncio.get_running_loop().call_later(wait_s, helper.leave)
        return answer

    return hand


HANDS: dict[str, str | Hand] = {
    "Shall we": "yes",
    "does the belt still run": look,
    "Did you pull": "yes",
    "PULL THE CORD NOW": pull_key,
    "Did it pull": lean_back,
    "ut the key back": key_back,
    "Press PAUSE at": pause,
    "OFF at its plug NOW": lambda h: h.treadmill.power_off(),
    "switch it ON again": power_on,
    "Switch it off and on": cycle,
    "Switch the treadmill off and on": cycle,
}

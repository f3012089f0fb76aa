"""What a walker does at the treadmill, told over the broker."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from integration.home import Home

READING_S: Final = 1.2
CONNECTED_S: Final = 120.0


async def open_session(home: Home, program: str) -> None:
    """Choose a program, show presence, arm."""
    await home.taken("select_program", program)
    await home.press()
    await home.taken("arm")


async def start_belt(home: Home) -> None:
    """Open a session, answer the prompt, and wait until the belt runs at board speed."""
    since = len(home.events)
    await open_session(home, "demo")
    await home.until(partial(_asked_to_board, home, since), "the prompt to board", CONNECTED_S)
    await answer(home)
    await home.phase("step_on", since)


async def answer(home: Home) -> None:
    """Read a prompt and press; again while the daemon says that it is too early, for the heart rate perhaps."""
    refused = True
    while refused:
        await asyncio.sleep(READING_S)
        refused = await _press(home)


async def _press(home: Home) -> bool:
    """Press; return whether the press was refused."""
    since = len(home.events)
    await home.press()
    return await home.until(partial(_refused, home, since), "an answer to a press")


def _asked_to_board(home: Home, since: int) -> bool | None:
    return any(event.get("kind") == "board" for event in home.events[since:]) or None


def _refused(home: Home, since: int) -> bool | None:
    for event in home.events[since:]:
        if event["event_type"] == "prompt_closed" or event.get("what") == "press_refused":
            return bool(event["event_type"] != "prompt_closed")
    return None

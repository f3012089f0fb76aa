"""The whole way: reach bluetoothd, choose the treadmills, stop each, and return the worst verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, Final

from dbus_fast.errors import DBusFastError

from retrowalk.treadmill.failsafe.bluez import BusError, BusGoneError, Tree, reached
from retrowalk.treadmill.failsafe.link import treadmills
from retrowalk.treadmill.failsafe.stopper import Stopper, Verdict
from retrowalk.treadmill.failsafe.words import Say, in_words, named

PATIENCE_S: Final = 35.0  # the slowest belt known takes 21 s; systemd kills after 45 s


async def stop_belts(
    addresses: Collection[str],
    say: Say,
    patience_s: float = PATIENCE_S,
    *,
    connected: bool = False,
    let_go: Callable[[], bool] = lambda: True,
) -> Verdict:
    """Stop the treadmills with these addresses, and with `connected` each that is connected; if none, each known one.

    One that bluetoothd does not know is looked for in the air. The verdict is the worst of all. It takes `patience_s`,
    and what it takes to let go. `let_go`, asked when a belt stands, tells whether a link to it that was made here may
    be ended.
    """
    loop = asyncio.get_running_loop()
    ends_at_s = loop.time() + patience_s
    sought: set[str] = set()
    in_vain = Verdict.NO_MACHINE
    while True:
        try:
            bus, tree = await reached(say, ends_at_s)
        except (OSError, BusError, EOFError, DBusFastError) as error:
            say(f"Bluetooth cannot be reached: {in_words(error)}. PULL THE SAFETY KEY if the belt moves.")
            return in_vain
        try:
            sought |= _sought(tree, addresses, connected=connected)  # a new bluetoothd may not know them yet
            if not sought:
                say("no treadmill is connected or known. PULL THE SAFETY KEY if a belt moves.")
                return in_vain
            speak = {one: named(one, say) if len(sought) > 1 else say for one in sought}
            stoppers = [Stopper(bus, one, speak[one], let_go) for one in sought]
            verdict = await _worst(stopper.stop(tree, ends_at_s - loop.time()) for stopper in stoppers)
            return max(verdict, in_vain) if verdict else verdict
        except* BusGoneError:
            if any(stopper.found for stopper in stoppers):
                in_vain = Verdict.NOT_CONFIRMED  # whatever became of it: it is there, and was not seen to stand
            say("the bus is gone: waiting for another. PULL THE SAFETY KEY if the belt moves.")
        finally:
            bus.disconnect()


def _sought(tree: Tree, addresses: Collection[str], *, connected: bool) -> set[str]:
    sought = {address.upper() for address in addresses}
    if connected:
        sought |= treadmills(tree, connected=True)
    return sought or treadmills(tree)


async def _worst(stops: Iterable[Coroutine[Any, Any, Verdict]]) -> Verdict:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stop) for stop in stops]
    return max(task.result() for task in tasks)

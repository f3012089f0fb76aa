"""The Bluetooth link: lost under a walker, and made again and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dbus_fast.aio import MessageBus

from integration.home import PATIENCE_S
from integration.scene import START, STOP, Scene

OUT_OF_RANGE_S = 3.0
AT_ONCE_S = 2.0
_BUS = "org.freedesktop.DBus"


async def test_a_link_that_is_lost_in_mid_walk_is_an_alarm_and_a_stop_once_it_is_back(idle: Scene) -> None:
    """Told at once what to do; on the new link the first write that can act is Stop; then latched."""
    await idle.run()
    since, since_s, written = len(idle.home.events), idle.now_s, len(idle.writes)
    idle.simulator.do("lose_link", for_s=OUT_OF_RANGE_S)
    trip = await idle.home.event("trip", since)
    alarm = await idle.home.event("link_lost", since, alarm=True)
    assert trip["cause"] == "link_down"
    assert "pull the cord" in alarm["words"]
    assert (await idle.home.state(alarm=alarm["words"]))["link_up"] is False
    back_s = float((await idle.simulator.until("link_up", after_s=since_s))["at_s"])
    assert back_s - since_s >= OUT_OF_RANGE_S
    await idle.stands(since_s)
    verified = await idle.home.event("stop_verified", since)
    assert verified["elapsed_s"] > OUT_OF_RANGE_S
    assert set(idle.writes[written:]) <= {"00", STOP}
    assert idle.writes[written:][0] in ("00", STOP)
    assert (await idle.stop_written(back_s)) - back_s < AT_ONCE_S
    assert (await idle.home.state(phase="tripped"))["alarm"] is None
    assert idle.writes.count(START) == 1


async def test_sessions_leave_nothing_behind(idle: Scene) -> None:
    """One link at a time; connections to the bus, open files and threads after the third are those after the first."""
    await _session(idle)
    after_first = await _held(idle)
    for _ in range(2):
        await _session(idle)
    async with asyncio.timeout(PATIENCE_S):
        while await _held(idle) != after_first:  # noqa: ASYNC110 (nobody tells when the last file is closed)
            await asyncio.sleep(0.1)
    assert len(idle.simulator.of("link_up")) == 2 * 3  # treadmill and heart-rate strap
    for device in {event["device"] for event in idle.simulator.of("link_up")}:
        links = [e["what"] for e in idle.simulator.events if e.get("device") == device and e["what"].startswith("link")]
        assert links == ["link_up", "link_down"] * 3


async def _session(set_: Scene) -> None:
    """Arm, come to the first prompt, disarm; return when the devices are let go."""
    await set_.board()
    since_s, since = set_.now_s, len(set_.home.events)
    await set_.home.taken("disarm")
    await set_.home.phase("idle", since)
    for device in ("Sim ideal", "Sim heart"):
        await _let_go(set_, device, since_s)


async def _let_go(set_: Scene, device: str, since_s: float) -> None:
    while all(event["device"] != device for event in set_.simulator.of("link_down", after_s=since_s)):
        await set_.simulator.until("link_down", after_s=since_s)
        await asyncio.sleep(0.05)


async def _held(set_: Scene) -> dict[str, int]:
    """Count what the daemon holds, and who is on the bus."""
    process = Path("/proc") / str(set_.stage.daemon.pid)
    bus = await MessageBus(bus_address=set_.stage.environment["DBUS_SYSTEM_BUS_ADDRESS"]).connect()
    try:
        proxy = bus.get_proxy_object(_BUS, "/org/freedesktop/DBus", await bus.introspect(_BUS, "/org/freedesktop/DBus"))
        names = await proxy.get_interface(_BUS).call_list_names()  # type: ignore[attr-defined]  # made at run time
    finally:
        bus.disconnect()
    return {
        "clients of the bus": sum(name.startswith(":") for name in names),
        "open files": len(list((process / "fd").iterdir())),
        "threads": len(list((process / "task").iterdir())),
    }

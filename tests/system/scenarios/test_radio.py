"""Bluetooth fails under a moving belt: an alarm in words; then, once there is a link, a Stop, verified, and latched."""

from __future__ import annotations

import asyncio

from system.room import ADAPTER, Room, run, systemctl, until_powered

OUT_OF_RANGE_S = 5.0
OFF_S = 2.0


async def _alarmed_and_stopped(room: Room, since: int, since_s: float) -> None:
    alarm = await room.home.event("link_lost", since, alarm=True)
    assert "pull the cord" in alarm["words"]
    await room.stopped(since_s)
    await room.home.event("stop_verified", since)
    assert (await room.home.state(phase="tripped"))["latched"]


async def test_silence(room: Room) -> None:
    """The machine is out of range for five seconds."""
    await room.run()
    since, since_s = len(room.home.events), room.now_s
    room.simulator.do("lose_link", for_s=OUT_OF_RANGE_S)
    await _alarmed_and_stopped(room, since, since_s)


async def test_bluetoothd_killed(room: Room) -> None:
    """SIGKILL to bluetoothd: systemd starts a new one."""
    await room.run()
    since, since_s = len(room.home.events), room.now_s
    await systemctl("kill", "--signal=KILL", "bluetooth")
    await _alarmed_and_stopped(room, since, since_s)


async def test_adapter_off_and_on(room: Room) -> None:
    """The radio is switched off, and on again after two seconds."""
    await room.run()
    since, since_s = len(room.home.events), room.now_s
    switch = ("busctl", "set-property", "org.bluez", ADAPTER, "org.bluez.Adapter1", "Powered", "b")
    await run(*switch, "false")
    await asyncio.sleep(OFF_S)
    await run(*switch, "true")
    await until_powered()
    await _alarmed_and_stopped(room, since, since_s)
